"""What a bucket's CORS rules let pages do.

Source: cloud.google.com/storage/docs/cross-origin. Google answers by the first rule that has both origin and method.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

METHODS: Final = ("GET", "HEAD", "PUT")
"""Pages read media, and send uploads."""
HEADERS: Final = (
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Range",
    "x-goog-content-length-range",
    "x-goog-if-generation-match",
)
"""What pages send with an upload, and read of an answer: the same list of a rule is for both."""

Rule = Mapping[str, Any]


def fault_of(rules: Sequence[Rule], origin: str) -> str | None:
    """What pages of an origin lack, in words that say what to change; None where it is nothing."""
    for method in METHODS:
        rule = next((rule for rule in rules if _fits(rule, origin, method)), None)
        if rule is None:
            return f"let {origin} use {method}"
        known = {str(header).lower() for header in rule.get("responseHeader", [])}
        if missing := [header for header in HEADERS if header.lower() not in known]:
            return f"add to the responseHeader of {origin} and {method}: {', '.join(missing)}"
    return None


def _fits(rule: Rule, origin: str, method: str) -> bool:
    origins, methods = rule.get("origin", []), rule.get("method", [])
    return any(_names(each, origin) for each in origins) and bool({"*", method} & set(methods))


def _names(pattern: str, origin: str) -> bool:
    """A rule's origin may have one `*` in it: `https://*.example.com`."""
    start, star, end = pattern.partition("*")
    if not star:
        return pattern == origin
    return len(origin) >= len(start) + len(end) and origin.startswith(start) and origin.endswith(end)
