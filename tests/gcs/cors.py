"""What the fake tells browsers of other origins: by the bucket's rules, or for a session by who began it.

Source: cloud.google.com/storage/docs/cross-origin.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.gcs.bucket import Refusal
from tests.gcs.serving import State


def cors_headers(request: web.Request, state: State) -> Mapping[str, str]:
    """The headers that let a page read the answer, or send what it asks for; none where the rules don't."""
    origin = request.headers.get("Origin")
    asked = request.headers.get("Access-Control-Request-Method")
    method = asked if request.method == "OPTIONS" and asked else request.method
    key = request.query.get("upload_id")
    rules: list[Mapping[str, Any]] = state.bucket.config.get("cors", [])
    if origin is None or (key is not None and _beginner_of(state, key) != origin):
        return {}
    fitting = [rule for rule in rules if _fits(rule, origin, method)]
    exposed = ", ".join(fitting[0].get("responseHeader", [])) if fitting else ""
    if key is None and not fitting:
        return {}
    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": exposed}
    if request.method == "OPTIONS":
        headers = request.headers.get("Access-Control-Request-Headers", "") if key else exposed
        allowed |= {"Access-Control-Allow-Methods": method, "Access-Control-Allow-Headers": headers}
    return allowed


def _beginner_of(state: State, key: str) -> str | None:
    try:
        return state.sessions.find(key).origin
    except Refusal:
        return None


def _fits(rule: Mapping[str, Any], origin: str, method: str) -> bool:
    return bool({origin, "*"} & set(rule.get("origin", []))) and bool({method, "*"} & set(rule.get("method", [])))
