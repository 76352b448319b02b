"""The record of a job: what its attempts left for the next one, and what its owner is told of them."""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from jobs.job import Job, Media

TRIES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Errand:
    """The provider's own job, by the `id` that `model`'s adapter noted: for `count` outputs from `first` on."""

    model: str
    first: int
    count: int
    id: str


@dataclass(frozen=True, slots=True)
class Try:
    """A model that was tried, and the code of its failure."""

    model: str
    code: str


@dataclass(frozen=True, slots=True)
class Lack:
    """An output that will not come; `code` is from the catalogue."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """Kept in the job's row. `outputs` are stored and in no library yet; `cost` in US dollars, None: nobody said."""

    errand: Errand | None = None
    outputs: tuple[Media, ...] = ()
    lacks: tuple[Lack, ...] = ()
    tries: tuple[Try, ...] = ()
    cost: float | None = None

    def of_the_end(self) -> "Record":
        """What stays when the job has ended: nobody picks anything up any more."""
        return replace(self, errand=None, outputs=())


_JSON = TypeAdapter(Record)
_NOTHING = Record()


def record_of(job: Job) -> Record:
    """What the job's row has; nothing where nothing was noted."""
    return _NOTHING if job.record is None else _JSON.validate_python(job.record)


def dump_record(record: Record) -> dict[str, Any] | None:
    """As the row keeps it."""
    if record == _NOTHING:
        return None
    dumped: dict[str, Any] = _JSON.dump_python(record, mode="json", exclude_defaults=True)
    return dumped
