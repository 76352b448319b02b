"""Who is asking: access tokens are checked here, and made here for development."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address
from typing import Any

import jwt
from yarl import URL

from app.jwks import ALGORITHMS, PublicKey
from app.keyring import KeyRing
from jobs.clock import Clock

HMAC_ALGORITHM = "HS256"
SESSION_LIFETIME = timedelta(hours=8)
DEVELOPMENT_USER = "dev"

_KEY_ALGORITHMS = frozenset(ALGORITHMS.values())
_SUBJECT = re.compile(r"[A-Za-z0-9._@|:-]{1,128}")
_MAX_TOKEN_CHARACTERS = 8192
MOST_KNOWN = 4096


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
    """Checks tokens (RFC 7519); `exp` and `sub` are required.

    An algorithm is pinned by what it is used with: HS256 by the configured secrets, the others by their keys. What a
    token says of its algorithm chooses among these and can't add one; where else it says keys are (`jku`, `jwk`,
    `x5u`) is not looked at.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        clock: Clock,
        *,
        keys: KeyRing | None = None,
        issuer: str | None = None,
        audience: str | None = None,
        most_known: int = MOST_KNOWN,
    ) -> None:
        """Each of `secrets` is taken; the first signs. `most_known` tokens are kept in mind."""
        self._secrets = tuple(secrets)
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._audience = audience
        # Of tokens that a secret signed, by their digests: a page asks with the same one again and again, and neither
        # what it says nor the secrets change. Keys do, so what they signed is looked at each time.
        self._most_known = most_known
        self._known: OrderedDict[bytes, Identity] = OrderedDict()

    async def identify(self, authorization: str | None) -> Identity:
        """Read an `Authorization` header. Raises `Unauthenticated`, `KeysUnavailable`."""
        if not authorization:
            raise Unauthenticated(was_given=False)
        scheme, _, text = authorization.partition(" ")
        token = text.strip()
        if scheme.lower() != "bearer" or not token or len(text) > _MAX_TOKEN_CHARACTERS:
            raise Unauthenticated(was_given=True)
        with _refusing():
            if (known := self._recall(token)) is not None:
                return known
            header = jwt.get_unverified_header(token)
            if "crit" in header:
                # Nothing that a token could call critical is understood here (RFC 7515, section 4.1.11).
                raise Unauthenticated(was_given=True)
            if header.get("alg") == HMAC_ALGORITHM:
                return self._by_secret(token)
            return await self._by_key(token, header)

    def _by_secret(self, token: str) -> Identity:
        for secret in self._secrets:
            with suppress(jwt.InvalidSignatureError):
                identity = self._identity(token, secret, HMAC_ALGORITHM)
                self._remember(token, identity)
                return identity
        raise Unauthenticated(was_given=True)

    def _remember(self, token: str, identity: Identity) -> None:
        self._known[_digest_of(token)] = identity
        if len(self._known) > self._most_known:
            self._known.popitem(last=False)

    def _recall(self, token: str) -> Identity | None:
        """Whom a token names that was good before and has not expired."""
        digest = _digest_of(token)
        identity = self._known.get(digest)
        if identity is None:
            return None
        if not self._clock().timestamp() < identity.expires_at:
            del self._known[digest]
            return None
        self._known.move_to_end(digest)
        return identity

    async def _by_key(self, token: str, header: Mapping[str, Any]) -> Identity:
        kid, algorithm = header.get("kid"), str(header.get("alg"))
        if self._keys is None or not isinstance(kid, str) or algorithm not in _KEY_ALGORITHMS:
            raise Unauthenticated(was_given=True)
        # First without its signature: what would be refused anyway makes nobody look for a key.
        self._identity(token, None, algorithm)
        key = await self._keys.find(kid, algorithm)
        if key is None:
            raise Unauthenticated(was_given=True)
        return self._identity(token, key.key, key.algorithm)

    def _identity(self, token: str, key: PublicKey | str | None, algorithm: str) -> Identity:
        """Whom a token names, if that may be; `key` is None to believe its signature for now."""
        claims = jwt.decode(
            token,
            "" if key is None else key,
            algorithms=[algorithm],
            issuer=self._issuer,
            audience=self._audience,
            options={
                "require": ["exp", "sub"],
                "verify_signature": key is not None,
                # Its times are compared by our own clock.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_sub": True,
                "verify_iss": self._issuer is not None,
                "verify_aud": self._audience is not None,
            },
        )
        now = self._clock().timestamp()
        if not all(_is_time(claims[name]) for name in ("exp", "nbf") if name in claims):
            raise Unauthenticated(was_given=True)
        if not is_user_id(claims["sub"]) or not now < claims["exp"] or claims.get("nbf", 0) > now:
            raise Unauthenticated(was_given=True)
        return Identity(claims["sub"], float(claims["exp"]))

    def issue(self, user: str, lifetime: timedelta) -> str:
        """A token for `user`. Raises `ValueError` for a name that no token may have, and where no secret is."""
        if not self._secrets:
            raise ValueError("tokens come from whoever has the private keys; without AUTH_SECRET none is made here")
        if not is_user_id(user):
            raise ValueError("a user's name has 1 to 128 of the characters A-Z a-z 0-9 . _ @ | : - and is not . or ..")
        now = self._clock()
        claims: dict[str, Any] = {"sub": user, "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        if self._issuer is not None:
            claims["iss"] = self._issuer
        if self._audience is not None:
            claims["aud"] = self._audience
        return jwt.encode(claims, self._secrets[0], algorithm=HMAC_ALGORITHM)


def _digest_of(token: str) -> bytes:
    return sha256(token.encode()).digest()


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever a token makes its reader stumble over, it is not good."""
    try:
        yield
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Unauthenticated(was_given=True) from error


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
