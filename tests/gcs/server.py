"""Google Cloud Storage in a process: strict where public emulators are not, and broken on demand.

`python -m tests.gcs.server` serves one until its standard input ends, and says in one line of JSON by which settings
it is used.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.gcs import json_side, xml_side
from tests.gcs.accounts import Account
from tests.gcs.bucket import Bucket, Refusal
from tests.gcs.cors import cors_headers
from tests.gcs.faults import FAULT, Answered, Faults, Lost, Silent, cut
from tests.gcs.serving import STATE, State

BUCKET = "media-bucket"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class FakeGcs:
    """One that runs."""

    state: State
    endpoint: str

    @property
    def bucket(self) -> Bucket:
        return self.state.bucket

    @property
    def faults(self) -> Faults:
        return self.state.faults

    @property
    def service_account(self) -> str:
        """The file of an account that may use the bucket."""
        return json.dumps(self.state.account.file(f"{self.endpoint}/token"))

    @property
    def environment(self) -> dict[str, str]:
        """By which settings a process uses it."""
        return {
            "GCS_BUCKET": self.bucket.name,
            "GCS_ENDPOINT": self.endpoint,
            "GCS_SERVICE_ACCOUNT_JSON": self.service_account,
        }


def operation_of(request: web.Request) -> str:
    """What is asked for, in the words of `Faults`."""
    name = request.match_info.route.name or "object"
    if name == "stat" and request.query.get("alt") == "media":
        return "read"
    if "upload_id" not in request.query or request.method == "OPTIONS":
        return name
    if request.method == "DELETE":
        return "cancel"
    return "ask" if request.headers.get("Content-Range", "").startswith("bytes */") else "put"


@web.middleware
async def answering(request: web.Request, handler: Handler) -> web.StreamResponse:
    state = request.app[STATE]
    fault = state.faults.take(operation_of(request))
    if isinstance(fault, Answered):
        return web.Response(status=fault.status, headers=fault.headers)
    if isinstance(fault, Silent):
        await state.faults.closing.wait()
    if fault is not None:
        request[FAULT] = fault
    try:
        response = await handler(request)
    except Refusal as refusal:
        error = {"code": refusal.status, "message": refusal.reason}
        response = web.json_response({"error": error}, status=refusal.status, reason=refusal.reason)
    if isinstance(fault, Lost):
        cut(request)
    if not response.prepared:
        response.headers.update(cors_headers(request, state))
    return response


@asynccontextmanager
async def running(clock: Callable[[], datetime], account: Account, **config: Any) -> AsyncIterator[FakeGcs]:
    """Serve an empty bucket on a free port for as long as the context lasts."""
    state = State(Bucket(BUCKET, clock, **config), Faults(), account)
    app = web.Application(middlewares=[answering], client_max_size=2**20)
    app[STATE] = state
    app.add_routes([*json_side.routes(), *xml_side.routes()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield FakeGcs(state, f"http://{host}:{port}")
    finally:
        state.faults.closing.set()
        await runner.cleanup()


async def main() -> None:
    async with running(lambda: datetime.now(UTC), Account()) as fake:
        print(json.dumps(fake.environment), flush=True)  # noqa: T201  # for whoever started it
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
