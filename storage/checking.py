"""Whether the store that the settings name is set up as it has to be: what was looked at, and what to change."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from schema.settings import Settings
from storage.files import FileStore
from storage.finding import Finding
from storage.opening import file_store
from storage.signing import UrlSigner
from storage.store import StorageError

GIBIBYTE = 2**30
COPIES = 2
"""What arrived and the clean file lie beside each other until the upload is in the library."""


async def check_store(settings: Settings, origins: Sequence[str], clock: Callable[[], datetime]) -> list[Finding]:
    """Look at the store, for browsers whose pages are of these `origins`. Raises `SettingsError`, and nothing else."""
    if settings.gcs_bucket is not None:
        # Loaded where it is needed alone, as the store itself.
        from storage.gcs_checking import check_bucket  # noqa: PLC0415

        return await check_bucket(settings, origins, clock)
    if settings.storage_dir is not None:
        return await _check_directory(settings, settings.storage_dir, clock)
    size = settings.storage_memory_bytes / GIBIBYTE
    text = f"media are in memory, up to {size:.1f} GiB, and gone with the process; STORAGE_DIR or GCS_BUCKET keep them"
    return [Finding("store", is_right=True, text=text)]


async def _check_directory(settings: Settings, directory: Path, clock: Callable[[], datetime]) -> list[Finding]:
    # Nothing is signed here, so that the key of the service, and whose file it is, stays the service's business.
    store = file_store(directory, UrlSigner(b"nothing is signed with it", "http://localhost", clock), clock)
    try:
        return [await _writable(store, directory), await _room(directory, settings.max_video_bytes)]
    finally:
        await store.close()


async def _writable(store: FileStore, directory: Path) -> Finding:
    try:
        await store.check()
    except StorageError as error:
        return Finding("store", is_right=False, text=f"let this user write in {directory} (STORAGE_DIR): {error}")
    return Finding("store", is_right=True, text=f"{directory} can be written")


async def _room(directory: Path, largest_bytes: int) -> Finding:
    free, needed = (await asyncio.to_thread(shutil.disk_usage, directory)).free, COPIES * largest_bytes
    if free < needed:
        text = f"free {needed / GIBIBYTE:.1f} GiB, twice MAX_VIDEO_BYTES: there are {free / GIBIBYTE:.1f} GiB"
        return Finding("room", is_right=False, text=text)
    return Finding("room", is_right=True, text=f"{free / GIBIBYTE:.1f} GiB are free")
