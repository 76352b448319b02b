"""A set of public keys (RFC 7517): which of its keys tokens are verified with, and with which algorithm each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

log = structlog.get_logger(__name__)

ALGORITHMS: Final[Mapping[tuple[object, object], str]] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
"""By `kty` and `crv`. It is the key that decides about the algorithm; what a token says must only agree."""

MAX_KEYS = 100
MAX_KID_CHARACTERS = 256
RSA_BITS = range(2048, 8193)
"""A shorter modulus is weak; one that is much longer makes each verification slow."""
MAX_RSA_EXPONENT = 2**32

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class KeySetMalformed(Exception):
    """What the endpoint gave is no key set."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the one algorithm that it is used with."""

    algorithm: str
    key: PublicKey


KeySet = Mapping[tuple[str, str], VerificationKey]
"""By `kid` and algorithm: keys of different types may share an id (RFC 7517, section 4.5)."""


def key_set_of(document: bytes) -> KeySet:
    """The usable keys of a JSON Web Key Set. Raises `KeySetMalformed`.

    A key that can't be used is left out and leaves the others as they are: a set may hold keys for encryption, of
    algorithms that are not taken here, or of types that nobody has thought of yet (RFC 7517, section 5).
    """
    try:
        value = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise KeySetMalformed("no JSON") from error
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list):
        raise KeySetMalformed("no list of keys")
    found: dict[tuple[str, str], VerificationKey] = {}
    for jwk in keys[:MAX_KEYS]:
        try:
            kid, key = _usable(jwk)
        except _Unusable as reason:
            log.warning("key_left_out", reason=str(reason))
        else:
            found.setdefault((kid, key.algorithm), key)
    return found


class _Unusable(Exception):
    """Why a key is left out; without anything of the key."""


def _usable(jwk: object) -> tuple[str, VerificationKey]:
    if not isinstance(jwk, dict):
        raise _Unusable("no object")
    kid, algorithm = jwk.get("kid"), _algorithm_of(jwk)
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARACTERS:
        raise _Unusable("no kid")
    try:
        key = PyJWK(jwk, algorithm).key
    except (PyJWTError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise _Unusable("broken") from error
    if not isinstance(key, PublicKey) or not _is_strong(key):
        raise _Unusable("weak")
    return kid, VerificationKey(algorithm, key)


def _algorithm_of(jwk: Mapping[str, Any]) -> str:
    """The algorithm of a key that is meant for verifying. Raises `_Unusable`."""
    if not _PRIVATE.isdisjoint(jwk):
        # Whoever can read a private or a symmetric key can sign with it.
        raise _Unusable("private or symmetric")
    kind = jwk.get("kty"), jwk.get("crv")
    algorithm = ALGORITHMS.get(kind) if all(isinstance(each, str | None) for each in kind) else None
    if algorithm is None or jwk.get("alg", algorithm) != algorithm:
        raise _Unusable("another algorithm")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise _Unusable("another use")
    return algorithm


def _is_strong(key: PublicKey) -> bool:
    if not isinstance(key, RSAPublicKey):
        return True
    exponent = key.public_numbers().e
    return key.key_size in RSA_BITS and exponent % 2 == 1 and 2 < exponent <= MAX_RSA_EXPONENT  # noqa: PLR2004
