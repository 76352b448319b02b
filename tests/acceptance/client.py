"""A user of the service: requests with a token, answers read whole, and event streams."""

import json
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import jwt
from aiohttp import ClientSession
from multidict import CIMultiDictProxy
from yarl import URL

from tests.acceptance.sse import Event, EventStream

SECRET = "the secret that all tokens of these tests are signed with"
TERMINAL = ("generation_complete", "generation_failed")
SMALL = {"prompt": "a lighthouse at dusk", "width": 64, "height": 64, "seed": 7}
BIG = {"prompt": "a lighthouse at dusk", "width": 2048, "height": 2048, "n": 8, "seed": 7, "options": {"detail": 3}}


def token_of(user: str, *, seconds: float = 3600, key: str = SECRET, **claims: Any) -> str:
    """A token for `user`; a claim of None is left out."""
    whole = {"sub": user, "exp": int(time.time() + seconds)} | claims
    return jwt.encode({name: value for name, value in whole.items() if value is not None}, key, algorithm="HS256")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends requests as one user; without a token as nobody."""

    def __init__(self, session: ClientSession, base: str, user: str, token: str | None) -> None:
        self.session = session
        self.base = base
        self.user = user
        self.token = token

    @property
    def authorization(self) -> Mapping[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def url(self, target: str) -> URL:
        """`target` as it stands, below the service's own address where it is a path."""
        return URL(target if "://" in target else self.base + target, encoded=True)

    async def send(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, json: Any = None, body: Any = None
    ) -> Answer:
        all_headers = {**self.authorization, **(headers or {})}
        async with self.session.request(
            method, self.url(target), headers=all_headers, json=json, data=body, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, target: str, **headers: str) -> Answer:
        return await self.send("GET", target, headers=headers)

    async def post(self, target: str, json: Any = None, **headers: str) -> Answer:
        return await self.send("POST", target, json=json, headers=headers)

    async def delete(self, target: str) -> Answer:
        return await self.send("DELETE", target)

    @asynccontextmanager
    async def stream(
        self,
        target: str = "/events",
        *,
        last_event_id: str = "",
        cut_after: int | None = None,
        expected: Collection[int] = (200,),
    ) -> AsyncIterator[EventStream]:
        """An open stream; leaving it cuts the connection."""
        headers = {**self.authorization, **({"Last-Event-ID": last_event_id} if last_event_id else {})}
        response = await self.session.get(self.url(target), headers=headers)
        assert response.status in expected, await response.text()
        try:
            yield EventStream(response, last_event_id=last_event_id, cut_after=cut_after)
        finally:
            response.close()

    async def generate(self, **changes: Any) -> str:
        """Ask for a small picture; the job's id."""
        accepted = await self.post("/generate/image", SMALL | changes)
        assert accepted.status == 202, accepted.body
        job_id: str = accepted.json["jobId"]
        return job_id

    async def job(self, job_id: str) -> Any:
        return (await self.get(f"/jobs/{job_id}")).json

    async def ending_of(self, job_id: str) -> Event:
        """The event that a job ends with, awaited."""
        async with self.stream(f"/jobs/{job_id}/events") as stream:
            return (await stream.rest())[-1]

    async def picture(self, **changes: Any) -> Any:
        """Make one picture; its item in the library."""
        ending = await self.ending_of(await self.generate(**changes))
        assert ending.name == "generation_complete", ending
        return ending.data["result"]["media"][0]

    async def at_work(self, **changes: Any) -> str:
        """Ask for something big; the job's id, once a worker is at it."""
        async with self.stream() as stream:
            await stream.until("snapshot")
            job_id = await self.generate(**(BIG | changes))
            async for event in stream:
                if event.name == "generation_progress" and event.data["jobId"] == job_id:
                    return job_id
        raise AssertionError("the stream ended before the job began")

    async def media(self) -> list[Any]:
        items: list[Any] = (await self.get("/media?limit=200")).json["items"]
        return items
