"""Storing what was made: each file as soon as it is there, at the path that its job gives it, with its thumbnail."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from actors.children import ChildPool
from actors.processing.verification import ContentRefused, Verified, describe_generated
from actors.providers.base import GenerationRequest, Output, ProviderError
from actors.work import Run
from jobs.clock import Clock
from jobs.ids import new_id, new_key
from jobs.job import Media
from jobs.library import THUMBNAIL
from jobs.tracing import NO_TRACING, Tracing
from schema.problems import PROBLEMS
from storage.paths import derived, generated_image, generated_video
from storage.store import MediaObject, ObjectExists, ObjectNotFound, PreconditionFailed, Store

CHUNK_BYTES = 256 * 1024
LARGE_BYTES = 1024 * 1024
THUMBNAIL_TYPE = "image/webp"

Chunks = Callable[[], AsyncIterator[bytes]]


class OutputShelf:
    """Puts files into the store and describes them for the library."""

    def __init__(self, store: Store, children: ChildPool, clock: Clock, tracing: Tracing = NO_TRACING) -> None:
        self._tracing = tracing
        self._store = store
        self._children = children
        self._clock = clock

    async def put(self, run: Run, request: GenerationRequest, output: Output) -> Media:
        """Describe and store one output; a large one's file is removed. Raises `StorageError`, `ProviderError`."""
        job = run.job
        described = await self._describe(output, run.scratch)
        name = generated_video if request.kind == "video" else generated_image
        path = name(job.owner, job.id, output.index)
        stored = await self.store_anew(run, path, lambda: chunks_of(output.file), output.content_type)
        if stored.size >= LARGE_BYTES:
            # The others go with their directory, at the run's end.
            await asyncio.to_thread(output.file.unlink)
        return Media(
            id=new_id(),
            owner=job.owner,
            path=path,
            file_key=new_key(),
            thumbnail_key=await self.put_thumbnail(run, path, described.thumbnail),
            kind=request.kind,
            source="generated",
            content_type=output.content_type,
            size=stored.size,
            width=described.width,
            height=described.height,
            duration_seconds=described.duration_seconds,
            placeholder=described.placeholder,
            sha256=described.sha256,
            job_id=job.id,
            output_index=output.index,
            prompt=request.prompt,
            model=request.model,
            seed=output.seed,
            created_at=self._clock(),
        )

    async def has(self, media: Media) -> bool:
        """Whether what was stored is still there: a store in memory forgets. Raises `StorageError`."""
        try:
            await self._store.stat(media.path)
        except ObjectNotFound:
            return False
        return True

    async def _describe(self, output: Output, scratch: Path) -> Verified:
        try:
            return await describe_generated(self._children, output.file, output.content_type, scratch)
        except ContentRefused as error:
            # What can't be looked at is no picture, wherever it came from.
            raise ProviderError("no_output", PROBLEMS["no_output"].title, retryable=True) from error

    async def put_thumbnail(self, run: Run, path: str, thumbnail: bytes) -> str:
        """Store the thumbnail of the object at `path`; the key of its permanent URL."""
        await self.store_anew(run, derived(path, THUMBNAIL), lambda: _whole(thumbnail), THUMBNAIL_TYPE)
        return new_key()

    async def store_anew(self, run: Run, path: str, chunks: Chunks, content_type: str) -> MediaObject:
        """Store a new object at `path`, in the place of what an earlier attempt left there.

        Only as a new object: a worker that lost its lease must not write over what the winner stored.
        Raises `StorageError`.
        """
        with self._tracing.span("storage put", "client", {"media.content_type": content_type}) as span:
            try:
                stored = await self._store.upload(path, chunks(), content_type, if_absent=True)
            except ObjectExists:
                await self._remove_leftover(path, run.holds_lease)
                stored = await self._store.upload(path, chunks(), content_type, if_absent=True)
            span.note({"media.size": stored.size})
            return stored

    async def _remove_leftover(self, path: str, holds_lease: Callable[[], bool]) -> None:
        """An earlier attempt stored this and was lost. Raises `ObjectExists` where a later one may have."""
        try:
            leftover = await self._store.stat(path)
            # In this order: what was there while the lease held is no winner's, and naming it spares what is newer.
            if not holds_lease():
                raise ObjectExists(path)
            await self._store.delete(path, generation=leftover.generation)
        except (ObjectNotFound, PreconditionFailed):
            # Somebody else removed or replaced it; the second upload finds out which.
            return


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def chunks_of(file: Path) -> AsyncIterator[bytes]:
    """The bytes of a file, read in a thread."""
    at, size = 0, 1
    while at < size:
        # A file that is read in one turn of a thread needs no more.
        chunk, size = await asyncio.to_thread(_read, file, at)
        at += len(chunk)
        if not chunk:
            return
        yield chunk


def _read(file: Path, at: int) -> tuple[bytes, int]:
    """Some of a file's bytes, and how many it has."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, min(CHUNK_BYTES, max(size - at, 0)), at), size
    finally:
        os.close(descriptor)
