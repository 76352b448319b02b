"""`/healthz`, `/readyz` and `/metrics`."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from app.answers import answer
from app.keys import JOBS, METRICS, READINESS
from app.problems import RETRY_SECONDS
from jobs.exposition import exposition
from schema.responses import Health, Readiness
from schema.wire import Wire


async def health(_request: web.Request) -> web.Response:
    """The process serves; no dependency is asked."""
    return _status(Health(), 200)


async def ready(request: web.Request) -> web.Response:
    """Whether this process should get requests."""
    readiness = request.app[READINESS]
    checks = await readiness.look()
    is_ready = not readiness.is_draining and set(checks.values()) <= {"ok"}
    answered = 200 if is_ready else 503
    if readiness.is_draining:
        return _status(Readiness(status="draining", checks=checks), answered)
    return _status(Readiness(status="ready" if is_ready else "unready", checks=checks), answered)


def _status(document: Wire, status: int) -> web.Response:
    headers = {} if status == 200 else {"Retry-After": str(RETRY_SECONDS)}  # noqa: PLR2004  # HTTP's
    return answer(document, status=status, headers=headers)


async def metrics(request: web.Request) -> web.Response:
    """What Prometheus scrapes."""
    watch = request.app[JOBS].queue_watch
    await watch.refresh()
    return web.Response(body=exposition(request.app[METRICS], watch), headers={"Content-Type": CONTENT_TYPE_LATEST})
