"""What every way of the Gemini API shares: where it is, and what its errors mean."""

import re
from collections.abc import Mapping
from typing import Any

from actors.providers.base import ProviderError
from actors.providers.failures import LONGEST_RETRY_AFTER, failure
from actors.providers.http import HttpApi

BASE_URL = "https://generativelanguage.googleapis.com/v1beta"


def gemini_api(key: str, base_url: str = BASE_URL) -> HttpApi:
    """The API at `base_url`. A picture takes minutes, and a connection that is given up early loses a paid one."""
    return HttpApi(base_url, {"x-goog-api-key": key}, seconds=300.0, silence_seconds=300.0, refusal=_refusal)


def _refusal(status: int, body: Any) -> ProviderError | None:
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    by_type = {str(each.get("@type")).rpartition(".")[2]: each for each in details or () if isinstance(each, dict)}
    if by_type.get("ErrorInfo", {}).get("reason") == "API_KEY_INVALID":
        # It comes as a 400, but it is not the caller's request that is wrong.
        return failure("provider_error", retryable=False)
    if status != 429:  # noqa: PLR2004
        return None
    if "PerDay" in str(by_type.get("QuotaFailure")):
        # The delay that comes with it is that of the quota of the minute.
        return failure("quota_exceeded")
    return failure("rate_limited", retry_after=_delay(by_type.get("RetryInfo", {})))


def _delay(retry_info: Mapping[str, Any]) -> float | None:
    """Seconds, from a duration as protobuf's JSON has it: "34.07s"."""
    delay = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(retry_info.get("retryDelay")))
    return min(float(delay[1]), LONGEST_RETRY_AFTER) if delay else None
