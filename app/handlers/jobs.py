"""`/jobs`: look, list, cancel, delete."""

from aiohttp import web

from app.answers import answer
from app.body import cursor_of, fitted, no_body, page_of
from app.keys import JOBS, URLS, USER
from jobs.lifecycle import TERMINAL
from jobs.submitting import Submission
from schema.requests import JobFilter
from schema.responses import JobAccepted


async def get_job(request: web.Request) -> web.Response:
    """One job."""
    return answer(await request.app[JOBS].service.get(request[USER], request.match_info["job_id"]))


async def list_jobs(request: web.Request) -> web.Response:
    """A page of jobs."""
    wanted = fitted(JobFilter, {name: request.query[name] for name in ("status", "kind") if name in request.query})
    limit, before = page_of(request)
    page = await request.app[JOBS].service.list(
        request[USER], status=wanted.status, kind=wanted.kind, before=before, limit=limit
    )
    return answer(page.model_copy(update={"next_cursor": cursor_of(page.next_cursor)}))


async def cancel_job(request: web.Request) -> web.Response:
    """Stop a job."""
    await no_body(request)
    view = await request.app[JOBS].service.cancel(request[USER], request.match_info["job_id"])
    return answer(view, status=200 if view.status in TERMINAL else 202)


async def erase_me(request: web.Request) -> web.Response:
    """Accept a job that erases everything of the caller."""
    await no_body(request)
    submission = Submission(owner=request[USER], kind="erasure", request={}, body=None)
    accepted = await request.app[JOBS].service.submit(submission)
    urls = request.app[URLS].job(accepted.job_id)
    return answer(JobAccepted(job_id=accepted.job_id, urls=urls), status=202, headers={"Location": urls.self})


async def delete_job(request: web.Request) -> web.Response:
    """Forget a finished job."""
    await request.app[JOBS].service.delete(request[USER], request.match_info["job_id"])
    return web.Response(status=204)
