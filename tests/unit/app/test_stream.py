"""One stream: what is held, what is told, and in how many writes."""

import asyncio

import pytest

from app.sse.frames import COMMENT, chunk
from app.sse.stream import Stream
from jobs.eventlog import with_id
from tests.unit.app.streams import (
    EPOCH,
    LATER_EPOCH,
    FakeTransport,
    event_id,
    make_batch,
    make_entry,
    make_metrics,
    make_stream,
)


async def turn() -> None:
    """Let the loop do what it was asked to do soon."""
    await asyncio.sleep(0)


def plain(*numbers: int) -> bytes:
    return b"".join(make_entry(number).frame for number in numbers)


def test_a_frame_begins_with_its_id() -> None:
    assert make_entry(7).frame == b"id: %b\nevent: note\ndata: xx\n\n" % event_id(7).encode()


def test_a_batch_is_its_frames_in_one_chunk() -> None:
    batch = make_batch(1, 2)

    assert batch.plain == plain(1, 2)
    assert batch.chunked == chunk(plain(1, 2))


def test_an_id_with_an_empty_line_tells_nothing_but_itself() -> None:
    assert with_id(event_id(1), b"\n") == b"id: %b\n\n" % event_id(1).encode()


def test_a_chunk_says_its_length_in_hexadecimal() -> None:
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


async def test_a_held_stream_writes_nothing() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)

    stream.take(make_batch(1))
    stream.comment()
    await turn()

    assert transport.writes == []


async def test_what_was_held_is_told_when_the_stream_goes_live() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.take(make_batch(1))
    stream.take(make_batch(2))

    stream.go_live()
    stream.take(make_batch(3))

    assert transport.writes == [plain(1, 2), plain(3)]


async def test_what_was_read_meanwhile_is_not_told_twice() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    for number in (1, 2, 3):
        stream.take(make_batch(number))
    assert stream.admit(make_entry(1))
    assert stream.admit(make_entry(2))

    stream.go_live()
    await turn()

    assert transport.written == plain(3)


async def test_all_frames_of_a_batch_go_in_one_write() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.go_live()

    written = stream.take(make_batch(1, 2, 3, 4)), stream.take(make_batch(5))

    assert transport.writes == [plain(1, 2, 3, 4), plain(5)]
    assert written == (4, 1)


async def test_a_batch_of_which_the_client_has_a_part_is_told_in_part() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.go_live()
    stream.take(make_batch(1, 2))

    written = stream.take(make_batch(2, 3))

    assert written == 1
    assert transport.writes == [plain(1, 2), plain(3)]


async def test_frames_are_chunked_for_http_1_1() -> None:
    transport = FakeTransport()
    stream = make_stream(transport, is_chunked=True)
    stream.go_live()

    stream.take(make_batch(1))
    stream.comment()
    await turn()
    stream.comment()

    assert transport.written == chunk(plain(1)) + chunk(COMMENT) + chunk(COMMENT)


async def test_nothing_is_told_that_is_not_newer() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.go_live()

    for number in (2, 1, 2, 3):
        stream.take(make_batch(number))
    await turn()

    assert transport.written == plain(2, 3)


async def test_another_job_is_not_told_but_moves_the_stream_on() -> None:
    transport = FakeTransport()
    stream = make_stream(transport, job_id="job")
    stream.go_live()

    stream.take(make_batch(1, job_id="other"))
    await turn()

    assert transport.writes == []
    assert stream.last == event_id(1)


async def test_a_jobs_stream_ends_behind_its_terminal_event() -> None:
    transport = FakeTransport()
    stream = make_stream(transport, job_id="job", ends_with_job=True)
    stream.go_live()

    stream.take(make_batch(1, job_id="other", is_terminal=True))
    stream.take(make_batch(2, is_terminal=True))
    await asyncio.wait_for(stream.finished, 1)
    stream.take(make_batch(3))
    await turn()

    assert transport.written == make_entry(2, is_terminal=True).frame


async def test_a_stream_of_everything_goes_on_behind_a_terminal_event() -> None:
    stream = make_stream(FakeTransport())
    stream.go_live()

    stream.take(make_batch(1, is_terminal=True))
    await turn()

    assert not stream.finished.done()


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    transport, metrics = FakeTransport(), make_metrics()
    stream = make_stream(transport, metrics, limit=1000)
    stream.go_live()
    transport.unsent = 1001

    stream.take(make_batch(1))
    await turn()

    assert transport.is_aborted
    assert transport.writes == []
    assert stream.finished.done()
    assert metrics.dropped._value.get() == 1


async def test_a_client_at_the_limit_is_still_served() -> None:
    transport = FakeTransport()
    stream = make_stream(transport, limit=1000)
    stream.go_live()
    transport.unsent = 1000

    stream.take(make_batch(1))
    await turn()

    assert transport.written == plain(1)


async def test_what_is_held_is_bounded_too_and_what_is_missed_is_known() -> None:
    transport = FakeTransport()
    stream = make_stream(transport, limit=1000)

    for number in range(1, 10):
        stream.take(make_batch(number, size=200))

    assert not transport.is_aborted
    assert stream.is_behind
    stream.keep()
    assert not stream.is_behind


async def test_keeping_again_starts_to_count_anew() -> None:
    transport = FakeTransport()
    stream = make_stream(transport, limit=1000)
    for number in (1, 3, 5):
        stream.take(make_batch(number, size=300))
        stream.take(make_batch(number + 1, size=300))
        assert not stream.is_behind
        stream.go_live()
        stream.hold()
        stream.keep()

    assert len(transport.writes) == 3


async def test_what_comes_before_a_streams_turn_to_read_is_not_kept() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.go_live()

    stream.hold()
    stream.take(make_batch(1))
    was_behind = stream.is_behind
    stream.keep()
    stream.take(make_batch(2))
    is_behind = stream.is_behind
    stream.go_live()

    assert (was_behind, is_behind) == (True, False)
    assert transport.written == plain(2)


async def test_finishing_tells_first_what_was_taken() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.go_live()
    stream.take(make_batch(1))

    stream.finish()
    stream.finish()

    assert transport.writes == [plain(1)]
    assert stream.finished.done()


async def test_the_end_of_a_chunked_stream_is_told_and_the_connection_closed() -> None:
    transport = FakeTransport()
    stream = make_stream(transport, is_chunked=True)

    stream.finish()

    assert transport.written == b"0\r\n\r\n"
    assert transport.is_closing()


async def test_a_stream_that_ends_before_it_has_a_connection_says_nothing() -> None:
    stream = Stream(make_metrics(), is_chunked=True, job_id=None, ends_with_job=False, limit=1000)

    stream.finish()

    assert stream.is_finished
    assert stream.finished.done()


async def test_a_lost_connection_ends_the_stream_and_tells_whoever_keeps_it() -> None:
    ends: list[str] = []
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.on_finish = lambda: ends.append("ended")
    transport.close()

    stream.connection_lost(None)
    stream.connection_lost(None)

    assert ends == ["ended"]
    assert transport.writes == []


async def test_a_replay_waits_for_a_client_that_is_slow_to_read() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    stream.pause_writing()

    sending = asyncio.create_task(stream.send(b"page"))
    await turn()
    was_done = sending.done()
    stream.resume_writing()
    await sending

    assert transport.writes == [b"page"]
    assert not was_done


async def test_a_replay_to_a_client_that_left_fails() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)
    transport.close()

    with pytest.raises(ConnectionResetError):
        await stream.send(b"page")


async def test_a_closed_connection_ends_the_stream_without_a_write() -> None:
    transport, metrics = FakeTransport(), make_metrics()
    stream = make_stream(transport, metrics)
    stream.go_live()
    transport.close()

    stream.take(make_batch(1))
    await turn()

    assert stream.finished.done()
    assert metrics.dropped._value.get() == 0


@pytest.mark.parametrize(("epoch", "is_behind"), [(EPOCH, False), (LATER_EPOCH, True)])
async def test_a_stream_that_holds_a_frame_of_another_log_is_behind(epoch: str, is_behind: object) -> None:
    stream = make_stream(FakeTransport())

    stream.take(make_batch(1, epoch=epoch))

    assert stream.is_behind is is_behind


async def test_a_frame_of_another_log_is_not_told() -> None:
    transport = FakeTransport()
    stream = make_stream(transport)

    stream.take(make_batch(1, epoch=LATER_EPOCH))
    stream.take(make_batch(2))
    stream.go_live()
    was_taken = stream.take(make_batch(3, epoch=LATER_EPOCH))

    assert transport.written == plain(2)
    assert was_taken is None
