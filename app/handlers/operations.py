"""`/healthz`, `/readyz` and `/metrics`."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from app.keys import JOBS, METRICS, READINESS
from app.problems import RETRY_SECONDS
from jobs.eventlog import json_line
from jobs.exposition import exposition


async def health(_request: web.Request) -> web.Response:
    """The process serves; no dependency is asked."""
    return _status({"status": "ok"}, 200)


async def ready(request: web.Request) -> web.Response:
    """Whether this process should get requests."""
    readiness = request.app[READINESS]
    checks = await readiness.look()
    is_ready = not readiness.is_draining and set(checks.values()) <= {"ok"}
    state = "draining" if readiness.is_draining else "ready" if is_ready else "unready"
    return _status({"status": state, "checks": checks}, 200 if is_ready else 503)


def _status(document: dict[str, object], status: int) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if status != 200:  # noqa: PLR2004  # HTTP's
        headers["Retry-After"] = str(RETRY_SECONDS)
    return web.Response(
        body=json_line(document).encode(), status=status, content_type="application/json", headers=headers
    )


async def metrics(request: web.Request) -> web.Response:
    """What Prometheus scrapes."""
    watch = request.app[JOBS].queue_watch
    await watch.refresh()
    return web.Response(body=exposition(request.app[METRICS], watch), headers={"Content-Type": CONTENT_TYPE_LATEST})
