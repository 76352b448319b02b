"""How far a job is, on a terminal as a bar, elsewhere as lines; each number is one that the service told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from app.commands.output import printable

LINE_EVERY_PERCENT = 10


class Screen(Protocol):
    """Where a person looks."""

    def step(self, progress: float | None, message: str) -> None:
        """The job is so far, in percent; None where nobody knows."""
        ...

    def say(self, sentence: str) -> None:
        """Something that stays to be read."""
        ...


class _Percent(ProgressColumn):
    """As it was told, rounded down; nothing while it is not known."""

    def render(self, task: Task) -> Text:
        return Text("" if task.total is None else f"{int(task.completed):3d} %")


class BarScreen:
    """A bar that fills with what is done, and only moves to and fro while nothing is known."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def step(self, progress: float | None, message: str) -> None:
        total = None if progress is None else 100
        self._progress.update(self._task, description=printable(message), total=total, completed=progress or 0)

    def say(self, sentence: str) -> None:
        self._progress.console.print(Text(printable(sentence)))


class LineScreen:
    """A line for each new message, and for each ten percent."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: tuple[int | None, str] | None = None

    def step(self, progress: float | None, message: str) -> None:
        mark = (None if progress is None else int(progress / LINE_EVERY_PERCENT), message)
        if mark != self._last:
            self._last = mark
            self.say(message if progress is None else f"{int(progress):3d} % {message}")

    def say(self, sentence: str) -> None:
        self._stream.write(printable(sentence) + "\n")
        self._stream.flush()


@contextmanager
def screen_on(stream: TextIO) -> Iterator[Screen]:
    """What suits the stream; a bar is gone when the context ends."""
    if not stream.isatty():
        yield LineScreen(stream)
        return
    words = TextColumn("{task.description}", markup=False)
    console = Console(file=stream, highlight=False)
    with Progress(words, BarColumn(), _Percent(), TimeElapsedColumn(), console=console, transient=True) as progress:
        yield BarScreen(progress)
