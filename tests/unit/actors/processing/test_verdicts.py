"""What the parent makes of its child's words and of its child's end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.children import (
    ChildDied,
    ChildError,
    ChildFailed,
    ChildNotStarted,
    ChildPool,
    ChildTimedOut,
    Limits,
    PoolClosed,
)
from actors.processing.bounds import Bounds
from actors.processing.verification import ContentRefused, Verified, verify_upload
from tests.unit.actors.processing import samples


class Scripted(ChildPool):
    """A pool whose children say what they are told to, then end by raising, if at all."""

    def __init__(
        self, *messages: dict[str, Any], end: ChildError | None = None, start: ChildError | None = None
    ) -> None:
        super().__init__(limit=1)
        self._script = messages
        self._end = end
        self._start_error = start

    @asynccontextmanager
    async def run(
        self, function: str, arguments: Mapping[str, Any], *, limits: Limits | None = None
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        if self._start_error:
            raise self._start_error
        yield self._say()

    async def _say(self) -> AsyncIterator[dict[str, Any]]:
        for message in self._script:
            yield message
        if self._end:
            raise self._end


def result(directory: Path, **changes: Any) -> dict[str, Any]:
    honest = {
        "content_type": "image/png",
        "kind": "image",
        "width": 3,
        "height": 4,
        "duration_seconds": None,
        "size": 4,
        "sha256": "a" * 64,
        "file": str(directory / "upload"),
        "thumbnail": "UklGRg==",
        "poster": None,
        "placeholder": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
    }
    return {"result": honest | changes}


async def verify(pool: ChildPool, directory: Path) -> Verified:
    file = samples.write(directory, b"data")
    return await verify_upload(pool, file, "image/png", Bounds(), directory, lambda *_: None)


async def test_an_honest_result_is_taken(tmp_path: Path) -> None:
    verified = await verify(Scripted({"verified": 4, "size": 4}, result(tmp_path)), tmp_path)

    assert (verified.width, verified.height, verified.file) == (3, 4, tmp_path / "upload")


async def test_a_refusal_is_passed_on_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(ContentRefused) as caught:
        await verify(Scripted({"refused": "codec", "cause": "why"}), tmp_path)

    assert (caught.value.reason, caught.value.cause) == ("codec", "why")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"verified": 5, "size": 4},
        {"verified": "5", "size": 4},
        {"refused": "an invented reason", "cause": ""},
        {"refused": "codec"},
        {"result": []},
        {"result": {}},
    ],
)
async def test_a_child_that_says_nonsense_has_a_refused_file(tmp_path: Path, message: dict[str, Any]) -> None:
    with pytest.raises(ContentRefused, match="malformed"):
        await verify(Scripted(message), tmp_path)


async def test_a_child_that_says_nothing_has_a_refused_file(tmp_path: Path) -> None:
    with pytest.raises(ContentRefused, match="malformed"):
        await verify(Scripted(), tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "/etc/passwd"},
        {"file": "upload"},
        {"thumbnail": ""},
        {"thumbnail": "UklGRg"},
        {"thumbnail": "UklG\nRg=="},
        {"thumbnail": None},
        {"poster": "{}/../elsewhere"},
        {"file": "{}/link"},
        {"size": 5},
        {"size": -1},
        {"width": 0},
        {"height": 10**9},
        {"content_type": "text/html"},
        {"content_type": "image/gif"},
        {"kind": "page"},
        {"sha256": "short"},
        {"duration_seconds": float("nan")},
        {"placeholder": "<script>"},
        {"extra": 1},
    ],
)
async def test_a_result_that_a_seized_child_might_send_is_not_believed(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    placed = {key: each.format(tmp_path) if isinstance(each, str) else each for key, each in changes.items()}

    with pytest.raises(ContentRefused, match="malformed"):
        await verify(Scripted(result(tmp_path, **placed)), tmp_path)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (ChildDied(-9), "child_died"),
        (ChildDied(-11), "child_died"),
        (ChildTimedOut(-9), "timeout"),
        (ChildFailed("MemoryError", ""), "memory"),
        (ChildFailed("ProtocolError", "the child sent what is no message"), "malformed"),
    ],
)
async def test_a_childs_end_that_its_file_may_have_caused_is_a_refusal(
    tmp_path: Path, end: ChildError, reason: str
) -> None:
    with pytest.raises(ContentRefused) as caught:
        await verify(Scripted({"verified": 1, "size": 4}, end=end), tmp_path)

    assert caught.value.reason == reason


@pytest.mark.parametrize("start", [ChildNotStarted("out of memory"), PoolClosed("closed")])
async def test_a_child_that_did_not_start_says_nothing_of_the_file(tmp_path: Path, start: ChildError) -> None:
    with pytest.raises(type(start)):
        await verify(Scripted(start=start), tmp_path)


@pytest.mark.parametrize("type_name", ["OSError", "ModuleNotFoundError", "ImportError"])
async def test_a_child_that_could_not_work_says_nothing_of_the_file(tmp_path: Path, type_name: str) -> None:
    with pytest.raises(ChildFailed):
        await verify(Scripted(end=ChildFailed(type_name, "no space left on device")), tmp_path)


async def test_a_child_killed_at_shutdown_says_nothing_of_the_file(tmp_path: Path) -> None:
    pool = Scripted({"verified": 1, "size": 4}, end=ChildDied(-9))
    await pool.close()

    with pytest.raises(PoolClosed):
        await verify(pool, tmp_path)
