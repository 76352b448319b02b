"""What the contract of stores is written with: an HTTP client's signature, and short names for common calls."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from storage.store import MediaObject, ObjectNotFound, OpenObject, PresignedUpload, Store

PATH = "media/alice/images/a.png"
BIG = bytes(range(256)) * 700  # 175 KiB: more than one chunk of any implementation


@dataclass(frozen=True)
class Answer:
    """What came back for an HTTP request; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_refusal(self) -> bool:
        return 400 <= self.status < 500


class Send(Protocol):
    """Sends one HTTP request to wherever the store's signed URLs lead."""

    async def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer: ...


async def stream(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def put(store: Store, path: str = PATH, body: bytes = b"hello", kind: str = "image/png") -> MediaObject:
    return await store.upload(path, stream(body), kind)


async def read(store: Store, path: str = PATH, start: int = 0, stop: int | None = None) -> bytes:
    opened = await store.open(path, start=start, stop=stop)
    return b"".join([chunk async for chunk in opened.chunks])


async def close(opened: OpenObject) -> None:
    await opened.chunks.aclose()


async def exists(store: Store, path: str = PATH) -> bool:
    try:
        await store.stat(path)
    except ObjectNotFound:
        return False
    return True


async def presign(store: Store, least: int = 1, most: int = 10) -> PresignedUpload:
    return await store.upload_presigned(PATH, "image/png", min_bytes=least, max_bytes=most, expires_in=900)
