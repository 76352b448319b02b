"""The port to object storage: what the rest of the service may ask of it and what an implementer owes."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

RESUMABLE_GRANULE_BYTES: Final = 256 * 1024
"""What every chunk of a resumable upload but the last is a multiple of, and what a broken one is cut back to."""
RESUMABLE_CHUNK_BYTES: Final = 32 * RESUMABLE_GRANULE_BYTES
"""The chunk that clients are advised to send: 8 MiB, as Google does."""


class StorageError(Exception):
    """Something in object storage went wrong."""


class ObjectNotFound(StorageError):
    """There is no object at this path."""


class ObjectExists(StorageError):
    """There is an object at this path already, and the write was told to make a new one."""


class PreconditionFailed(StorageError):
    """The object at this path is not the generation that the caller named."""


class RangeNotSatisfiable(StorageError):
    """The byte range starts at or behind the end of the object."""


class StorageFull(StorageError):
    """The store has no room for these bytes."""


class StorageUnavailable(StorageError):
    """The store did not answer, or answered that it can't now; the same call may work later."""


@dataclass(frozen=True, slots=True)
class MediaObject:
    """What is known of one stored object.

    `generation` is opaque, differs for every write of a path, and grows in no promised order.
    `etag` comes without quotes; `size` is in bytes.
    """

    path: str
    size: int
    content_type: str
    generation: str
    etag: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PresignedUpload:
    """A URL that takes one object's bytes, and the headers that must go with them."""

    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime
    max_bytes: int


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object being read: its description, the range that `chunks` will yield, and the chunks.

    `start` is inclusive and `stop` exclusive, in bytes from the object's beginning. A reader that does not
    want the rest closes `chunks` (`aclose()`).
    """

    object: MediaObject
    start: int
    stop: int
    chunks: AsyncGenerator[bytes, None]


class Store(Protocol):
    """Bytes under paths. Every implementation passes the one suite in `tests/contract/stores.py`.

    Paths are relative, `/`-separated and already safe (see `storage.paths`). Every method may raise
    `StorageUnavailable`; no foreign error leaves an implementation.
    """

    @property
    def is_ephemeral(self) -> bool:
        """Whether the objects are gone when this process is."""
        ...

    @property
    def max_object_bytes(self) -> int:
        """The most bytes that one object may have here."""
        ...

    async def upload(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, *, if_absent: bool = False
    ) -> MediaObject:
        """Store the chunks at `path`; nobody sees the object before its last byte is there.

        With `if_absent` an existing object makes it raise `ObjectExists` and stays as it was. When `chunks` raises,
        nothing is stored and the error passes through. Raises `StorageFull`. Returns what `stat` would.
        """
        ...

    async def upload_presigned(
        self, path: str, content_type: str, *, min_bytes: int, max_bytes: int, expires_in: float
    ) -> PresignedUpload:
        """Sign a URL that takes one PUT of `min_bytes` to `max_bytes` bytes of this type, for `expires_in` seconds.

        The store itself refuses any other method, type or size, and a second object at the path; a refused
        attempt does not use the URL up.
        """
        ...

    async def start_resumable(
        self,
        path: str,
        content_type: str,
        *,
        min_bytes: int,
        max_bytes: int,
        expires_in: float,
        origin: str | None = None,
    ) -> PresignedUpload:
        """Open a session that takes `min_bytes` to `max_bytes` bytes for `path` in as many PUTs as it needs.

        The returned `url` is the session's URI, and speaks Google's protocol
        (cloud.google.com/storage/docs/performing-resumable-uploads). A PUT carries `Content-Range: bytes
        FIRST-LAST/TOTAL` (`*` for a total that is not known yet), or none and the whole; a chunk but the last is
        a multiple of `RESUMABLE_GRANULE_BYTES`, best `RESUMABLE_CHUNK_BYTES`. The answer is 308 with
        `Range: bytes=0-LAST` of what is committed (no such header before the first byte), and 200 once the
        object is whole. An empty PUT with `bytes */TOTAL` or `bytes */*` asks for that answer, and gets 200
        after completion, too. DELETE cancels, with 499; from then on, and after `expires_at`, it is 404 or 410.

        The store itself owes this: type and bounds are fixed here, whatever a PUT says. A total that changes or
        is out of bounds is refused. Of a broken PUT at least the whole granules that arrived may stay committed,
        committed bytes never become fewer, and bytes that come again are skipped. Nobody sees the object before
        it is whole, and it is made only where none is. Two PUTs at once do no harm.

        The session ends `expires_in` seconds from now, or later where the store's own rule is fixed; `expires_at`
        tells which. `origin` is the page's that will send the bytes, where a store ties CORS to it.
        Raises `ValueError` for bounds that no size satisfies, and `StorageFull` for too many open sessions.
        """
        ...

    async def abort_resumable(self, url: str) -> None:
        """Cancel the session that `start_resumable` gave this `url` of, and free what it holds.

        No error when it is over already, whichever way; an object that it has made stays.
        """
        ...

    async def stat(self, path: str) -> MediaObject:
        """Describe the object at `path`. Raises `ObjectNotFound`."""
        ...

    async def open(self, path: str, *, start: int = 0, stop: int | None = None) -> OpenObject:
        """Open `path` for reading from `start` to `stop` (bytes, exclusive; None or beyond the end: the end).

        The chunks all come from the one generation that was opened. Raises `ObjectNotFound`, and
        `RangeNotSatisfiable` when `start` is not inside a non-empty object.
        """
        ...

    async def get_url(self, path: str, *, expires_in: float, filename: str | None = None) -> str:
        """Sign an absolute URL that reads `path` for `expires_in` seconds.

        With `filename` the answer is an attachment of that name. Signing does not look whether the object exists.
        """
        ...

    async def copy(self, source: str, target: str) -> MediaObject:
        """Copy `source` over `target`, type included. Raises `ObjectNotFound`, `StorageFull`."""
        ...

    async def delete(self, path: str, *, generation: str | None = None) -> None:
        """Remove `path`; removing what is not there is no error.

        With `generation` only that very object is removed: another one at the path raises `PreconditionFailed`.
        """
        ...

    def list(self, prefix: str) -> AsyncIterator[MediaObject]:
        """Yield the objects whose path starts with `prefix`, by path, fetching pages as they are needed."""
        ...

    async def check(self) -> None:
        """Raise `StorageUnavailable` when the store can't serve now; cheap enough for a readiness probe."""
        ...

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        ...
