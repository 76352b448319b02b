"""Uploads as a client does them: opened, sent to where the service says, completed, and their end awaited."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import quote

from tests.acceptance.client import Answer, Client
from tests.acceptance.sse import Event
from tests.unit.actors.processing.samples import sample_of

ENDINGS = ("upload_complete", "upload_failed")
PNG = "image/png"


@dataclass(frozen=True, slots=True)
class Opened:
    """What `POST /media/upload/init` answered."""

    client: Client
    answer: Any

    @property
    def job_id(self) -> str:
        return str(self.answer["jobId"])

    @property
    def path(self) -> str:
        return str(self.answer["objectPath"])

    @property
    def url(self) -> str:
        return str(self.answer["uploadURL"])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.answer["headers"])

    async def put(self, body: Any, *, url: str = "", method: str = "PUT", **changes: str) -> Answer:
        """Send the bytes with exactly the headers that are asked for, and no token."""
        headers = self.headers | changes
        target = self.client.url(url or self.url)
        body = BytesIO(body) if isinstance(body, bytes) else body
        async with self.client.session.request(method, target, data=body, headers=headers) as response:
            return Answer(response.status, response.headers, await response.read())

    async def complete(self) -> Answer:
        return await self.client.post("/media/upload/complete", {"objectPath": self.path})

    async def abort(self) -> Answer:
        return await self.client.post("/media/upload/abort", {"objectPath": self.path})

    async def finish(self, body: Any) -> Event:
        """Send the bytes, complete, and wait for the end."""
        put = await self.put(body)
        assert put.status == 200, put.body
        answer = await self.complete()
        assert answer.status == 202, answer.body
        return await self.client.ending_of(self.job_id)


async def init(client: Client, content_type: str = PNG, filename: str = "cat", **changes: Any) -> Answer:
    """Ask for an upload."""
    return await client.post("/media/upload/init", {"filename": filename, "contentType": content_type, **changes})


async def opened(client: Client, content_type: str = PNG, filename: str = "cat", **changes: Any) -> Opened:
    """An upload that takes bytes."""
    answer = await init(client, content_type, filename, **changes)
    assert answer.status == 201, answer.body
    return Opened(client, answer.json)


async def uploaded(client: Client, content_type: str = PNG, data: bytes | None = None, filename: str = "cat") -> Any:
    """A whole upload that ends well; its item in the library."""
    body = sample_of(content_type) if data is None else data
    upload = await opened(client, content_type, filename, size=len(body))
    ending = await upload.finish(body)
    assert ending.name == "upload_complete", ending
    item = await client.get(quote(f"/{upload.path}"))
    assert item.status == 200, item.body
    return item.json


async def refused(client: Client, content_type: str, data: bytes) -> str:
    """A whole upload that must fail; the code of its end."""
    upload = await opened(client, content_type, size=len(data))
    ending = await upload.finish(data)
    assert ending.name == "upload_failed", ending
    assert ending.data["jobId"] == upload.job_id
    assert (await client.get(quote(f"/{upload.path}"))).status == 404
    return str(ending.data["code"])


async def served(client: Client, url: str, **headers: str) -> Answer:
    """What a browser gets that follows a permanent URL: it sends no token."""
    async with client.session.get(client.url(url), headers=headers) as response:
        return Answer(response.status, response.headers, await response.read())


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def progress_of(events: list[Event]) -> list[float]:
    """What the progress events of one upload said."""
    return [event.data["progress"] for event in events if event.name == "upload_progress"]
