"""The ledger of one run: what it found in the job's record, what it adds, and what must be written before going on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from jobs.job import Lease, Media
from jobs.record import TRIES_KEPT, Errand, Lack, Record, Try, record_of
from schema.problems import PROBLEMS


class Notes(Protocol):
    """Where a record is kept while the job is at work."""

    async def note(self, lease: Lease, record: Record) -> None:
        """Write it. Raises `LeaseLost`."""
        ...


class Ledger:
    """Kept by the runner. What a later attempt would not do again is in the row before anything is done after it."""

    def __init__(self, notes: Notes, lease: Lease, goes_on: Callable[[], bool] = lambda: False) -> None:
        """`goes_on` says, when the work is stopped, whether another attempt picks it up."""
        self._notes = notes
        self._lease = lease
        self._goes_on = goes_on
        self._found = self.record = record_of(lease.job)
        self._expected = 0

    @property
    def changed(self) -> Record | None:
        """The record, where it is not what was found."""
        return None if self.record == self._found else self.record

    @property
    def media(self) -> list[Media]:
        """What is stored, in the order of the outputs."""
        return sorted(self.record.outputs, key=lambda each: each.output_index)

    def expect(self, outputs: int) -> None:
        """So many will come, or will be missed."""
        self._expected = outputs

    def span(self) -> tuple[int, int] | None:
        """The first outputs in a row that are neither stored nor given up: index and count. None: there are none."""
        left = [index for index in range(self._expected) if not self.is_decided(index)]
        if not left:
            return None
        count = next((n for n, index in enumerate(left) if index != left[0] + n), len(left))
        return left[0], count

    @property
    def left(self) -> int:
        """How many outputs are neither stored nor given up."""
        return sum(not self.is_decided(index) for index in range(self._expected))

    def is_decided(self, index: int) -> bool:
        """Whether this output is stored or given up."""
        return any(each.output_index == index for each in self.record.outputs) or any(
            each.index == index for each in self.record.lacks
        )

    def forget(self, media: Media) -> None:
        """What was stored is not there any more."""
        self.record = replace(self.record, outputs=tuple(each for each in self.record.outputs if each is not media))

    async def keep(self, media: Media, cost: float | None = None) -> None:
        """An output is stored; `cost` in US dollars. Raises `LeaseLost`."""
        self.record = replace(self.record, outputs=(*self.record.outputs, media))
        self.spend(cost)
        if self.record.errand is not None:
            # Its provider will not make it again. One that notes nothing makes all of it again.
            await self._notes.note(self._lease, self.record)

    async def miss(self, index: int, code: str, message: str) -> None:
        """An output will not come. Raises `LeaseLost`."""
        self._miss(index, code, message)
        if self.record.errand is not None:
            await self._notes.note(self._lease, self.record)

    def finish(self, first: int, count: int) -> None:
        """A provider has said all that it will of these outputs: what it said nothing of will not come."""
        self.record = replace(self.record, errand=None)
        for index in range(first, first + count):
            if not self.is_decided(index):
                self._miss(index, "no_output", PROBLEMS["no_output"].title)

    def miss_the_rest(self, code: str, message: str) -> None:
        """Nothing more will come."""
        while (span := self.span()) is not None:
            self._miss(span[0], code, message)

    def _miss(self, index: int, code: str, message: str) -> None:
        self.record = replace(self.record, lacks=(*self.record.lacks, Lack(index, code, message)))

    def tried(self, model: str, code: str) -> None:
        """A model failed at it."""
        self.record = replace(self.record, tries=(*self.record.tries, Try(model, code))[-TRIES_KEPT:])

    def spend(self, cost: float | None) -> None:
        """It cost so much, in US dollars; None: nobody said."""
        if cost is not None:
            self.record = replace(self.record, cost=(self.record.cost or 0.0) + cost)

    def errand(self, model: str, first: int, count: int) -> "RunErrand":
        """The errand of a model for these outputs: the one that is noted, else a new one."""
        noted = self.record.errand
        if noted is None or (noted.model, noted.first, noted.count) != (model, first, count):
            self.record, noted = replace(self.record, errand=None), None
        return RunErrand(self, model, first, count)

    @property
    def goes_on(self) -> bool:
        """Whether another attempt picks up what this one leaves."""
        return self._goes_on()

    async def note(self, errand: Errand | None) -> None:
        """Keep the errand, or that there is none. Raises `LeaseLost`."""
        self.record = replace(self.record, errand=errand)
        await self._notes.note(self._lease, self.record)


class RunErrand:
    """Implements the providers' `Errand`. `billed` is what the provider says of the whole, in US dollars."""

    def __init__(self, ledger: Ledger, model: str, first: int, count: int) -> None:
        self._ledger = ledger
        self._model = model
        self._first = first
        self._count = count
        self.billed: float | None = None

    @property
    def id(self) -> str | None:
        """What an earlier attempt noted."""
        noted = self._ledger.record.errand
        return None if noted is None else noted.id

    @property
    def goes_on(self) -> bool:
        """Whether another attempt picks it up."""
        return self._ledger.goes_on

    async def note(self, id: str) -> None:
        """The provider accepted it. Raises `LeaseLost`."""
        await self._ledger.note(Errand(self._model, self._first, self._count, id))

    async def forget(self) -> None:
        """There is nothing to pick up. Raises `LeaseLost`."""
        await self._ledger.note(None)

    def cost(self, amount: float) -> None:
        """What it cost, in US dollars."""
        self.billed = (self.billed or 0.0) + amount
