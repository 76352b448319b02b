"""The parent's side of processing: hands a file to a limited child and turns what becomes of it into a verdict."""

from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from actors.children import ChildDied, ChildFailed, ChildPool, ChildTimedOut, Limits, PoolClosed
from actors.processing.bounds import Bounds
from actors.processing.refusal import REASONS

log = structlog.get_logger()

MEBIBYTE = 1 << 20

# Measured, address space at its peak and processor time: 100 megapixels as a PNG with alpha 1,700 MiB and 10 s, as a
# WebP on its side 1,860 MiB and 10 s; a 1.9 GB video 440 MiB and 12 s. `wall_seconds` allows for a busy machine.
UPLOAD_LIMITS = Limits(
    memory_bytes=2560 * MEBIBYTE,
    cpu_seconds=120,
    file_bytes=2304 * MEBIBYTE,
    open_files=64,
    wall_seconds=600,
)

# Nobody who wants to do harm has made it: one after the other in a process that is there already, which costs a tenth.
OUTPUT_LIMITS = replace(UPLOAD_LIMITS, is_apart=False)

# How the child says, other than by a refusal, that the file is too much for it or has taken it over.
CONTENT_FAILURES = frozenset({"MemoryError", "RecursionError", "ProtocolError"})


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004  # the one that pydantic expects
    return b64decode(text, validate=True)


Pixels = Annotated[int, Field(ge=1, le=1_000_000)]
Picture = Annotated[bytes, BeforeValidator(_decoded), Field(min_length=1)]


class ContentRefused(Exception):
    """The file is not what it was declared to be, or not acceptable. `reason` is one short machine word."""

    def __init__(self, reason: str, cause: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


class Verified(BaseModel):
    """What the library needs to know of a file. `width` and `height` are pixels as displayed, `size` bytes of `file`.

    `file` is the one to keep: the one that was given, or a clean one in the scratch directory. `sha256` is in
    hexadecimal, `thumbnail` a WebP, `placeholder` a ThumbHash in base64. Only videos have a `poster` and
    `duration_seconds`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    content_type: str
    kind: Literal["image", "video"]
    width: Pixels
    height: Pixels
    duration_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    file: Path
    thumbnail: Picture
    poster: Path | None
    placeholder: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{6,60}={0,2}$")]


async def verify_upload(
    pool: ChildPool,
    file: Path,
    content_type: str,
    bounds: Bounds,
    scratch: Path,
    on_verified: Callable[[int, int], None],
    *,
    keep_metadata: bool = False,
    limits: Limits = UPLOAD_LIMITS,
) -> Verified:
    """Judge an untrusted file in a child of its own, telling `on_verified` of bytes read and of their total.

    Raises `ContentRefused` for whatever is the file's fault: the child's verdict, its death, its running out of time
    or memory. Raises another `ChildError` when nothing is known of the file, and another try may well succeed: the
    child did not start (`ChildNotStarted`), the pool was closed (`PoolClosed`), the disk is full (`ChildFailed`).
    `scratch` must be an empty directory of this upload's own, or one with `file` alone.
    """
    arguments = {"file": file, "content_type": content_type, "bounds": bounds, "scratch": scratch}
    task = _arguments(arguments) | {"keep_metadata": keep_metadata}
    verified = await _judged(pool, "actors.processing.verify:process_upload", task, limits, on_verified)
    if verified.content_type != content_type:
        raise ContentRefused("malformed", "content_type")
    return verified


async def describe_generated(
    pool: ChildPool,
    file: Path,
    content_type: str,
    scratch: Path,
    *,
    bounds: Bounds = Bounds(),  # noqa: B008  # frozen
    limits: Limits = OUTPUT_LIMITS,
) -> Verified:
    """Measure and preview a generated file, which is kept as it is; `content_type` comes back as it really is.

    Raises as `verify_upload` does: a damaged output is `ContentRefused`.
    """
    arguments = {"file": file, "content_type": content_type, "bounds": bounds, "scratch": scratch}
    task = _arguments(arguments)
    return await _judged(pool, "actors.processing.verify:describe_output", task, limits, lambda *_: None)


def _arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(values) | {
        "file": str(values["file"].absolute()),
        "scratch": str(values["scratch"].absolute()),
        "bounds": asdict(values["bounds"]),
    }


async def _judged(
    pool: ChildPool,
    function: str,
    task: Mapping[str, Any],
    limits: Limits,
    on_verified: Callable[[int, int], None],
) -> Verified:
    """Where a child's end becomes a verdict: the one mapping of `ChildError` to `ContentRefused`."""
    try:
        async with pool.run(function, task, limits=limits) as messages:
            result = await _result(messages, task["content_type"], on_verified)
    except ChildTimedOut as exc:
        raise ContentRefused("timeout") from exc
    except ChildDied as exc:
        if pool.closed:  # it was killed because this process is ending
            raise PoolClosed("the pool of child processes is closed") from exc
        raise ContentRefused("child_died", str(exc)) from exc
    except ChildFailed as exc:
        if exc.type_name not in CONTENT_FAILURES:
            raise
        raise ContentRefused("memory" if exc.type_name == "MemoryError" else "malformed", exc.type_name) from exc
    return _checked(result, task)  # its process is gone, and can change no file any more


async def _result(
    messages: AsyncIterator[dict[str, Any]], content_type: str, on_verified: Callable[[int, int], None]
) -> Mapping[str, Any]:
    """What the child found. It may have been taken over by the file: nothing it says is believed unseen."""
    found: Mapping[str, Any] | None = None
    async for message in messages:
        match message:
            case _ if found is not None:
                raise ContentRefused("malformed", "more than a verdict")
            case {"verified": int(done), "size": int(total)} if 0 <= done <= total:
                on_verified(done, total)
            case {"refused": str(reason), "cause": str(cause)} if reason in REASONS:
                log.info("content_refused", reason=reason, cause=cause[:200], content_type=content_type)
                raise ContentRefused(reason, cause)
            case {"result": dict(result)}:
                # Read on: the end of the messages is that of the process.
                found = result
            case _:
                raise ContentRefused("malformed", "unknown message")
    if found is None:
        raise ContentRefused("malformed", "no verdict")
    return found


def _checked(result: Mapping[str, Any], task: Mapping[str, Any]) -> Verified:
    """The result, if it has the right form and names files of this task alone. Raises ContentRefused otherwise."""
    try:
        verified = Verified.model_validate(result)
    except ValidationError as exc:
        raise ContentRefused("malformed", "result") from exc
    outputs = {path for path in (verified.file, verified.poster) if path}
    for path in outputs - {Path(task["file"])}:
        if path.parent != Path(task["scratch"]) or path.is_symlink() or not path.is_file():
            raise ContentRefused("malformed", "file")
    if verified.file.stat().st_size != verified.size:
        raise ContentRefused("malformed", "size")
    return verified
