"""`jobs`: lists and shows the jobs of all users, cancels them, and has them done again."""

import json
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping

from app.commands.operating import moment_text, operate
from app.commands.output import JsonLine, print_json, print_table
from jobs.job import Job
from jobs.operating import Dossier, Operator
from jobs.submitting import REPEATS
from schema.settings import Settings

HEADINGS = ("job", "user", "kind", "status", "done", "attempts", "created (UTC)", "finished (UTC)", "error")


def run(settings: Settings, options: Namespace) -> int:
    """Do what the verb says. Raises `SettingsError`."""
    return operate(settings, lambda operator: VERBS[options.verb](operator, options))


async def _list(operator: Operator, options: Namespace) -> None:
    jobs = await operator.list(
        owner=options.user, status=options.status, kind=options.kind, before=options.before, limit=options.limit
    )
    if options.json:
        print_json(map(_json, jobs))
    else:
        print_table(HEADINGS, map(_row, jobs))


async def _show(operator: Operator, options: Namespace) -> None:
    line = _dossier_json(await operator.show(options.job))
    if options.json:
        print_json([line])
    else:
        print_table(("of the job", "is"), ((name, _text(value)) for name, value in line.items()))


async def _cancel(operator: Operator, options: Namespace) -> None:
    job = await operator.cancel(options.job)
    if options.json:
        print_json([_json(job)])
    else:
        print(job.status)  # noqa: T201  # what was asked for


async def _requeue(operator: Operator, options: Namespace) -> None:
    job_id = await operator.requeue(options.job)
    if options.json:
        print_json([{"jobId": job_id, "repeats": options.job}])
    else:
        print(job_id)  # noqa: T201  # what was asked for


VERBS: Mapping[str, Callable[[Operator, Namespace], Awaitable[None]]] = {
    "list": _list,
    "show": _show,
    "cancel": _cancel,
    "requeue": _requeue,
}


def _row(job: Job) -> tuple[str, ...]:
    done = "" if job.progress is None else f"{job.progress:.0f} %"
    return (
        job.id,
        job.owner,
        job.kind,
        job.status,
        done,
        f"{job.attempts} of {job.max_attempts}",
        moment_text(job.created_at),
        moment_text(job.finished_at),
        (job.error or {}).get("code", ""),
    )


def _json(job: Job) -> JsonLine:
    """A job by the names that the API uses, without what was asked for."""
    origin = job.origin or {}
    return {
        "jobId": job.id,
        "owner": job.owner,
        "kind": job.kind,
        "status": job.status,
        "progress": job.progress,
        "message": job.message,
        "error": job.error,
        "attempts": job.attempts,
        "maxAttempts": job.max_attempts,
        "claims": job.claims,
        "lostWorkers": job.lost_workers,
        "createdAt": job.created_at.isoformat(),
        "startedAt": job.started_at and job.started_at.isoformat(),
        "finishedAt": job.finished_at and job.finished_at.isoformat(),
        "requestId": origin.get("request_id"),
        "repeats": origin.get(REPEATS),
    }


def _dossier_json(dossier: Dossier) -> JsonLine:
    events = [{"event": each.name, "told": each.published_id is not None} for each in dossier.events]
    return _json(dossier.job) | {
        "queuePosition": dossier.place,
        "request": dossier.job.request,
        "events": events,
        "media": [each.path for each in dossier.media],
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
