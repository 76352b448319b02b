"""Events are read from bytes however these are cut."""

import pytest

from app.client.frames import MOST_CHARACTERS, Frame, FrameReader, NotAnEvent

STREAM = """retry: 2500
id: a-1
event: generation_queued
data: {"jobId":"1","queuePosition":1}

: still there

id: a-2
event: generation_progress
data: {"progress":null,
data: "message":"Schön"}

""".encode()
FRAMES = [
    Frame("generation_queued", "a-1", {"jobId": "1", "queuePosition": 1}),
    Frame("generation_progress", "a-2", {"progress": None, "message": "Schön"}),
]


@pytest.mark.parametrize("stream", [STREAM, STREAM.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + STREAM])
def test_a_cut_anywhere_changes_nothing(stream: bytes) -> None:
    for cut in range(len(stream) + 1):
        reader = FrameReader()

        assert [*reader.feed(stream[:cut]), *reader.feed(stream[cut:])] == FRAMES
        assert (reader.last_id, reader.retry_seconds) == ("a-2", 2.5)


def test_of_an_event_that_was_cut_off_not_even_the_id_counts() -> None:
    reader = FrameReader("a-0")

    assert list(reader.feed(b'id: a-1\nevent: generation_started\ndata: {"jobId":"1"}\n')) == []
    assert reader.last_id == "a-0"


@pytest.mark.parametrize("stream", [b"data: {\n\n", b"data: \xff\n\n", b"data: " + b"x" * MOST_CHARACTERS])
def test_what_is_no_event_of_this_service_is_refused(stream: bytes) -> None:
    with pytest.raises(NotAnEvent):
        list(FrameReader().feed(stream))
