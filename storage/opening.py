"""Opening the store that the settings name, and closing it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import structlog

from schema.settings import Settings, SettingsError
from storage.files import FileStore
from storage.memory import MemoryStore
from storage.own import Owned
from storage.secrets import kept_secret
from storage.signing import UrlSigner
from storage.store import StorageError, Store

log = structlog.get_logger(__name__)

TIDY_SECONDS = 3600.0
ANSWER_SECONDS = 1.5
"""How long a store elsewhere may be silent where somebody waits for an answer, which has to come within two seconds."""
WORK_SECONDS = 60.0
"""The same in a process that works on jobs, which would be begun again."""
SECRET_NAME = "storage-secret"  # noqa: S105  # a file's name


@asynccontextmanager
async def open_store(
    settings: Settings, base_url: str, clock: Callable[[], datetime], *, patience_seconds: float = ANSWER_SECONDS
) -> AsyncIterator[tuple[Store, Owned | None]]:
    """The store, and the same again where it is one whose URLs lead to `base_url`. Raises `SettingsError`."""
    if settings.gcs_bucket is not None:
        # Loaded where it is needed alone: an HTTP client and Google's credentials.
        from storage.gcs_opening import gcs_store_of  # noqa: PLC0415

        bucket = gcs_store_of(settings, clock, patience_seconds=patience_seconds)
        try:
            yield bucket, None
        finally:
            await bucket.close()
        return
    signer = UrlSigner(signing_key(settings), base_url, clock)
    if settings.storage_dir is None:
        memory = MemoryStore(signer, max_total_bytes=settings.storage_memory_bytes, clock=clock)
        yield memory, (memory, signer)
        return
    files = file_store(settings.storage_dir, signer, clock)
    tidying = asyncio.create_task(_tidy(files), name="tidy")
    try:
        yield files, (files, signer)
    finally:
        tidying.cancel()
        await asyncio.wait([tidying])
        await files.close()


async def _tidy(store: FileStore) -> None:
    """Look after what crashes and expired sessions leave, for as long as the store is open."""
    while True:
        try:
            await store.tidy()
        except StorageError as error:
            log.info("tidying_incomplete", error=type(error).__name__)
        await asyncio.sleep(TIDY_SECONDS)


def signing_key(settings: Settings) -> bytes:
    """What /storage/ URLs are signed with: a key made once is kept where all who share the store find it."""
    if settings.storage_secret is not None:
        return settings.storage_secret.get_secret_value().encode()
    return kept_secret(settings.storage_dir or settings.data_dir, SECRET_NAME).encode()


def file_store(directory: Path, signer: UrlSigner, clock: Callable[[], datetime]) -> FileStore:
    """The store below a directory, which is made where it is missing. Raises `SettingsError`."""
    try:
        return FileStore(directory, signer, clock=clock)
    except OSError as error:
        raise SettingsError(f"STORAGE_DIR: {error.strerror or error}") from error
