"""What the played servers share whose generations are jobs: submitted, looked at, fetched, and called off."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from tests.contract.played import SAMPLES, Played, hang_up
from tests.contract.remote_providers import RETRY_AFTER
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)
VIDEO = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
JUNK = b"<html>"
LOOKS = 3
"""A job is done when it is looked at so many times."""


class JobServer(Played):
    """`asked` are the bodies of what was submitted, `jobs` what became of it.

    `looked` is set when somebody asks after a job that is not done.
    """

    folder: ClassVar[str]
    """Of the samples."""
    refusals: ClassVar[Mapping[str, tuple[int, str]]]
    """By scene: the status, and the sample."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.looked = asyncio.Event()

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Take a job on, or refuse it."""
        asked = await request.json()
        scene = self.next_scene()
        self.asked.append(asked)
        if scene in self.refusals:
            status, name = self.refusals[scene]
            headers = {"Retry-After": str(RETRY_AFTER)} if scene == "rate_limited" else {}
            return self.answer(name, status=status, headers=headers)
        self.take()
        if scene == "lost":
            return hang_up(request)
        if scene == "garbage":
            return web.Response(text="<html>")
        number = str(self.submits)
        self.jobs[number] = {"scene": scene, "looks": 0, "kind": self.kind_of(request), "asked": asked}
        return self.accepted(number)

    def look(self, request: web.Request, number: str) -> web.StreamResponse:
        """Say how far a job is."""
        job = self.jobs.get(number)
        if job is None:
            return web.json_response({"detail": "Not found"}, status=404)
        job["looks"] += 1
        if job["scene"] == "cut":
            job["scene"] = ""
            return hang_up(request)
        if job["scene"] == "slow" or job["looks"] < LOOKS:
            self.looked.set()
            return self.under_way(number, job["looks"])
        return self.over(job["scene"], number)

    def file(self, number: str) -> web.StreamResponse:
        """What a job made."""
        job = self.jobs[number]
        content = {"image": PICTURE, "video": VIDEO}[job["kind"]]
        return web.Response(body=JUNK if job["scene"] == "broken" else content)

    def call_off(self, number: str) -> None:
        self.jobs.pop(number, None)
        self.freed.set()

    def kind_of(self, request: web.Request) -> str:
        return "video" if "video" in request.path else "image"

    def accepted(self, number: str) -> web.StreamResponse:
        raise NotImplementedError

    def under_way(self, number: str, looks: int) -> web.StreamResponse:
        raise NotImplementedError

    def over(self, scene: str, number: str) -> web.StreamResponse:
        raise NotImplementedError

    def answer(
        self,
        name: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        replaced: Mapping[str, str] | None = None,
    ) -> web.Response:
        """A sample, with values in the place of its own."""
        text = (SAMPLES / self.folder / name).read_text().replace("<root>", self.root)
        for old, new in (replaced or {}).items():
            text = text.replace(old, new)
        return web.Response(status=status, headers=headers, text=text, content_type="application/json")

    def sample(self, name: str) -> Any:
        """What a sample holds."""
        return json.loads((SAMPLES / self.folder / name).read_text())
