"""Uploads from the worker's side: what arrived is verified in a child process, cleaned, and put into the library."""

import asyncio
from pathlib import Path

from actors.children import ChildPool
from actors.outputs import OutputShelf, chunks_of
from actors.processing.bounds import Bounds
from actors.processing.verification import ContentRefused, Verified, verify_upload
from actors.work import Refused, Run
from jobs.clock import Clock
from jobs.ids import new_id
from jobs.job import Media, Upload
from jobs.uploads import Uploads
from schema.problems import PROBLEMS
from storage.store import ObjectNotFound, Store


class UploadWork:
    """Implements `Work`. Its units are bytes: each is stored once and verified once."""

    def __init__(
        self,
        uploads: Uploads,
        store: Store,
        shelf: OutputShelf,
        children: ChildPool,
        clock: Clock,
        *,
        bounds: Bounds,
        keep_metadata: bool,
    ) -> None:
        self._uploads = uploads
        self._store = store
        self._shelf = shelf
        self._children = children
        self._bounds = bounds
        self._keep_metadata = keep_metadata
        self._clock = clock

    async def __call__(self, run: Run) -> list[Media]:
        upload = await self._uploads.of_job(run.job)
        size = upload.stored_bytes or 0
        if upload.size is not None and upload.size != size:
            raise _mismatch()
        file = run.scratch / "upload"
        await self._fetch(upload, file)
        verified = await self._verify(upload, file, run, size)
        media = await self._keep(run, upload, file, verified)
        run.report.units(2 * size, 2 * size)
        return [media]

    async def _fetch(self, upload: Upload, file: Path) -> None:
        """Bring the bytes to this machine, where the child can read them."""
        try:
            opened = await self._store.open(upload.incoming_path)
        except ObjectNotFound as error:
            # They were there when it was completed. A shared volume may show them to this machine only later; else they
            # are lost, with a store in memory or by somebody's deletion, and sending them anew is what helps.
            raise Refused("upload_incomplete", PROBLEMS["upload_incomplete"].title, retryable=True) from error
        with await asyncio.to_thread(file.open, "wb") as stream:
            async for chunk in opened.chunks:
                await asyncio.to_thread(stream.write, chunk)

    async def _verify(self, upload: Upload, file: Path, run: Run, size: int) -> Verified:
        def on_verified(done: int, _total: int) -> None:
            # The last unit is done when the object is in its place, not when its last byte was looked at.
            run.report.units(size + min(done, size - 1), 2 * size)

        try:
            return await verify_upload(
                self._children,
                file,
                upload.content_type,
                self._bounds,
                run.scratch,
                on_verified,
                keep_metadata=self._keep_metadata,
            )
        except ContentRefused as error:
            raise _mismatch() from error

    async def _keep(self, run: Run, upload: Upload, file: Path, verified: Verified) -> Media:
        if verified.file != file:
            await self._shelf.store_anew(
                run, upload.object_path, lambda: chunks_of(verified.file), verified.content_type
            )
        else:
            await self._store.copy(upload.incoming_path, upload.object_path)
        return Media(
            id=new_id(),
            owner=run.job.owner,
            path=upload.object_path,
            file_key=upload.file_key,
            thumbnail_key=await self._shelf.put_thumbnail(run, upload.object_path, verified.thumbnail),
            kind=verified.kind,
            source="upload",
            content_type=verified.content_type,
            size=verified.size,
            width=verified.width,
            height=verified.height,
            duration_seconds=verified.duration_seconds,
            placeholder=verified.placeholder,
            sha256=verified.sha256,
            job_id=run.job.id,
            output_index=0,
            prompt=None,
            model=None,
            seed=None,
            created_at=self._clock(),
        )


def _mismatch() -> Refused:
    return Refused("content_mismatch", PROBLEMS["content_mismatch"].title)
