"""Cancellation: work is stopped when its job is cancelled or out of time, its lease lost, or the process stops."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import dramatiq
from dramatiq.broker import Broker, MessageProxy
from dramatiq.worker import Worker

Reason = Literal["cancelled", "lost", "overdue", "released"]


class StopSignal:
    """The first reason to stop one piece of work, and what to call when it comes."""

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self._stop: Callable[[], object] | None = None

    def bind(self, stop: Callable[[], object]) -> None:
        """Call `stop` when a reason comes; at once when it came already."""
        self._stop = stop
        if self.reason is not None:
            stop()

    def give(self, reason: Reason) -> None:
        """Have the work stopped; a second reason changes nothing."""
        if self.reason is None:
            self.reason = reason
            if self._stop is not None:
                self._stop()


class Cancellation(dramatiq.Middleware):
    """Gives every message a signal, and knows which job each of them is about once the actor has claimed one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._signals: dict[str, StopSignal] = {}
        self._of_message: ContextVar[StopSignal] = ContextVar("stop_signal")

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        # The worker thread's context is what the actor's coroutine starts with.
        self._of_message.set(StopSignal())

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Whatever still runs after the drain goes back to the queue; Dramatiq's threads wait for it."""
        self._loop.call_soon_threadsafe(self.stop_all, "released")

    @contextmanager
    def watch(self, job_id: str) -> Iterator[StopSignal]:
        """The current message's signal, known as this job's for as long as the context lasts."""
        signal = self._of_message.get()
        self._signals[job_id] = signal
        try:
            yield signal
        finally:
            # After a lost lease the same job may run here again already, under a signal of its own.
            if self._signals.get(job_id) is signal:
                del self._signals[job_id]

    def stop(self, job_id: str) -> None:
        """Stop a job because its owner wants it, if it runs here."""
        signal = self._signals.get(job_id)
        if signal is not None:
            signal.give("cancelled")

    def stop_all(self, reason: Reason) -> None:
        """Stop every job that runs here."""
        for signal in tuple(self._signals.values()):
            signal.give(reason)
