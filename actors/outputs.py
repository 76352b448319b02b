"""Storing what a provider made: each output as soon as it is there, at the path that its job and index give it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from actors.providers.base import GenerationRequest, Output
from jobs.clock import Clock
from jobs.ids import new_id, new_key
from jobs.job import Job, Media
from storage.paths import generated_image, generated_video
from storage.store import MediaObject, ObjectExists, ObjectNotFound, PreconditionFailed, Store

CHUNK_BYTES = 256 * 1024


class OutputShelf:
    """Puts outputs into the store and describes them for the library."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def put(self, job: Job, request: GenerationRequest, output: Output, holds_lease: Callable[[], bool]) -> Media:
        """Store one output and remove its file; `holds_lease` says whether the job is still ours for sure.

        Raises `StorageError`.
        """
        name = generated_video if request.kind == "video" else generated_image
        path = name(job.owner, job.id, output.index)
        stored, sha256 = await self._upload(path, output, holds_lease)
        await asyncio.to_thread(output.file.unlink)
        return Media(
            id=new_id(),
            owner=job.owner,
            path=path,
            file_key=new_key(),
            kind=request.kind,
            source="generated",
            content_type=output.content_type,
            size=stored.size,
            width=output.width,
            height=output.height,
            duration_seconds=output.duration_seconds,
            placeholder=None,
            sha256=sha256,
            job_id=job.id,
            output_index=output.index,
            prompt=request.prompt,
            model=request.model,
            seed=output.seed,
            created_at=self._clock(),
        )

    async def _upload(self, path: str, output: Output, holds_lease: Callable[[], bool]) -> tuple[MediaObject, str]:
        try:
            return await self._upload_new(path, output)
        except ObjectExists:
            await self._remove_leftover(path, holds_lease)
        return await self._upload_new(path, output)

    async def _upload_new(self, path: str, output: Output) -> tuple[MediaObject, str]:
        """Only as a new object: a worker that lost its lease must not write over what the winner stored."""
        digest = hashlib.sha256()
        chunks = _chunks_of(output.file, digest)
        stored = await self._store.upload(path, chunks, output.content_type, if_absent=True)
        return stored, digest.hexdigest()

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


async def _chunks_of(file: Path, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as stream:
        while chunk := await asyncio.to_thread(stream.read, CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
