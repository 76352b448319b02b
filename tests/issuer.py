"""An issuer of tokens, for the tests: key pairs, tokens signed with them, and the key set that it publishes."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def private_key(algorithm: str, number: int = 0) -> PrivateKey:
    """A key of this test run, one for each number: RSA keys take long to make."""
    return _made(algorithm, number)


@cache
def _made(algorithm: str, _number: int) -> PrivateKey:
    match algorithm:
        case "RS256":
            return rsa.generate_private_key(65537, 2048)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def private_jwk_of(key: PrivateKey, kid: str) -> dict[str, Any]:
    """The whole key, as nobody should publish it."""
    return _jwk(key) | {"kid": kid}


def _jwk(key: PrivateKey | PublicKey) -> dict[str, Any]:
    match key:
        case rsa.RSAPrivateKey() | rsa.RSAPublicKey():
            return RSAAlgorithm.to_jwk(key, as_dict=True)
        case ec.EllipticCurvePrivateKey() | ec.EllipticCurvePublicKey():
            return ECAlgorithm.to_jwk(key, as_dict=True)
        case _:
            return OKPAlgorithm.to_jwk(key, as_dict=True)


def jwk_of(key: PrivateKey, kid: str | None, **members: Any) -> dict[str, Any]:
    """The public half as a key set holds it; a member of None is left out."""
    whole = (
        {name: value for name, value in _jwk(key.public_key()).items() if name != "key_ops"}
        | {"kid": kid, "use": "sig"}
        | members
    )
    return {name: value for name, value in whole.items() if value is not None}


def signed(
    algorithm: str, kid: str | None, *, number: int = 0, header: Mapping[str, Any] | None = None, **claims: Any
) -> str:
    """A token of the issuer's."""
    headers = ({} if kid is None else {"kid": kid}) | dict(header or {})
    return jwt.encode(claims, private_key(algorithm, number), algorithm=algorithm, headers=headers)


def document_of(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


@dataclass
class IssuerSite:
    """What its endpoint answers, and what it was asked."""

    document: bytes = field(default_factory=document_of)
    status: int = 200
    etag: str | None = None
    asked: list[str | None] = field(default_factory=list)
    """The `If-None-Match` of each request."""
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match")
        self.asked.append(known)
        if self.etag is not None and known == self.etag:
            return web.Response(status=304)
        headers = {} if self.etag is None else {"ETag": self.etag}
        if self.status == 302:
            headers["Location"] = "/elsewhere"
        return web.Response(body=self.document, status=self.status, headers=headers)


@asynccontextmanager
async def issuing(site: IssuerSite) -> AsyncIterator[IssuerSite]:
    """The endpoint on loopback, for as long as the context lasts."""
    app = web.Application()
    app.router.add_get("/keys", site.answer)
    app.router.add_get("/elsewhere", site.answer)
    async with TestServer(app) as server:
        site.url = str(server.make_url("/keys"))
        yield site
