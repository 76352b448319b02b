"""Submitting: a job's row and its first event, once for each idempotency key and within the limits."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from jobs.announcer import Announcer
from jobs.database import Database, DatabaseUnavailable
from jobs.deadlines import deadline_of
from jobs.errors import IdempotencyKeyReused, InvalidRequest
from jobs.eventlog import json_line
from jobs.gathering import Gathering
from jobs.ids import new_id
from jobs.inputs import check_inputs
from jobs.job import Job, NewJob, StoredEvent
from jobs.policies import Limits, no_capacity, no_room
from jobs.repositories.chores import IdempotencyRepository
from jobs.repositories.entries import NO_LIMIT, Entry, EntryRepository, FirstUse, Full, Outcome
from jobs.repositories.jobs import JobRepository
from jobs.repositories.media import MediaRepository
from jobs.repositories.newcomers import NewcomerRepository
from jobs.tracing import Tracing, origin_of
from schema.responses import JobKind

REPEATS = "repeats"
"""In the origin of a job that an operator had made anew: the id of the one that it repeats."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a POST asks for. `body` is what the client sent, for the comparison of repeated keys."""

    owner: str
    kind: JobKind
    request: dict[str, Any]
    body: Any
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for the same kind and body, however the JSON was written."""
        canonical = json_line([self.kind, _sorted(self.body)])
        return hashlib.sha256(canonical.encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that a POST made, or made the first time; `untold` is what is written and has to be told."""

    job_id: str
    is_replay: bool
    untold: tuple[StoredEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A submission, with what its job will have if it becomes one. `is_woken` as a `NewJob` has it."""

    submission: Submission
    job_id: str
    origin: dict[str, str]
    is_limited: bool
    is_woken: bool = True

    @property
    def use(self) -> tuple[str, str] | None:
        """What may be asked for once: the owner's idempotency key."""
        key = self.submission.idempotency_key
        return None if key is None else (self.submission.owner, key)


class Submitting:
    """Writes what is asked for. Telling and waking are for the caller: the row stands without them.

    What is asked for at about the same time is looked up and written together: under load a submit costs a fraction of
    a transaction.
    """

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        newcomers: NewcomerRepository,
        entries: EntryRepository,
        keys: IdempotencyRepository,
        media: MediaRepository,
        *,
        announcer: Announcer,
        limits: Limits,
        tracing: Tracing,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._newcomers = newcomers
        self._entries = entries
        self._keys = keys
        self._media = media
        self._announcer = announcer
        self._limits = limits
        self._tracing = tracing
        self._gathering = Gathering[_Asked, Accepted](self._accept_all, common=(DatabaseUnavailable,))

    async def accept(self, submission: Submission) -> Accepted:
        """Make a job, once for each idempotency key.

        Raises `InvalidRequest` for inputs that are not there, `QueueFull`, `IdempotencyKeyReused`.
        """
        # Whoever wants everything gone is not told to come back when there is less of it.
        is_limited = submission.kind != "erasure"
        with self._tracing.span("job submit", "producer", {"media.job.kind": submission.kind}) as span:
            asked = _Asked(submission, new_id(), origin_of(self._tracing), is_limited)
            accepted = await self._gathering.ask(asked)
            span.note({"media.job.id": accepted.job_id})
            return accepted

    async def repeat(self, job: Job) -> str:
        """Make a job that asks again for what `job` did, whatever the limits say; its id. A sweeper wakes it."""
        submission = Submission(job.owner, job.kind, job.request, job.request)
        origin = origin_of(self._tracing) | {REPEATS: job.id}
        asked = _Asked(submission, new_id(), origin, is_limited=False, is_woken=False)
        async with self._database.reading() as connection:
            places, _ = await self._newcomers.places(connection, job.kind, [job.owner])
        await self._enter([self._entry(asked, places[0])])
        return asked.job_id

    async def _accept_all(self, asked: Sequence[_Asked]) -> list[Accepted | Exception]:
        now, later = _apart(asked)
        answers = await self._accept_apart(now)
        if later:
            # They meet a key that is used by now.
            answers |= zip((each.job_id for each in later), await self._accept_later(later), strict=True)
        return [answers[each.job_id] for each in asked]

    async def _accept_later(self, asked: Sequence[_Asked]) -> Sequence[Accepted | Exception]:
        """The same; what fails here is nothing to those who have been answered by then."""
        try:
            return await self._accept_all(asked)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is these ones' answer
            return [error] * len(asked)

    async def _accept_apart(self, asked: Sequence[_Asked]) -> dict[str, Accepted | Exception]:
        """The answers by the jobs' ids, where no two have the same key."""
        answers: dict[str, Accepted | Exception] = {}
        async with self._database.reading() as connection:
            answers |= await self._replays(connection, asked)
            answers |= await self._refusals(connection, _without(asked, answers))
            places, load = await self._places(connection, _without(asked, answers))
        entering: list[tuple[_Asked, Entry]] = []
        for each in _without(asked, answers):
            if each.is_limited and load >= self._limits.max_queued:
                answers[each.job_id] = no_capacity()
            else:
                entering.append((each, self._entry(each, places[each.job_id])))
        if entering:
            outcomes = await self._enter([entry for _, entry in entering])
            for (each, entry), outcome in zip(entering, outcomes, strict=True):
                answers[each.job_id] = _answer(each, entry, outcome)
        return answers

    async def _replays(self, connection: AsyncConnection, asked: Sequence[_Asked]) -> dict[str, Accepted | Exception]:
        """The answers to those whose keys were used earlier."""
        uses = [each.use for each in asked if each.use is not None]
        used = await self._keys.first_of(connection, uses) if uses else {}
        return {each.job_id: _replay(each, *used[each.use]) for each in asked if each.use in used}

    async def _refusals(self, connection: AsyncConnection, asked: Sequence[_Asked]) -> dict[str, Exception]:
        """The answers to those whose inputs are not there."""
        refusals: dict[str, Exception] = {}
        for each in asked:
            try:
                await check_inputs(self._media, connection, each.submission.request.get("inputs") or ())
            except InvalidRequest as error:
                refusals[each.job_id] = error
        return refusals

    async def _places(self, connection: AsyncConnection, asked: Sequence[_Asked]) -> tuple[dict[str, int], int]:
        """Where in the queue the new jobs will be, and how many unfinished jobs all have.

        Looked up before the transaction: what reads the whole queue would conflict with all that goes on in it.
        """
        places: dict[str, int] = {}
        load = 0
        for kind in dict.fromkeys(each.submission.kind for each in asked):
            these = [each for each in asked if each.submission.kind == kind]
            found, load = await self._newcomers.places(connection, kind, [each.submission.owner for each in these])
            places |= zip((each.job_id for each in these), found, strict=True)
        return places, load

    def _entry(self, asked: _Asked, place: int) -> Entry:
        submission = asked.submission
        job = NewJob(
            asked.job_id,
            submission.owner,
            submission.kind,
            submission.request,
            self._limits.max_attempts,
            asked.origin,
            deadline=deadline_of(submission.request, self._limits.deadlines.get(submission.kind)),
            is_woken=asked.is_woken,
        )
        key = submission.idempotency_key
        fingerprint = submission.fingerprint if key is not None else ""
        most = self._limits.max_queued_per_user if asked.is_limited else NO_LIMIT
        return Entry(job, self._announcer.queued(job, place), most, key, fingerprint)

    async def _enter(self, entries: Sequence[Entry]) -> list[Outcome]:
        return await self._database.serializable(
            partial(self._entries.enter, entries=entries), recall=partial(self._entered, entries=entries)
        )

    async def _entered(self, connection: AsyncConnection, entries: Sequence[Entry]) -> list[Outcome] | None:
        """What became of entries that may have been written, all that could be; None: nothing was."""
        written = await self._jobs.present(connection, [entry.job.id for entry in entries])
        if not written:
            return None
        others = [entry for entry in entries if entry.job.id not in written]
        outcomes = iter(await self._entries.enter(connection, others))
        return [None if entry.job.id in written else next(outcomes) for entry in entries]


def _apart(asked: Sequence[_Asked]) -> tuple[list[_Asked], list[_Asked]]:
    """Which to answer now, of each key the first, and which then."""
    now, later, used = [], [], set()
    for each in asked:
        if each.use is not None and each.use in used:
            later.append(each)
        else:
            now.append(each)
            used.add(each.use)
    return now, later


def _without(asked: Sequence[_Asked], answered: Mapping[str, Any]) -> list[_Asked]:
    return [each for each in asked if each.job_id not in answered]


def _replay(asked: _Asked, fingerprint: str, job_id: str) -> Accepted | Exception:
    """The answer to a key that was used earlier, which must have been for this request."""
    if fingerprint != asked.submission.fingerprint:
        return IdempotencyKeyReused("this key came with another request before")
    return Accepted(job_id, is_replay=True)


def _answer(asked: _Asked, entry: Entry, outcome: Outcome) -> Accepted | Exception:
    match outcome:
        case FirstUse(fingerprint, job_id):
            return _replay(asked, fingerprint, job_id)
        case Full(unfinished):
            return no_room(unfinished)
        case None:
            untold = () if entry.told is None else (entry.told.of(entry.job),)
            return Accepted(asked.job_id, is_replay=False, untold=untold)
