"""Storing what a provider made: each output as soon as it is there, at the path that its job and index give it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
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

    async def put(self, job: Job, request: GenerationRequest, output: Output) -> Media:
        """Store one output and remove its file. Raises `StorageError`."""
        name = generated_video if request.kind == "video" else generated_image
        path = name(job.owner, job.id, output.index)
        digest = hashlib.sha256()
        stored = await self._upload(path, output, digest)
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
            sha256=digest.hexdigest(),
            job_id=job.id,
            output_index=output.index,
            prompt=request.prompt,
            model=request.model,
            seed=output.seed,
            created_at=self._clock(),
        )

    async def _upload(self, path: str, output: Output, digest: "hashlib._Hash") -> MediaObject:
        try:
            return await self._upload_new(path, output, digest)
        except ObjectExists:
            await self._remove_leftover(path)
        return await self._upload_new(path, output, digest)

    async def _upload_new(self, path: str, output: Output, digest: "hashlib._Hash") -> MediaObject:
        """Only as a new object: a worker that lost its lease must not write over what the winner stored."""
        chunks = _chunks_of(output.file, digest)
        return await self._store.upload(path, chunks, output.content_type, if_absent=True)

    async def _remove_leftover(self, path: str) -> None:
        """An earlier attempt stored this and was lost. Naming the generation spares whatever is newer."""
        try:
            leftover = await self._store.stat(path)
            await self._store.delete(path, generation=leftover.generation)
        except (ObjectNotFound, PreconditionFailed):
            # Somebody else removed or replaced it; the second upload finds out which.
            return


async def _chunks_of(file: Path, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as stream:
        while chunk := await asyncio.to_thread(stream.read, CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
