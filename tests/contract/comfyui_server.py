"""A ComfyUI server, played from `tests/unit/actors/providers/samples/comfyui`."""

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.contract.job_server import JUNK, PICTURE, VIDEO
from tests.contract.played import SAMPLES, Played, hang_up, is_ours
from tests.contract.remote_providers import RETRY_AFTER

PREVIEW = b"\x00\x00\x00\x01\x00\x00\x00\x02" + PICTURE

WAITS, RUNS = 1, 2
"""A prompt waits at the first look, and runs at the second."""

# Scene: status, sample.
REFUSALS = {
    "rate_limited": (429, None),
    "unavailable": (503, None),
    "retired": (400, "error.checkpoint.json"),
    "no such node": (400, "error.node.json"),
    "no such input": (400, "error.input.json"),
}


class ComfyUIServer(Played):
    """`asked` are the bodies of what was sent, `prompts` what became of it: waiting, running, over at the third look.

    What it calls taken on costs nobody anything. `looked` is set when somebody asks after one that is not over, and
    `runs` when one is at work.
    """

    def __init__(self, history: str = "history.success.json") -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.prompts: dict[str, dict[str, Any]] = {}
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.looked, self.runs = asyncio.Event(), asyncio.Event()
        self.interrupted: list[str] = []
        self._successful = history
        self._routes = {
            ("GET", "/ws"): self._listen,
            ("POST", "/prompt"): self._take,
            ("GET", "/queue"): self._queue,
            ("GET", "/history"): self._history,
            ("GET", "/view"): self._view,
            ("POST", "/upload/image"): self._keep,
            ("POST", "/queue"): self._delete,
            ("POST", "/interrupt"): self._interrupt,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert is_ours(request.headers["Authorization"])
        path = "/history" if request.path.startswith("/history/") else request.path
        return await self._routes[request.method, path](request)

    def restart(self) -> None:
        """Forget everything, as it does when it begins anew."""
        self.prompts.clear()

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets[request.query["clientId"]] = socket
        async for _ in socket:
            pass
        return socket

    async def _take(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        scene = self.next_scene()
        self.asked.append(asked)
        if scene in REFUSALS:
            status, name = REFUSALS[scene]
            headers = {"Retry-After": str(RETRY_AFTER)} if scene == "rate_limited" else {}
            text = "<html>" if name is None else (SAMPLES / "comfyui" / name).read_text()
            return web.Response(status=status, headers=headers, text=text)
        self.take()
        self.prompts[asked["prompt_id"]] = {"scene": scene, "looks": 0, "is_over": False}
        if scene == "lost":
            return hang_up(request)
        return (
            web.Response(text="<html>")
            if scene == "garbage"
            else self._answer("prompt.answer.json", asked["prompt_id"])
        )

    async def _keep(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.inputs.append(form["image"].file.read())  # type: ignore[union-attr]
        return self._answer("upload.answer.json")

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        for prompt in (await request.json())["delete"]:
            if prompt in self.prompts and self.prompts[prompt]["looks"] <= WAITS:
                self._drop(prompt)
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.StreamResponse:
        prompt = (await request.json())["prompt_id"]
        self.interrupted.append(prompt)
        self._drop(prompt)
        return web.Response()

    async def _queue(self, request: web.Request) -> web.StreamResponse:
        for prompt, state in self.prompts.items():
            if state["is_over"]:
                continue
            self.looked.set()
            state["looks"] += 1
            if state["looks"] <= WAITS:
                return self._answer("queue.pending.json", prompt)
            if state["looks"] <= RUNS or state["scene"] == "slow":
                self.runs.set()
                await self._tell(prompt)
                return self._answer("queue.running.json", prompt)
            if state["scene"] == "cut":
                state["scene"] = ""
                return hang_up(request)
            state["is_over"] = True
        return web.json_response({"queue_running": [], "queue_pending": []})

    async def _tell(self, prompt: str) -> None:
        socket = self.sockets.get(prompt)
        if socket is None or self.prompts[prompt]["scene"] == "slow":
            return
        for line in (SAMPLES / "comfyui" / "events.jsonl").read_text().splitlines():
            await socket.send_str(line.replace("<id>", prompt))
            if '"value": 1' in line:
                await socket.send_bytes(PREVIEW)

    async def _history(self, request: web.Request) -> web.StreamResponse:
        prompt = request.path.rpartition("/")[2]
        state = self.prompts.get(prompt)
        if state is None or not state["is_over"]:
            return web.json_response({})
        match state["scene"]:
            case "failed":
                return self._answer("history.error.json", prompt)
            case "out of memory":
                return self._answer("history.error.json", prompt, RuntimeError="torch.OutOfMemoryError")
            case "empty":
                return web.json_response({prompt: {"outputs": {}, "status": {"status_str": "success"}}})
        return self._answer(self._successful, prompt)

    async def _view(self, request: web.Request) -> web.StreamResponse:
        prompt, _, extension = request.query["filename"].rpartition(".")
        assert request.query["type"] == "output"
        if self.prompts[prompt]["scene"] == "broken":
            return web.Response(body=JUNK)
        return web.Response(body=VIDEO if extension == "mp4" else PICTURE)

    def _drop(self, prompt: str) -> None:
        self.prompts.pop(prompt, None)
        self.freed.set()

    def _answer(self, name: str, prompt: str = "", **replaced: str) -> web.Response:
        text = (SAMPLES / "comfyui" / name).read_text().replace("<id>", prompt)
        for old, new in replaced.items():
            text = text.replace(old, new)
        return web.Response(text=text, content_type="application/json")


def sample(name: str) -> Any:
    """What a sample holds."""
    return json.loads((SAMPLES / "comfyui" / name).read_text())
