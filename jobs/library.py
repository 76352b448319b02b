"""The media library: listing, finding and deleting what users made or uploaded."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer, payload_of
from jobs.background import Background
from jobs.database import Database
from jobs.errors import NotFound
from jobs.ids import new_id
from jobs.janitor import Janitor
from jobs.job import StoredEvent
from jobs.outbox import Outbox
from jobs.repositories.events import EventRepository
from jobs.repositories.media import MediaRepository
from jobs.views import Views
from schema.events import GenerationComplete, UploadComplete
from schema.models import MediaKind
from schema.responses import GenerationResult, MediaItem, MediaPage, MediaSource
from storage.paths import PathEscapes, derived, derived_prefix, owned

THUMBNAIL = "thumbnail.webp"


class Library:
    """Media from the client's side. Whatever is not the owner's is not found."""

    def __init__(
        self,
        database: Database,
        media: MediaRepository,
        events: EventRepository,
        *,
        announcer: Announcer,
        outbox: Outbox,
        views: Views,
        janitor: Janitor,
        background: Background,
    ) -> None:
        self._database = database
        self._media = media
        self._events = events
        self._announcer = announcer
        self._outbox = outbox
        self._views = views
        self._janitor = janitor
        self._background = background

    async def list(
        self,
        owner: str,
        *,
        prefix: str | None,
        kind: MediaKind | None,
        source: MediaSource | None,
        before: str | None,
        limit: int,
    ) -> MediaPage:
        """A page of this owner's media, newest first; `prefix` is matched below `media/{owner}/`."""
        whole = None if prefix is None else f"media/{owner}/{prefix}"
        async with self._database.reading() as connection:
            media = await self._media.page(
                connection, owner, prefix=whole, kind=kind, source=source, before=before, limit=limit + 1
            )
        items = [self._views.item(each) for each in media[:limit]]
        return MediaPage(items=items, next_cursor=media[limit - 1].id if len(media) > limit else None)

    async def get(self, owner: str, path: str) -> MediaItem:
        """One object of this owner. Raises `NotFound`."""
        async with self._database.reading() as connection:
            media = await self._media.get(connection, _whole(owner, path))
        if media is None or media.owner != owner:
            raise NotFound("there is no such object in your library")
        return self._views.item(media)

    async def stored_path(self, key: str) -> str:
        """Where the bytes are that a permanent URL names. Raises `NotFound`."""
        async with self._database.reading() as connection:
            media = await self._media.by_file_key(connection, key)
        if media is None:
            raise NotFound("there is no such file")
        return media.path if key == media.file_key else derived(media.path, THUMBNAIL)

    async def delete(self, owner: str, path: str) -> bool:
        """Take one object out of the library and out of storage; False when it was not there. Raises `NotFound`."""
        deleted = await self._delete(owner, _whole(owner, path))
        if deleted is not None:
            self._background.start("tell", self._outbox.tell_these([deleted]))
        return deleted is not None

    async def remove(self, owner: str, path: str) -> None:
        """Do the same, and return when it was told. Raises `NotFound`, `LogUnavailable`."""
        deleted = await self._delete(owner, _whole(owner, path))
        if deleted is not None:
            await self._outbox.tell_these([deleted])

    async def _delete(self, owner: str, path: str) -> StoredEvent | None:
        garbage, event_id = (path, derived_prefix(path)), new_id()

        async def work(connection: AsyncConnection) -> StoredEvent | None:
            if not await self._media.delete(connection, path):
                return None
            await self._janitor.note(connection, garbage, timedelta())
            return await self._announcer.media_deleted(connection, owner, path, event_id)

        deleted = await self._database.transaction(work, recall=lambda tx: self._events.get(tx, event_id))
        if deleted is not None:
            await self._janitor.try_to_remove(garbage)
        return deleted

    async def delete_many(self, owner: str, paths: Sequence[str]) -> Sequence[bool]:
        """Delete each path; which of them there were."""
        results = []
        for path in paths:
            try:
                results.append(await self.delete(owner, path))
            except NotFound:
                results.append(False)
        return results

    async def forget_everything(self) -> None:
        """Empty every library after a store that lived in a process died with it: no dead link stays behind."""

        async def work(connection: AsyncConnection) -> None:
            sources = await self._media.delete_everything(connection)
            await self._events.replace_payloads(
                connection, [_emptied(job_id, source) for job_id, source in sources.items()]
            )

        await self._database.transaction(work)


def _emptied(job_id: str, source: str) -> tuple[str, str, str]:
    """The end of a job whose results are lost: its id, the event's name, and what it says from now on."""
    if source == "upload":
        return job_id, "upload_complete", payload_of(UploadComplete(job_id=job_id, result=None))
    complete = GenerationComplete(job_id=job_id, result=GenerationResult(media=[], failures=[]))
    return job_id, "generation_complete", payload_of(complete)


def _whole(owner: str, path: str) -> str:
    try:
        return owned(owner, path)
    except PathEscapes as error:
        raise NotFound("there is no such object in your library") from error
