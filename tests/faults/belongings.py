"""Whether every stored object belongs to a row, and every row has its objects."""

import asyncio

from jobs.library import THUMBNAIL
from storage.paths import derived
from tests.faults.fleet import STORE, Fleet

TIDY_SECONDS = 30


async def check_storage(fleet: Fleet) -> None:
    """Nothing that a row owns is missing, and nothing else is there once the garbage is gone."""
    async with asyncio.timeout(TIDY_SECONDS):
        while (stored := stored_in(fleet)) != (owned := owned_by(fleet)):
            assert owned <= stored, owned - stored
            await asyncio.sleep(0.2)


def stored_in(fleet: Fleet) -> set[str]:
    """The paths of all objects."""
    if fleet.bucket is not None:
        return fleet.bucket.bucket.names
    root = fleet.directory / STORE / "meta"
    files = [file for file in root.rglob("*") if file.is_file() and not file.name.startswith(".")]
    return {str(file.relative_to(root)).replace("+/", "/") for file in files}


def owned_by(fleet: Fleet) -> set[str]:
    """The paths that the library has, and those of uploads that are complete and not verified yet."""
    with fleet.database() as connection:
        media = connection.execute("SELECT path, thumbnail_key IS NOT NULL FROM media").fetchall()
        incoming = connection.execute(
            "SELECT incoming_path FROM upload JOIN job ON job.id = job_id"
            " WHERE stored_bytes IS NOT NULL AND status IN ('queued', 'running', 'cancelling')"
        ).fetchall()
    thumbnails = {derived(path, THUMBNAIL) for path, has_thumbnail in media if has_thumbnail}
    return {path for path, _ in media} | thumbnails | {path for (path,) in incoming}
