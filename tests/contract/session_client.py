"""A client of upload sessions: what the tests of the protocol speak it with."""

from collections.abc import Mapping

from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from storage.store import PresignedUpload, Store
from tests.contract.store_kit import PATH, Answer, Send

BODY = bytes(range(251)) * (2 * GRANULE // 251 + 1)  # two granules and some bytes; no granule is like another
SIZE = len(BODY)
IS_OVER = (404, 410)


async def start(store: Store, least: int = 1, most: int = 4 * GRANULE) -> PresignedUpload:
    return await store.start_resumable(PATH, "video/mp4", min_bytes=least, max_bytes=most, expires_in=900)


class Uploader:
    """A client of one session: it sends stretches of a body, and asks how far the session is."""

    def __init__(self, send: Send, session: PresignedUpload, body: bytes = BODY) -> None:
        self._send = send
        self._session = session
        self._body = body

    @property
    def url(self) -> str:
        return self._session.url

    async def chunk(self, first: int, stop: int, total: int | str = SIZE, **headers: str) -> Answer:
        return await self.raw(f"bytes {first}-{stop - 1}/{total}", self._body[first:stop], **headers)

    async def ask(self, total: int | str = "*") -> Answer:
        return await self.raw(f"bytes */{total}", b"")

    async def whole(self) -> Answer:
        return await self.raw(None, self._body)

    async def raw(self, content_range: str | None, body: bytes, **headers: str) -> Answer:
        named = {} if content_range is None else {"Content-Range": content_range}
        given: Mapping[str, str] = {**self._session.headers, **named, **headers}
        return await self._send(self._session.method, self._session.url, headers=given, body=body)

    async def cancel(self) -> Answer:
        return await self._send("DELETE", self._session.url)

    async def committed(self) -> int:
        """The bytes that the session has, of an upload that is not complete."""
        answer = await self.ask()
        assert answer.status == 308
        return committed_by(answer)

    async def go_on(self, total: int = SIZE) -> Answer:
        """Send what is missing, as a client does that lost its connection."""
        return await self.chunk(await self.committed(), total, total)


def committed_by(answer: Answer) -> int:
    """How many bytes an answer says are there; without the header none."""
    value = answer.headers.get("range")
    if value is None:
        return 0
    assert value.startswith("bytes=0-")
    return int(value.removeprefix("bytes=0-")) + 1
