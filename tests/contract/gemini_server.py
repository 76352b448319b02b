"""The Gemini API, played from `tests/unit/actors/providers/samples/gemini`: pictures, interactions, operations."""

import asyncio
import base64
import json
from typing import Any

from aiohttp import web

from tests.contract.played import SAMPLES, Played, hang_up, is_ours
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)
VIDEO = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
JUNK = b"<html>"

# Scene: status, sample.
REFUSALS = {
    "rate_limited": (429, "error.rate_limit.json"),
    "unavailable": (503, "error.unavailable.json"),
    "retired": (404, "error.model.json"),
    "quota": (429, "error.quota.json"),
    "wrong key": (400, "error.key.json"),
}
PICTURES = {"blocked": "picture.blocked.json", "prompt blocked": "picture.prompt_blocked.json"}
INTERACTIONS = {"failed": "interaction.failed.json", "blocked": "interaction.blocked.json"}
OPERATIONS = {"failed": "operation.failed.json", "blocked": "operation.filtered.json"}
EMPTY = {"candidates": [{"finishReason": "NO_IMAGE"}], "status": "completed", "done": True}


class GeminiServer(Played):
    """`asked` are the bodies of what was submitted, `jobs` what became of it; each is done when it is looked at twice.

    `looked` is set when somebody asks after a job that is not done.
    """

    def __init__(self, film: bytes = VIDEO) -> None:
        super().__init__()
        self._film = film
        self.asked: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.looked = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert is_ours(request.headers["x-goog-api-key"])
        path = request.path.removeprefix("/")
        if path.startswith("files/"):
            job = self.jobs[path.removeprefix("files/").removesuffix(":download")]
            return web.Response(body=JUNK if job["scene"] == "broken" else self._film)
        number = path.removesuffix("/cancel").removesuffix(":cancel").rpartition("/")[2].removeprefix("v1_")
        if request.method == "GET":
            return await self._look(request, number)
        if path.endswith(("/cancel", ":cancel")):
            del self.jobs[number]
            self.freed.set()
            return web.json_response({})
        return await self._submit(request, path)

    async def _submit(self, request: web.Request, path: str) -> web.StreamResponse:
        asked = await request.json()
        scene = self.next_scene()
        self.asked.append(asked)
        if scene in REFUSALS:
            status, name = REFUSALS[scene]
            return web.Response(status=status, text=self._sample(name), content_type="application/json")
        self._keep_inputs(asked)
        is_picture = path.endswith(":generateContent")
        if not (is_picture and scene in PICTURES):
            self.take()
        if scene in {"lost", "garbage"} or (is_picture and scene in {"cut", "failed"}):
            return web.Response(text="<html>") if scene in {"garbage", "failed"} else hang_up(request)
        if is_picture:
            return await self._picture(scene)
        kind = "interaction" if path == "interactions" else "operation"
        number = str(self.submits)
        self.jobs[number] = {"scene": scene, "looks": 2, "kind": kind}
        return self._answer(f"{kind}.running.json", number=number)

    async def _picture(self, scene: str) -> web.StreamResponse:
        if scene == "slow":
            await self.never()
        if scene == "empty":
            return web.json_response(EMPTY)
        return self._answer(PICTURES.get(scene, "picture.answer.json"), JUNK if scene == "broken" else PICTURE)

    async def _look(self, request: web.Request, number: str) -> web.StreamResponse:
        job = self.jobs.get(number)
        if job is None:
            return web.Response(status=404, text=self._sample("error.model.json"), content_type="application/json")
        job["looks"] -= 1
        if job["scene"] == "cut":
            job["scene"] = ""
            return hang_up(request)
        if job["scene"] == "slow" or job["looks"] > 0:
            self.looked.set()
            return self._answer(f"{job['kind']}.running.json", number=number)
        if job["scene"] == "empty":
            return web.json_response(EMPTY)
        samples = INTERACTIONS if job["kind"] == "interaction" else OPERATIONS
        name = samples.get(job["scene"], f"{job['kind']}.done.json")
        return self._answer(name, JUNK if job["scene"] == "broken" else self._film, number)

    def _keep_inputs(self, asked: dict[str, Any]) -> None:
        """Whatever was sent along, wherever this API has it."""
        parts = [part.get("inlineData") for content in asked.get("contents", []) for part in content["parts"]]
        images = [instance.get("image") for instance in asked.get("instances", [])]
        given = [*parts, *images, *asked.get("input", [])]
        contents = [each.get("data") or each.get("bytesBase64Encoded") for each in given if each]
        self.inputs += [base64.b64decode(content) for content in contents if content]

    def _answer(self, name: str, media: bytes = b"", number: str = "1") -> web.Response:
        content = base64.b64encode(media).decode()
        text = self._sample(name).replace("<picture>", content).replace("<video>", content)
        for fixed in ("v1_", "operations/", "files/"):
            text = text.replace(f"{fixed}1", f"{fixed}{number}")
        return web.Response(text=text.replace("<root>", self.root), content_type="application/json")

    def _sample(self, name: str) -> str:
        return (SAMPLES / "gemini" / name).read_text()


def sample(name: str) -> Any:
    """What a sample holds."""
    return json.loads((SAMPLES / "gemini" / name).read_text())
