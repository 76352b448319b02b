"""Who is asking: access tokens are checked here, and made here for development."""

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import jwt
from yarl import URL

from jobs.clock import Clock

ALGORITHM = "HS256"
SESSION_LIFETIME = timedelta(hours=8)
DEVELOPMENT_USER = "dev"

_SUBJECT = re.compile(r"[A-Za-z0-9._@|:-]{1,128}")
_MAX_TOKEN_CHARACTERS = 8192


class Unauthenticated(Exception):
    """The request carries no token, or one that is not good here."""

    def __init__(self, *, was_given: bool) -> None:
        super().__init__("no token" if not was_given else "invalid token")
        self.was_given = was_given


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token says its bearer is, and until when (seconds since 1970)."""

    user: str
    expires_at: float


def is_user_id(text: object) -> bool:
    """Whether a `sub` can be one segment of a path."""
    return isinstance(text, str) and _SUBJECT.fullmatch(text) is not None and text not in {".", ".."}


class Authenticator:
    """Checks HS256 tokens (RFC 7519): the algorithm is pinned, `exp` and `sub` are required."""

    def __init__(self, secret: str, clock: Clock, *, issuer: str | None = None, audience: str | None = None) -> None:
        self._secret = secret
        self._clock = clock
        self._issuer = issuer
        self._audience = audience

    def identify(self, authorization: str | None) -> Identity:
        """Read an `Authorization` header. Raises `Unauthenticated`."""
        if not authorization:
            raise Unauthenticated(was_given=False)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip() or len(token) > _MAX_TOKEN_CHARACTERS:
            raise Unauthenticated(was_given=True)
        claims = self._claims(token.strip())
        now = self._clock().timestamp()
        if not is_user_id(claims["sub"]) or not now < claims["exp"] or claims.get("nbf", 0) > now:
            raise Unauthenticated(was_given=True)
        return Identity(claims["sub"], float(claims["exp"]))

    def _claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that is genuinely ours; its times are compared by our own clock."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={
                    "require": ["exp", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": self._audience is not None,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Unauthenticated(was_given=True) from error
        if not all(_is_time(claims[name]) for name in ("exp", "nbf") if name in claims):
            raise Unauthenticated(was_given=True)
        return claims

    def issue(self, user: str, lifetime: timedelta) -> str:
        """A token for `user`. Raises `ValueError` for a name that no token may have."""
        if not is_user_id(user):
            raise ValueError("a user's name has 1 to 128 of the characters A-Z a-z 0-9 . _ @ | : - and is not . or ..")
        now = self._clock()
        claims: dict[str, Any] = {"sub": user, "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        if self._issuer is not None:
            claims["iss"] = self._issuer
        if self._audience is not None:
            claims["aud"] = self._audience
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)


def _is_time(value: object) -> bool:
    """A NumericDate; booleans are integers to Python, and JSON's 1e400 is infinite to it."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15  # noqa: PLR2004  # a bound


def is_loopback(host: str) -> bool:
    """Whether a host name or address reaches this machine alone."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class SessionRefused(Exception):
    """The page that asks is not the one that this service serves on this machine."""


class DevelopmentSessions:
    """Signs the service's own page in, where no auth is configured and only this machine can reach it.

    Any page that the developer has open can send requests here. The `Host` must be a loopback name, or a page whose
    own name was made to point here could ask; the `Origin` must be the page's own, or any other page could.
    """

    def __init__(self, authenticator: Authenticator, clock: Clock) -> None:
        self._authenticator = authenticator
        self._clock = clock

    def open(self, host: str, origin: str | None) -> tuple[str, Identity]:
        """A token for the development user. Raises `SessionRefused`."""
        try:
            name = URL(f"http://{host}").host or ""
        except ValueError as error:
            raise SessionRefused from error
        if not is_loopback(name) or origin is None or origin.lower() != f"http://{host}".lower():
            raise SessionRefused
        token = self._authenticator.issue(DEVELOPMENT_USER, SESSION_LIFETIME)
        return token, Identity(DEVELOPMENT_USER, (self._clock() + SESSION_LIFETIME).timestamp())
