"""Cancellation: one reason for each run, and the right run is stopped."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from actors.middleware.cancellation import Cancellation, StopSignal


@pytest.fixture
def cancellation() -> Iterator[Cancellation]:
    loop = asyncio.new_event_loop()
    yield Cancellation(loop)
    loop.close()


def message(cancellation: Cancellation) -> None:
    """A message is about to be processed in this context."""
    cancellation.before_process_message(None, None)  # type: ignore[arg-type]  # neither is looked at


def test_the_first_reason_counts() -> None:
    signal = StopSignal()

    signal.give("cancelled")
    signal.give("lost")

    assert signal.reason == "cancelled"


def test_the_work_is_stopped_once() -> None:
    signal, calls = StopSignal(), list[int]()
    signal.bind(lambda: calls.append(1))

    signal.give("cancelled")
    signal.give("released")

    assert calls == [1]


def test_a_reason_that_came_before_the_work_stops_it_at_once() -> None:
    signal, calls = StopSignal(), list[int]()
    signal.give("released")

    signal.bind(lambda: calls.append(1))

    assert calls == [1]


def test_a_job_that_runs_here_is_stopped(cancellation: Cancellation) -> None:
    message(cancellation)
    with cancellation.watch("job") as signal:
        cancellation.stop("another")
        assert signal.reason is None

        cancellation.stop("job")

        assert signal.reason == "cancelled"


def test_a_job_that_has_ended_here_is_not_known_any_more(cancellation: Cancellation) -> None:
    message(cancellation)
    with cancellation.watch("job") as signal:
        pass

    cancellation.stop("job")

    assert signal.reason is None


def test_the_end_of_an_overtaken_run_leaves_the_next_run_of_the_job_known(cancellation: Cancellation) -> None:
    with ExitStack() as later:
        message(cancellation)
        with cancellation.watch("job"):
            message(cancellation)
            signal = later.enter_context(cancellation.watch("job"))

        cancellation.stop("job")

        assert signal.reason == "cancelled"


def test_all_are_stopped_at_the_end(cancellation: Cancellation) -> None:
    with ExitStack() as stack:
        signals = []
        for job_id in ("one", "two"):
            message(cancellation)
            signals.append(stack.enter_context(cancellation.watch(job_id)))

        cancellation.stop_all("released")

    assert [signal.reason for signal in signals] == ["released", "released"]


async def test_dramatiqs_own_shutdown_gives_the_work_back_on_the_loop() -> None:
    cancellation = Cancellation(asyncio.get_running_loop())
    message(cancellation)
    with cancellation.watch("job") as signal:
        stopped = asyncio.Event()
        signal.bind(stopped.set)

        await asyncio.to_thread(shut_down(cancellation))
        await stopped.wait()

        assert signal.reason == "released"


def shut_down(cancellation: Cancellation) -> Callable[[], None]:
    return lambda: cancellation.before_worker_shutdown(None, None)  # type: ignore[arg-type]  # neither is looked at
