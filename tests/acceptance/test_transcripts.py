"""Golden transcripts: what the service sends in some stories, kept for the tests of the front end's client.

The kept ones are written with RECORD_TRANSCRIPTS=1, without what differs from run to run. Each run of these tests tells
the stories again and fails when an event has another name, another place, or other members.
"""

import json
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.acceptance.process import ROOT
from tests.acceptance.sse import Event, EventStream
from tests.acceptance.uploading import PNG, opened
from tests.unit.actors.processing.samples import sample_of

KEPT = ROOT / "frontend" / "realtime" / "test" / "transcripts"
IS_RECORDING = os.environ.get("RECORD_TRANSCRIPTS") == "1"

Story = Callable[[Client, EventStream], Awaitable[list[Event]]]


async def generation(alice: Client, stream: EventStream) -> list[Event]:
    """Two pictures are made."""
    await alice.generate(prompt="a lighthouse at dusk", n=2, seed=7)
    return await stream.until("generation_complete")


async def cancellation(alice: Client, stream: EventStream) -> list[Event]:
    """A job at work is cancelled."""
    job_id = await alice.generate(prompt="a forest in the fog", width=2048, height=2048, seed=7)
    events = await stream.until("generation_progress")
    await alice.post(f"/jobs/{job_id}/cancel")
    return events + await stream.until("generation_failed")


async def upload(alice: Client, stream: EventStream) -> list[Event]:
    """A picture is uploaded, and deleted again."""
    going = await opened(alice, size=len(sample_of(PNG)))
    await going.put(sample_of(PNG))
    await going.complete()
    events = await stream.until("upload_complete")
    await alice.delete(f"/{going.path}")
    return events + await stream.until("media_deleted")


async def refusal(alice: Client, stream: EventStream) -> list[Event]:
    """What is no picture is uploaded as one."""
    going = await opened(alice)
    await going.put(b"<html>")
    await going.complete()
    return await stream.until("upload_failed")


STORIES: tuple[Story, ...] = (generation, cancellation, upload, refusal)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_the_kept_transcript_tells_what_the_service_tells(alice: Client, story: Story) -> None:
    async with alice.stream() as stream:
        events = await stream.until("snapshot")
        events += await story(alice, stream)

    check(story.__name__, transcript_of(events, alice))


async def test_the_kept_transcript_of_a_gap_tells_what_the_service_tells(alice: Client) -> None:
    await alice.picture(prompt="a red kite", seed=7)
    async with alice.stream() as stream:
        (first,) = await stream.until("snapshot")
    gone = re.sub("^..", "00", first.id)

    async with alice.stream(last_event_id=gone) as stream:
        events = await stream.until("snapshot")

    assert [event.name for event in events] == ["reset", "snapshot"]
    check("gap", transcript_of(events, alice))


def transcript_of(events: list[Event], client: Client) -> str:
    """The events' wire form, with names in the place of what differs from run to run."""
    text = "".join(f"id: {event.id}\nevent: {event.name}\ndata: {event.text}\n\n" for event in events)
    text = text.replace(client.base, "https://media.test").replace(client.user, "alice")
    text = numbered(r"^id: (.*)$", text, "e-{}")
    text = numbered(r"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})", text, "id-{}")
    text = numbered(r"/files/([\w-]+)", text, "key-{}")
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-01-01T00:00:00Z", text)
    text = re.sub(r'"previewURL":"[^"]+"', '"previewURL":"https://media.test/storage/preview"', text)
    text = re.sub(r'"sha256":"\w+"', f'"sha256":"{"0" * 64}"', text)
    return re.sub(r'"size":\d+', '"size":1000', text)


def numbered(pattern: str, text: str, name: str) -> str:
    """Each different thing that the pattern's group finds gets a number, in the order in which they come."""
    found = list(dict.fromkeys(match[1] for match in re.finditer(pattern, text, re.MULTILINE)))
    for number, each in enumerate(found, start=1):
        text = text.replace(each, name.format(number))
    return text


def check(name: str, told: str) -> None:
    file = KEPT / f"{name}.sse"
    if IS_RECORDING:
        file.write_text(told, encoding="utf-8")
    kept = file.read_text(encoding="utf-8")
    assert names_of(kept) == names_of(told), "RECORD_TRANSCRIPTS=1 writes it anew"
    assert members_of(kept) == members_of(told), "RECORD_TRANSCRIPTS=1 writes it anew"


def parsed(text: str) -> Iterator[tuple[str, Any]]:
    for block in text.split("\n\n")[:-1]:
        _, name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def names_of(text: str) -> list[str]:
    """The events in their order; how many of one kind follow each other is a matter of the machine's speed."""
    return [name for name, _ in groupby(name for name, _ in parsed(text))]


def members_of(text: str) -> dict[str, set[str]]:
    """Which members the payloads of each event have, at any depth."""
    found: dict[str, set[str]] = {}
    for name, data in parsed(text):
        found.setdefault(name, set()).update(paths_of(data))
    return found


def paths_of(value: Any, prefix: str = "") -> Iterator[str]:
    match value:
        case dict():
            for key, each in value.items():
                yield f"{prefix}.{key}"
                yield from paths_of(each, f"{prefix}.{key}")
        case list():
            for each in value:
                yield from paths_of(each, f"{prefix}[]")


def test_no_transcript_is_kept_that_nobody_tells() -> None:
    assert {file.stem for file in Path(KEPT).iterdir()} == {"gap", *(story.__name__ for story in STORIES)}
