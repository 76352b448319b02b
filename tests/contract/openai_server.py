"""The Images API of OpenAI, played from `tests/unit/actors/providers/samples/openai`."""

import base64
from typing import Any

from aiohttp import web

from tests.contract.played import SAMPLES, Played, hang_up, is_ours
from tests.contract.remote_providers import RETRY_AFTER
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)

# Scene: status, sample.
REFUSALS = {
    "rate_limited": (429, "error.rate_limit.json"),
    "unavailable": (503, "error.server.json"),
    "blocked": (400, "error.moderation.json"),
    "retired": (404, "error.model.json"),
    "quota": (429, "error.quota.json"),
}
CONTENT = {"": PICTURE, "broken": b"<html>"}


class OpenAIServer(Played):
    """Answers as a stream when it is asked for one. `asked` are the fields of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/picture.png":
            return web.Response(body=PICTURE)
        assert (request.method, is_ours(request.headers["Authorization"])) == ("POST", True)
        asked = await self._read(request)
        scene = self.next_scene()
        if scene in REFUSALS:
            status, name = REFUSALS[scene]
            headers = {"Retry-After": str(RETRY_AFTER)} if scene == "rate_limited" else {}
            return web.Response(status=status, headers=headers, text=_sample(name), content_type="application/json")
        self.take()
        if asked.get("stream") in (True, "true"):
            return await self._stream(request, scene)
        return await self._answer(request, scene)

    async def _read(self, request: web.Request) -> dict[str, Any]:
        if request.path == "/images/generations":
            asked: dict[str, Any] = await request.json()
        else:
            assert request.path == "/images/edits"
            asked = dict(await request.post())
            for name in asked.keys() & {"image", "image[]"}:
                self.inputs.append(asked[name].file.read())
        self.asked.append(asked)
        return asked

    async def _answer(self, request: web.Request, scene: str) -> web.StreamResponse:
        match scene:
            case "slow":
                await self.never()
            case "lost" | "cut":
                return hang_up(request)
            case "garbage" | "failed":
                return web.Response(text="<html>")
            case "empty":
                return web.json_response({"created": 1790000000, "data": []})
            case "url":
                return web.json_response({"created": 1790000000, "data": [{"url": f"{self.root}/picture.png"}]})
        return web.Response(text=_filled("generation.answer.json", scene), content_type="application/json")

    async def _stream(self, request: web.Request, scene: str) -> web.StreamResponse:
        if scene == "lost":
            return hang_up(request)
        kind = "edit" if request.path.endswith("edits") else "generation"
        partial, _, completed = _filled(f"{kind}.stream.sse", scene).partition("\n\n")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(f"{partial}\n\n".encode())
        match scene:
            case "slow":
                await self.never()
            case "cut":
                hang_up(request)
            case "failed":
                await response.write(_sample("stream.error.sse").encode())
            case "blocked late":
                await response.write(f"event: error\ndata: {_sample('error.moderation.json')}\n\n".encode())
            case "garbage":
                await response.write(b"<html>\n\ndata: <html>\n\n")
            case "empty":
                await response.write(b'data: {"type": "image_generation.completed"}\n\n')
            case _:
                await response.write(completed.encode())
        return response


def _sample(name: str) -> str:
    return (SAMPLES / "openai" / name).read_text()


def _filled(name: str, scene: str) -> str:
    content = base64.b64encode(CONTENT.get(scene, PICTURE)).decode()
    return _sample(name).replace("<picture>", content)
