"""Hosting: async actors run on an event loop that is there already, instead of on a thread of Dramatiq's own."""

import asyncio
import logging

import dramatiq
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.broker import Broker
from dramatiq.worker import Worker


class HostLoop(EventLoopThread):
    """Stands for a loop that somebody else runs; the thread that it inherits is never started."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.getLogger(__name__), interrupt_check_ival=0.5)
        # The parent made a loop that nothing will ever run.
        self.loop.close()
        self.loop = loop


class Hosting(dramatiq.Middleware):
    """Dramatiq keeps the loop in a global of its module, so all workers of a process share it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._host = HostLoop(loop)
        self._workers = 0

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        self._workers += 1
        set_event_loop_thread(self._host)

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self._workers -= 1
        if not self._workers:
            set_event_loop_thread(None)
