"""What the child process runs: reads one untrusted file, judges it, and makes what the library needs of it."""

import hashlib
from base64 import b64encode
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from actors.processing.bounds import ACCEPTED_TYPES, IMAGE_TYPES
from actors.processing.images import process_image
from actors.processing.previews import placeholder, thumbnail, write_poster
from actors.processing.refusal import Refused, judging
from actors.processing.signatures import HEAD_BYTES, sniff
from actors.processing.task import Processed, Task

CHUNK_BYTES = 4 << 20

Message = dict[str, Any]


def process_upload(arguments: Mapping[str, Any]) -> Iterator[Message]:
    """Verify `file` to be the `content_type` it was declared to be, and clean it of private metadata.

    Takes file, content_type, bounds (the fields of `Bounds`), scratch, and optionally keep_metadata. Yields
    `{"verified": bytes, "size": bytes}` while it reads, then `{"result": {…}}` or `{"refused": reason, "cause": …}`.
    The result has content_type, kind, width, height, duration_seconds, size, sha256, file, thumbnail, poster,
    placeholder. Raises only for what is not the file's fault, such as a full disk.

    `scratch` is a directory of this task's own: `processed.*` and `poster.webp` there are written.
    """
    yield from _told(_process(Task.of(arguments, rewrites=True)))


def describe_output(arguments: Mapping[str, Any]) -> Iterator[Message]:
    """Like `process_upload` for media that were generated here: the file is kept as it is, whichever type it is of.

    Takes file, content_type, bounds, scratch. Refuses only what is damaged, or beyond `bounds`.
    """
    task = Task.of(arguments, rewrites=False)
    yield from _told(_process(replace(task, content_type=_actual_type(task.file) or task.content_type)))


def _told(work: Iterator[Message]) -> Iterator[Message]:
    """The messages of `work`; a refusal becomes the last one."""
    try:
        with judging():
            yield from work
    except Refused as refused:
        verdict: Message = {"refused": refused.reason, "cause": refused.cause}
    else:
        return
    yield verdict  # out here nothing of what was decoded is held any more


def _process(task: Task) -> Iterator[Message]:
    _check_type(task)
    size, digest = yield from _read_through(task.file)
    is_image = task.content_type in IMAGE_TYPES
    processed = process_image(task) if is_image else _process_video(task)
    if processed.file != task.file:
        size, digest = _finish(_read_through(processed.file))
    yield {"result": _result(task, processed, size, digest)}


def _process_video(task: Task) -> Processed:
    from actors.processing.videos import process_video  # noqa: PLC0415  # a picture can do without FFmpeg's 100 MiB

    return process_video(task)


def _check_type(task: Task) -> None:
    actual = _actual_type(task.file)
    if actual is None or task.content_type not in ACCEPTED_TYPES:
        raise Refused("signature")
    if actual != task.content_type:
        raise Refused("type_mismatch")


def _actual_type(file: Path) -> str | None:
    with file.open("rb") as opened:
        return sniff(opened.read(HEAD_BYTES))


def _read_through(file: Path) -> Generator[Message, None, tuple[int, str]]:
    """Yield progress while reading; return the number of bytes and their SHA-256 in hexadecimal."""
    total, done, digest = file.stat().st_size, 0, hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            yield {"verified": done, "size": total}
    return done, digest.hexdigest()


def _finish(reading: Generator[Message, None, tuple[int, str]]) -> tuple[int, str]:
    while True:
        try:
            next(reading)
        except StopIteration as end:
            size, digest = end.value
            return size, digest


def _result(task: Task, processed: Processed, size: int, digest: str) -> Message:
    is_video = processed.kind == "video"
    return {
        "content_type": task.content_type,
        "kind": processed.kind,
        "width": processed.width,
        "height": processed.height,
        "duration_seconds": processed.duration_seconds,
        "size": size,
        "sha256": digest,
        "file": str(processed.file),
        "thumbnail": b64encode(thumbnail(processed.picture)).decode(),
        "poster": str(write_poster(processed.picture, task.scratch)) if is_video else None,
        "placeholder": placeholder(processed.picture),
    }
