"""Runway's API, played from `tests/unit/actors/providers/samples/runway`."""

import base64
from typing import Any

from aiohttp import web

from tests.contract.job_server import JobServer
from tests.contract.played import is_ours

ID = "17f20503-6c24-4c16-946b-35dbbce2af01"


class RunwayServer(JobServer):
    folder = "runway"
    refusals = {  # noqa: RUF012  # the base says that it is the class's
        "rate_limited": (429, "error.rate_limit.json"),
        "unavailable": (503, "error.unavailable.json"),
        "retired": (400, "error.model.json"),
        "quota": (400, "error.credits.json"),
    }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not is_ours(request.headers.get("Authorization")):
            return web.json_response({"error": "Unauthorized"}, status=401)
        if request.path.startswith("/files/"):
            return self.file(request.path.removeprefix("/files/"))
        assert request.headers["X-Runway-Version"] == "2024-11-06"
        if request.method == "POST":
            response = await self.submit(request)
            if response.status == 200:
                self.inputs += _inputs(self.asked[-1])
            return response
        number = request.path.rpartition("af")[2].lstrip("0")
        if request.method == "DELETE":
            self.call_off(number)
            return web.Response(status=204)
        return self.look(request, number)

    def accepted(self, number: str) -> web.StreamResponse:
        return self.answer("submit.answer.json", replaced=_ids(number))

    def under_way(self, number: str, looks: int) -> web.StreamResponse:
        return self.answer("task.throttled.json" if looks == 1 else "task.running.json", replaced=_ids(number))

    def over(self, scene: str, number: str) -> web.StreamResponse:
        if scene in {"failed", "blocked"}:
            return self.answer(f"task.{scene}.json", replaced=_ids(number))
        if scene == "empty":
            return web.json_response({"id": ID, "status": "SUCCEEDED", "output": []})
        return self.answer("task.succeeded.json", replaced={"files/1": f"files/{number}", **_ids(number)})


def _ids(number: str) -> dict[str, str]:
    return {ID: ID[: -len(number)] + number}


def _inputs(asked: dict[str, Any]) -> list[bytes]:
    match asked:
        case {"referenceImages": [*images]}:
            uris = [str(each["uri"]) for each in images]
        case {"promptImage": str(uri)}:
            uris = [uri]
        case _:
            return []
    return [base64.b64decode(uri.partition(",")[2]) for uri in uris]
