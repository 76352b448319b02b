"""What a bucket's lifecycle rules do to the service's objects.

Source: cloud.google.com/storage/docs/lifecycle.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from schema.settings import Settings
from storage.gcs import SESSION_SECONDS

KEPT: Final = ("media/", "derivatives/")
"""What rows own: a rule that removes any of it breaks the library."""
INCOMING: Final = "incoming/"

_DAY_SECONDS = 86_400
_OF_OLD_GENERATIONS = {"numNewerVersions", "daysSinceNoncurrentTime", "noncurrentTimeBefore"}

Rule = Mapping[str, Any]


def least_age_days(settings: Settings) -> int:
    """The age, in days, before which a rule may not remove what is incoming: it may still be completed or verified."""
    opened = max(SESSION_SECONDS, settings.upload_seconds) + settings.upload_seconds
    return math.ceil((opened + settings.upload_deadline_seconds) / _DAY_SECONDS)


def faults_of(rules: Sequence[Rule], least_age: int) -> Iterator[str]:
    """What is wrong with a bucket's rules, in words that say what to change."""
    deleting = [rule for rule in rules if _deletes(rule)]
    for rule in deleting:
        if lost := [prefix for prefix in KEPT if _touches(rule, prefix)]:
            yield f"limit the rule {_shown(rule)} to {INCOMING}: it removes what the library owns, {', '.join(lost)}"
        if _touches(rule, INCOMING) and _age(rule) < least_age:
            yield f"give the rule {_shown(rule)} an age of {least_age} days or more: uploads may take that long"
    if not any(_clears(rule) for rule in deleting):
        yield f"add the rule of deploy/gcs-lifecycle.json that removes {INCOMING}"


def _deletes(rule: Rule) -> bool:
    """Whether it removes objects that are there to be seen, and not only what they replaced."""
    condition = rule.get("condition", {})
    is_of_old = condition.get("isLive") is False or bool(_OF_OLD_GENERATIONS & set(condition))
    return rule.get("action", {}).get("type") == "Delete" and not is_of_old


def _touches(rule: Rule, prefix: str) -> bool:
    prefixes = rule.get("condition", {}).get("matchesPrefix") or [""]
    return any(each.startswith(prefix) or prefix.startswith(each) for each in prefixes)


def _clears(rule: Rule) -> bool:
    """Whether all that is incoming goes some day."""
    condition = rule.get("condition", {})
    covers = any(INCOMING.startswith(each) for each in condition.get("matchesPrefix") or [""])
    return covers and set(condition) <= {"age", "isLive", "matchesPrefix"}


def _age(rule: Rule) -> float:
    return float(rule.get("condition", {}).get("age", 0))


def _shown(rule: Rule) -> str:
    condition = rule.get("condition", {})
    return f"Delete({', '.join(f'{name}={condition[name]}' for name in sorted(condition))})"
