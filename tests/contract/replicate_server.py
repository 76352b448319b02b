"""Replicate's API, played from `tests/unit/actors/providers/samples/replicate`."""

from aiohttp import web

from tests.contract.job_server import JobServer
from tests.contract.played import is_ours

ID = "p0000000000000000000000001"


class ReplicateServer(JobServer):
    """Tells in the text of a 429, and not in a header, when it may be asked again."""

    folder = "replicate"
    refusals = {  # noqa: RUF012  # the base says that it is the class's
        "rate_limited": (429, "error.rate_limit.json"),
        "unavailable": (503, "error.unavailable.json"),
        "retired": (404, "error.model.json"),
        "old version": (422, "error.version.json"),
        "quota": (402, "error.credit.json"),
    }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not is_ours(request.headers.get("Authorization")):
            return web.json_response({"error": "Unauthorized"}, status=401)
        path = request.path
        if path == "/files":
            form = await request.post()
            self.inputs.append(form["content"].file.read())  # type: ignore[union-attr]
            return self.answer("file.json", status=201)
        if path.endswith("/predictions"):
            return await self.submit(request)
        if path.startswith("/files/"):
            return self.file(path.removeprefix("/files/"))
        number = path.removesuffix("/cancel").rpartition("/p")[2].lstrip("0")
        if path.endswith("/cancel"):
            self.call_off(number)
            return self.answer("prediction.starting.json", replaced={"starting": "canceled"})
        return self.look(request, number)

    def accepted(self, number: str) -> web.StreamResponse:
        return self.answer("prediction.starting.json", status=201, replaced=_ids(number))

    def under_way(self, number: str, looks: int) -> web.StreamResponse:
        return self.answer(
            "prediction.starting.json" if looks == 1 else "prediction.processing.json", replaced=_ids(number)
        )

    def over(self, scene: str, number: str) -> web.StreamResponse:
        if scene in {"failed", "blocked"}:
            return self.answer(f"prediction.{scene}.json", replaced=_ids(number))
        if scene == "empty":
            return web.json_response({"id": ID, "status": "succeeded", "output": []})
        status = "canceled" if scene == "canceled" else "succeeded"
        return self.answer(
            "prediction.succeeded.json", replaced={"succeeded": status, "files/1": f"files/{number}", **_ids(number)}
        )


def _ids(number: str) -> dict[str, str]:
    return {ID: ID[: -len(number)] + number}
