"""The screen shows the newest picture, keeps one at a time, and never stands in the way of the work."""

import pytest

from actors.middleware.progress import ProgressReporter
from actors.screen import MOST_BYTES, Screen
from jobs.database import DatabaseUnavailable
from storage.store import StorageUnavailable
from tests.unit.actors.fakes import FakeLeases, FakePreviews, make_lease
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)


async def test_a_new_picture_replaces_the_one_before_it_and_the_last_goes_with_the_run() -> None:
    leases, previews = FakeLeases(), FakePreviews()
    reporter = ProgressReporter(leases, Screen(previews))
    async with reporter.telling(make_lease(), lambda: True):
        for count in (1, 2):
            reporter.preview(PICTURE, "image/png")
            await leases.until_told(1 + count)

    assert previews.done == ["begin", "put 1", "put 2", "remove 1", "remove 2"]
    assert leases.shown == ["url of 1", "url of 2"]


async def test_of_pictures_that_come_at_once_the_newest_is_shown() -> None:
    leases, previews = FakeLeases(), FakePreviews()
    reporter = ProgressReporter(leases, Screen(previews))
    async with reporter.telling(make_lease(), lambda: True):
        for _ in range(100):
            reporter.preview(PICTURE, "image/png")

    assert previews.done == ["begin", "put 1", "remove 1"]


async def test_later_steps_show_the_picture_too() -> None:
    leases, previews = FakeLeases(), FakePreviews()
    reporter = ProgressReporter(leases, Screen(previews))
    async with reporter.telling(make_lease(), lambda: True):
        reporter.preview(PICTURE, "image/png")
        reporter.units(1, 2, "half")

    assert leases.told[1:] == [(None, None), (50.0, "half")]
    assert leases.shown == ["url of 1", "url of 1"]


async def test_an_output_is_shown_while_others_are_to_come() -> None:
    leases = FakeLeases()
    reporter = ProgressReporter(leases, Screen(FakePreviews()))
    async with reporter.telling(make_lease(), lambda: True):
        reporter.expect(files=2)
        reporter.units(2, 2)
        await leases.until_told(2)
        reporter.stored("a thumbnail")
        await leases.until_told(3)
        reporter.stored("another")

    assert leases.shown == [None, "url of a thumbnail", "url of a thumbnail"]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"<html>", "image/png"),
        (PICTURE, "image/jpeg"),
        (PICTURE + bytes(MOST_BYTES), "image/png"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42", "video/mp4"),
    ],
)
async def test_what_is_no_picture_or_a_huge_one_is_left_out(content: bytes, content_type: str) -> None:
    screen = Screen(FakePreviews())

    assert not screen.take(content, content_type)
    assert not screen.is_fresh


@pytest.mark.parametrize("error", [StorageUnavailable(), DatabaseUnavailable()])
async def test_what_cannot_be_stored_hinders_nothing(error: Exception) -> None:
    leases, previews = FakeLeases(), FakePreviews()

    def hinder(_done: str) -> None:
        raise error

    previews.hinder = hinder
    reporter = ProgressReporter(leases, Screen(previews))
    async with reporter.telling(make_lease(), lambda: True):
        reporter.preview(PICTURE, "image/png")
        reporter.units(1, 2)

    assert leases.told[-1] == (50.0, None)
    assert leases.shown == [None, None]
