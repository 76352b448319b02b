"""What a provider's HTTP statuses mean in the one taxonomy of failures."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType

from actors.providers.base import ProviderError
from schema.problems import PROBLEMS

LONGEST_RETRY_AFTER = 3600.0

# 401 and 403 are the operator's key or account, 402 the account's balance: no second try mends any of them.
_CODES: Mapping[int, tuple[str, bool]] = MappingProxyType(
    {
        400: ("invalid_input", False),
        401: ("provider_error", False),
        402: ("quota_exceeded", False),
        403: ("provider_error", False),
        404: ("provider_error", False),
        408: ("timeout", True),
        410: ("model_retired", False),
        413: ("invalid_input", False),
        415: ("invalid_input", False),
        422: ("invalid_input", False),
        429: ("rate_limited", True),
        504: ("timeout", True),
    }
)


class AnswerLost(ProviderError):
    """A request was sent and its answer never came: whether it was accepted is unknown. Never sent again blindly."""

    def __init__(self) -> None:
        super().__init__(
            "provider_error",
            "The provider's answer was lost; what it may have accepted is not asked for again.",
            retryable=False,
            maybe_billed=True,
        )


def failure(code: str, *, retryable: bool | None = None, retry_after: float | None = None) -> ProviderError:
    """A failure in the catalogue's own words, which hold nothing of what the provider said."""
    problem = PROBLEMS[code]
    retries = problem.retryable if retryable is None else retryable
    return ProviderError(code, problem.title, retryable=retries, retry_after=retry_after)


def unusable(message: str) -> ProviderError:
    """The provider did its work, and charges for it, and there is nothing to show."""
    return ProviderError("no_output", message, retryable=False, maybe_billed=True)


def unreadable() -> ProviderError:
    """It answered as if all was well: what it did of it is anybody's guess."""
    return ProviderError("provider_error", "The provider's answer can't be read.", retryable=False, maybe_billed=True)


def gave_up() -> ProviderError:
    """It took the work on and failed at it, so it may cost what it got to."""
    return ProviderError("provider_error", "The provider failed at it.", retryable=False, maybe_billed=True)


def failure_of_status(status: int, headers: Mapping[str, str], meanings: Mapping[int, str]) -> ProviderError:
    """What an answer with this status means; `meanings` are codes that hold for one call before the common ones."""
    if status in meanings:
        return failure(meanings[status], retry_after=retry_after_of(headers))
    is_theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    code, retryable = _CODES.get(status, ("provider_unavailable", True) if is_theirs else ("provider_error", False))
    return failure(code, retryable=retryable, retry_after=retry_after_of(headers))


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that the provider asks to wait (RFC 9110, 10.2.3), from a number or a date; at most an hour.

    Some send fractions, and OpenAI's SDK prefers milliseconds in a header of their own.
    """
    milliseconds, value = headers.get("retry-after-ms", ""), headers.get("Retry-After", "").strip()
    if milliseconds.isascii() and milliseconds.isdigit():
        return min(float(milliseconds) / 1000, LONGEST_RETRY_AFTER)
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        # Against the provider's own clock: ours may differ from it.
        wait = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), LONGEST_RETRY_AFTER)
