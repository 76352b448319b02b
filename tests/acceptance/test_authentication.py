"""Authentication: every endpoint that is not public wants a good token, and nothing else will do."""

import base64
import hmac
import json
import re
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from app.routes import ROUTES, Route
from tests.acceptance.client import SECRET, Client, token_of
from tests.acceptance.expectations import assert_problem
from tests.acceptance.service import Service

PRIVATE = [route for route in ROUTES if not route.is_public]
FAR = int(time.time()) + 10**6
JOB_ID = "019aaaaa-0000-7000-8000-000000000000"


def target_of(route: Route, user: str) -> str:
    """The route's path with something in each of its places."""
    filled = route.path.replace("{job_id}", JOB_ID).replace("{path:.+}", f"media/{user}/images/{JOB_ID}_0.png")
    return re.sub(r"\{[^}]*\}", "x", filled)


def forged(header: dict[str, Any], claims: dict[str, Any] | None = None, digest: str = "sha256") -> str:
    """A token with any header, signed by HMAC with the right key."""
    parts = [header, claims or {"sub": "alice", "exp": FAR}]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    signature = hmac.new(SECRET.encode(), text.encode(), digest).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def with_claims(**claims: Any) -> str:
    return forged({"alg": "HS256"}, {"sub": "alice", "exp": FAR} | claims)


def without(name: str) -> str:
    return forged({"alg": "HS256"}, {key: value for key, value in {"sub": "alice", "exp": FAR}.items() if key != name})


CREDENTIALS: dict[str, str | None] = {
    "none": None,
    "no scheme": token_of("alice"),
    "basic": "Basic YWxpY2U6c2VjcmV0",
    "no token": "Bearer ",
    "garbage": "Bearer garbage",
    "dots": "Bearer ..",
    "not ascii": "Bearer ümläut",
    "too long": f"Bearer {'x' * 8000}",
    "alg none": f"Bearer {jwt.encode({'sub': 'alice', 'exp': FAR}, '', algorithm='none')}",
    "alg none, signed": f"Bearer {forged({'alg': 'none'})}",
    "alg NONE": f"Bearer {forged({'alg': 'NONE'})}",
    "no alg": f"Bearer {forged({'typ': 'JWT'})}",
    "HS512": f"Bearer {forged({'alg': 'HS512'}, digest='sha512')}",
    "RS256 by HMAC": f"Bearer {forged({'alg': 'RS256'})}",
    "unknown critical header": f"Bearer {forged({'alg': 'HS256', 'crit': ['x'], 'x': 1})}",
    "wrong key": f"Bearer {token_of('alice', key='x' * 40)}",
    "cut": f"Bearer {token_of('alice')[:-2]}",
    "expired": f"Bearer {token_of('alice', seconds=-1)}",
    "nbf in the future": f"Bearer {token_of('alice', nbf=FAR)}",
    "nbf text": f"Bearer {with_claims(nbf='0')}",
    "no exp": f"Bearer {without('exp')}",
    "exp null": f"Bearer {with_claims(exp=None)}",
    "exp text": f"Bearer {with_claims(exp=str(FAR))}",
    "exp true": f"Bearer {with_claims(exp=True)}",
    "exp huge": f"Bearer {with_claims(exp=10**400)}",
    "exp infinite": f"Bearer {with_claims(exp=float('inf'))}",
    "exp not a number": f"Bearer {with_claims(exp=float('nan'))}",
    "exp list": f"Bearer {with_claims(exp=[FAR])}",
    "no sub": f"Bearer {without('sub')}",
    "sub empty": f"Bearer {with_claims(sub='')}",
    "sub number": f"Bearer {with_claims(sub=1)}",
    "sub .": f"Bearer {with_claims(sub='.')}",
    "sub ..": f"Bearer {with_claims(sub='..')}",
    "sub with a slash": f"Bearer {with_claims(sub='alice/bob')}",
    "sub with a percent sign": f"Bearer {with_claims(sub='alice%2Fbob')}",
    "sub with a newline": f"Bearer {with_claims(sub=chr(10).join(['alice', '']))}",
    "sub too long": f"Bearer {with_claims(sub='a' * 129)}",
    "claims are a list": f"Bearer {forged({'alg': 'HS256'}, ['alice'])}",  # type: ignore[arg-type]  # on purpose
}


@pytest.mark.parametrize("route", PRIVATE, ids=lambda route: route.name)
async def test_a_private_route_takes_nothing_but_a_good_token(service: Service, route: Route) -> None:
    target = target_of(route, "alice")

    for name, credentials in CREDENTIALS.items():
        headers = {} if credentials is None else {"Authorization": credentials}
        answer = await service.nobody.send(route.method, target, headers=headers)

        assert answer.status == 401, name
        assert_problem(answer, 401, "unauthenticated")
        challenge = "Bearer" if credentials is None else 'Bearer error="invalid_token"'
        assert answer.headers["WWW-Authenticate"] == challenge, name


@pytest.mark.parametrize("route", PRIVATE, ids=lambda route: route.name)
async def test_head_of_a_private_route_is_no_way_around(service: Service, route: Route) -> None:
    answer = await service.nobody.send("HEAD", target_of(route, "alice"))

    assert answer.status in {401, 405}


async def test_two_tokens_are_refused(alice: Client) -> None:
    headers = [*alice.authorization.items(), ("Authorization", "Bearer garbage")]

    async with alice.session.get(alice.url("/jobs"), headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "credentials",
    [
        lambda: f"bearer {token_of('alice')}",
        lambda: f"Bearer {token_of('alice', nbf=int(time.time()))}",
        lambda: f"Bearer {token_of('alice', exp=time.time() + 60.5)}",
        lambda: f"Bearer {token_of('auth0|a.b-c_d@e:f')}",
        lambda: f"Bearer {token_of('a' * 128)}",
        lambda: f"Bearer {token_of('alice', iss='anybody', aud='anything', extra={'a': 1})}",
    ],
    ids=["lower case", "nbf now", "fraction", "all characters", "longest", "other claims"],
)
async def test_a_good_token_is_taken(service: Service, credentials: Callable[[], str]) -> None:
    answer = await service.nobody.get("/jobs", Authorization=credentials())

    assert answer.status == 200


async def test_the_table_of_the_contract_says_which_routes_are_public() -> None:
    public = {route.path for route in ROUTES if route.is_public}

    expected = {"/", "/studio/session", "/studio/assets/{name}", "/healthz", "/readyz", "/metrics"}
    expected |= {"/openapi.json", "/asyncapi.json", "/docs", "/docs/{name}"}
    assert {path for path in public if not path.startswith(("/files/", "/storage/"))} <= expected


def test_forged_tokens_would_be_good_but_for_their_header() -> None:
    claims = jwt.decode(forged({"alg": "HS256"}), SECRET, algorithms=["HS256"])

    assert claims["sub"] == "alice"
