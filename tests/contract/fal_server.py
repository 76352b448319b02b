"""The queue of fal, played from `tests/unit/actors/providers/samples/fal`."""

import base64

from aiohttp import web

from tests.contract.job_server import JobServer
from tests.contract.remote_providers import KEY

ID = "7b1c0000-0000-4000-8000-000000000001"


class FalServer(JobServer):
    folder = "fal"
    refusals = {  # noqa: RUF012  # the base says that it is the class's
        "rate_limited": (429, "error.rate_limit.json"),
        "unavailable": (503, "error.unavailable.json"),
        "retired": (404, "error.model.json"),
        "quota": (403, "error.balance.json"),
    }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Key {KEY}":
            return web.json_response({"detail": "Unauthorized"}, status=401)
        path = request.path.removesuffix("/status").removesuffix("/cancel")
        number = path.rpartition("-")[2].lstrip("0")
        match request.method:
            case "POST":
                response = await self.submit(request)
                if response.status == 200:
                    self.inputs += _inputs(self.asked[-1])
                return response
            case "PUT":
                self.call_off(number)
                return web.json_response({"status": "CANCELLATION_REQUESTED"}, status=202)
        if path.startswith("/files/"):
            return self.file(path.removeprefix("/files/"))
        if request.path.endswith("/status"):
            return self.look(request, number)
        return self._result(number)

    def accepted(self, number: str) -> web.StreamResponse:
        return self.answer("submit.answer.json", replaced=_ids(number))

    def under_way(self, number: str, looks: int) -> web.StreamResponse:
        return self.answer(
            "status.queued.json" if looks == 1 else "status.running.json", status=202, replaced=_ids(number)
        )

    def over(self, scene: str, number: str) -> web.StreamResponse:
        name = {"failed": "status.failed.json", "no runner": "status.no_runner.json"}.get(scene, "status.done.json")
        return self.answer(name, replaced=_ids(number))

    def _result(self, number: str) -> web.StreamResponse:
        job = self.jobs[number]
        match job["scene"]:
            case "blocked":
                return self.answer("error.blocked.json", status=422)
            case "empty":
                return web.json_response({"images": []})
            case "black":
                return self.answer("result.pictures.json", replaced={"[false]": "[true]"})
        name = "result.video.json" if job["kind"] == "video" else "result.pictures.json"
        seed = f'"seed": {job["asked"]["seed"]}'
        return self.answer(name, replaced={"files/1": f"files/{number}", '"seed": 7': seed})


def _ids(number: str) -> dict[str, str]:
    return {ID: ID[: -len(number)] + number}


def _inputs(asked: dict[str, object]) -> list[bytes]:
    given = str(asked.get("image_url", ""))
    return [base64.b64decode(given.partition(",")[2])] if given else []
