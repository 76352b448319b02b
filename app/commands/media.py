"""`media`: lists what the libraries of all users hold."""

from argparse import Namespace

from app.commands.operating import moment_text, operate
from app.commands.output import JsonLine, print_json, print_table
from jobs.job import Media
from jobs.operating import Operator
from schema.settings import Settings

HEADINGS = ("path", "id", "source", "type", "bytes", "pixels", "seconds", "created (UTC)")


def run(settings: Settings, options: Namespace) -> int:
    """List them. Raises `SettingsError`."""
    return operate(settings, lambda operator: _list(operator, options))


async def _list(operator: Operator, options: Namespace) -> None:
    media = await operator.media(
        owner=options.user, kind=options.kind, source=options.source, before=options.before, limit=options.limit
    )
    if options.json:
        print_json(map(_json, media))
    else:
        print_table(HEADINGS, map(_row, media))


def _row(media: Media) -> tuple[str, ...]:
    return (
        media.path,
        media.id,
        media.source,
        media.content_type,
        str(media.size),
        f"{media.width}x{media.height}" if media.width and media.height else "",
        f"{media.duration_seconds:g}" if media.duration_seconds else "",
        moment_text(media.created_at),
    )


def _json(media: Media) -> JsonLine:
    """An object by the names that the API uses, without its prompt, and without the URL that opens it."""
    return {
        "id": media.id,
        "path": media.path,
        "owner": media.owner,
        "kind": media.kind,
        "source": media.source,
        "contentType": media.content_type,
        "size": media.size,
        "width": media.width,
        "height": media.height,
        "durationSeconds": media.duration_seconds,
        "sha256": media.sha256,
        "jobId": media.job_id,
        "model": media.model,
        "seed": media.seed,
        "createdAt": media.created_at.isoformat(),
    }
