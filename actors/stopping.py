"""Stopping work that is under way: because its job was cancelled, its lease was lost, or the process shuts down."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Reason = Literal["cancelled", "lost", "released"]


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


class RunningJobs:
    """The jobs that this process works on, and the signal of each."""

    def __init__(self) -> None:
        self._signals: dict[str, StopSignal] = {}

    @contextmanager
    def watch(self, job_id: str) -> Iterator[StopSignal]:
        """A signal for as long as the context lasts."""
        signal = StopSignal()
        self._signals[job_id] = signal
        try:
            yield signal
        finally:
            # After a lost lease the same job may run here again already, under a signal of its own.
            if self._signals.get(job_id) is signal:
                del self._signals[job_id]

    def stop(self, job_id: str, reason: Reason = "cancelled") -> None:
        """Stop a job, if it runs here."""
        signal = self._signals.get(job_id)
        if signal is not None:
            signal.give(reason)

    def stop_all(self, reason: Reason) -> None:
        """Stop every job that runs here."""
        for signal in tuple(self._signals.values()):
            signal.give(reason)

    @property
    def count(self) -> int:
        """How many jobs run here."""
        return len(self._signals)
