"""The `runway` provider keeps the contract of providers, for pictures and videos."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from actors.providers.base import InputMedia, Provider
from actors.providers.polling import Pace
from actors.providers.runway import RunwayProvider, runway_api
from schema.provider_settings import RatioSettings
from tests.contract.job_providers import JobProviderContract, model, request_of
from tests.contract.played import listening
from tests.contract.providers import Recorder, RequestFor, outputs_of
from tests.contract.remote_providers import KEY
from tests.contract.runway_server import RunwayServer
from tests.unit.actors.processing.samples import png

PICTURES = model("runway", "gen4_image", "image")
VIDEOS = model("runway", "gen4.5", "video")
SETTINGS = {
    PICTURES.id: RatioSettings(ratios=["1024:1024", "1280:720", "720:1280"]),
    VIDEOS.id: RatioSettings(ratios=["1280:720", "720:1280"]),
}
PACE = Pace(first_seconds=0.001, longest_seconds=0.005)


class RunwayContract(JobProviderContract):
    def provider_at(self, root: str) -> Provider:
        return RunwayProvider(runway_api(KEY, root), [PICTURES, VIDEOS], SETTINGS, PACE)

    @pytest.fixture
    def stranger(self, server: RunwayServer) -> Provider:
        return RunwayProvider(runway_api("another", server.root), [PICTURES, VIDEOS], SETTINGS, PACE)

    @pytest.fixture
    async def server(self) -> AsyncIterator[RunwayServer]:
        server = RunwayServer()
        async with listening(server):
            yield server

    async def test_the_progress_is_what_the_task_tells(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(), tmp_path, report)

        assert (42, 100, "") in report.seen


class TestRunwayPictures(RunwayContract):
    request = replace(request_of(PICTURES, "gen4_image"), width=1280, height=720)
    recorded = "picture.request.json"

    async def test_the_size_is_that_of_the_ratio(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        [output] = await outputs_of(provider, request_for(width=600, height=1000), tmp_path)

        assert (output.width, output.height) == (720, 1280)


class TestRunwayVideos(RunwayContract):
    request = replace(request_of(VIDEOS, "gen4.5", "waves at dusk"), width=1280, height=720)
    recorded = "video.request.json"

    async def test_a_picture_is_where_the_video_begins(
        self, provider: Provider, request_for: RequestFor, server: RunwayServer, tmp_path: Path
    ) -> None:
        file = tmp_path / "given.png"
        file.write_bytes(png(8, 8))

        await outputs_of(provider, request_for(inputs=(InputMedia("media/a/b.png", "image/png", file),)), tmp_path)

        assert server.asked[0]["promptImage"].startswith("data:image/png;base64,")
