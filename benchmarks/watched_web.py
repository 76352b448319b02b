"""A web process that says on its standard error how long each collection of garbage took; SIGUSR1 makes a full one."""

import gc
import json
import signal
import sys
import time

gc.disable()

from app.cli import main  # noqa: E402  # as `app/__main__.py` has it

FULL = 2


class Watch:
    """Called by the collector, before and behind each collection."""

    def __init__(self) -> None:
        self._begun = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._begun = time.perf_counter()
        elif info["generation"] == FULL:
            took = 1000 * (time.perf_counter() - self._begun)
            print(json.dumps({"event": "collected", "ms": round(took, 2)}), file=sys.stderr, flush=True)  # noqa: T201  # for whoever watches


if __name__ == "__main__":
    gc.callbacks.append(Watch())
    signal.signal(signal.SIGUSR1, lambda *_: gc.collect())
    sys.exit(main())
