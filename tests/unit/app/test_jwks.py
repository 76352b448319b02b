"""Key sets: what is taken of them, and what is left out without harm to the rest."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from app.jwks import KeySetMalformed, key_set_of
from tests.issuer import document_of, jwk_of, private_jwk_of, private_key

GOOD = jwk_of(private_key("ES256"), "good")
RSA = jwk_of(private_key("RS256"), "x")
WEIRD: dict[str, Any] = {
    "no object": "key",
    "empty": {},
    "no kid": jwk_of(private_key("ES256"), None),
    "empty kid": jwk_of(private_key("ES256"), ""),
    "kid is a number": GOOD | {"kid": 7},
    "kid too long": GOOD | {"kid": "x" * 257},
    "symmetric": {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "x", "alg": "HS256"},
    "private RSA": private_jwk_of(private_key("RS256"), "x"),
    "private EC": private_jwk_of(private_key("ES256"), "x"),
    "private OKP": private_jwk_of(private_key("EdDSA"), "x"),
    "for encryption": GOOD | {"kid": "x", "use": "enc"},
    "for other operations": GOOD | {"kid": "x", "key_ops": ["encrypt"]},
    "operations are text": GOOD | {"kid": "x", "key_ops": "verify"},
    "alg of secrets": RSA | {"alg": "HS256"},
    "alg of another family": RSA | {"alg": "PS256"},
    "alg none": RSA | {"alg": "none"},
    "unknown type": {"kty": "AKP", "kid": "x"},
    "type is a list": GOOD | {"kid": "x", "kty": ["EC"]},
    "another curve": jwk_of(ec.generate_private_key(ec.SECP384R1()), "x"),
    "X25519": jwk_of(private_key("EdDSA"), "x", crv="X25519"),
    "not on the curve": GOOD | {"kid": "x", "y": GOOD["x"]},
    "no modulus": {name: value for name, value in RSA.items() if name != "n"},
    "modulus is a number": RSA | {"n": 3},
    "short RSA": jwk_of(rsa.generate_private_key(65537, 1024), "x"),  # on purpose
    "endless RSA": RSA | {"n": "v" * 6000},
    "exponent 1": RSA | {"e": "AQ"},
    "long exponent": RSA | {"e": "_" * 40},
}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("members", [{}, {"use": None}, {"key_ops": ["verify"]}, {"x5c": ["x"], "x5u": "http://x"}])
def test_a_key_is_used_with_the_algorithm_of_its_type(algorithm: str, members: dict[str, Any]) -> None:
    keys = key_set_of(document_of(jwk_of(private_key(algorithm), "a", **members)))

    assert [(name, key.algorithm) for name, key in keys.items()] == [(("a", algorithm), algorithm)]


@pytest.mark.parametrize("weird", WEIRD.values(), ids=WEIRD)
def test_a_key_that_can_not_be_used_is_left_out_and_harms_no_other(weird: Any) -> None:
    assert list(key_set_of(document_of(weird, GOOD))) == [("good", "ES256")]


def test_keys_of_different_types_may_share_an_id() -> None:
    keys = key_set_of(document_of(jwk_of(private_key("RS256"), "a"), jwk_of(private_key("ES256"), "a")))

    assert set(keys) == {("a", "RS256"), ("a", "ES256")}


def test_a_set_is_read_to_a_bounded_length() -> None:
    assert key_set_of(document_of(*[{}] * 100, GOOD)) == {}


@pytest.mark.parametrize("document", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(KeySetMalformed):
        key_set_of(document)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "kid", "x", "y", "n", "e", "alg", "use"]), st.text() | st.none()))
def test_whatever_a_key_has_for_members_it_is_taken_or_left_out(members: dict[str, Any]) -> None:
    key_set_of(document_of(RSA | members, GOOD | members))
