"""The `fal` provider keeps the contract of providers, for pictures and videos."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actors.providers.base import Provider, ProviderError
from actors.providers.fal import FalProvider, fal_api
from actors.providers.polling import Pace
from schema.provider_settings import TemplateSettings
from tests.contract.fal_server import FalServer
from tests.contract.job_providers import JobProviderContract, model, request_of
from tests.contract.played import listening
from tests.contract.providers import NotedErrand, Recorder, RequestFor, outputs_of
from tests.contract.remote_providers import KEY, code_of

PICTURES = model("fal", "flux", "image")
VIDEOS = model("fal", "wan", "video")
SETTINGS = {
    PICTURES.id: TemplateSettings(
        input={
            "prompt": "{{prompt}}",
            "seed": "{{seed}}",
            "image_size": {"width": "{{width}}", "height": "{{height}}"},
            "image_url": "{{image}}",
            "num_images": 1,
        }
    ),
    VIDEOS.id: TemplateSettings(
        input={
            "prompt": "{{prompt}}",
            "seed": "{{seed}}",
            "aspect_ratio": "{{aspectRatio}}",
            "duration": "{{durationSeconds}}",
            "image_url": "{{image}}",
        },
        ratios=["16:9", "9:16", "4:3"],
    ),
}
PACE = Pace(first_seconds=0.001, longest_seconds=0.005)


class FalContract(JobProviderContract):
    def provider_at(self, root: str) -> Provider:
        return FalProvider(fal_api(KEY, root), [PICTURES, VIDEOS], SETTINGS, PACE)

    @pytest.fixture
    def stranger(self, server: FalServer) -> Provider:
        return FalProvider(fal_api("another", server.root), [PICTURES, VIDEOS], SETTINGS, PACE)

    @pytest.fixture
    async def server(self) -> AsyncIterator[FalServer]:
        server = FalServer()
        async with listening(server):
            yield server


class TestFalPictures(FalContract):
    request = request_of(PICTURES, "fal-ai/flux")
    recorded = "submit.request.json"

    async def test_the_size_and_the_seed_are_what_the_answer_says(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        [output] = await outputs_of(provider, request_for(), tmp_path)

        assert (output.width, output.height, output.seed) == (1024, 768, 7)

    async def test_the_place_in_the_queue_counts_from_one(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(), tmp_path, report)

        assert report.positions == [3]

    async def test_a_black_picture_is_the_content_policy(
        self, provider: Provider, request_for: RequestFor, server: FalServer, tmp_path: Path
    ) -> None:
        server.plays("black")

        assert await code_of(provider, request_for, tmp_path) == "content_policy"

    async def test_what_no_runner_took_is_submitted_anew(
        self, provider: Provider, request_for: RequestFor, server: FalServer, tmp_path: Path
    ) -> None:
        server.plays("no runner")
        errand = NotedErrand()

        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, request_for(), tmp_path, errand=errand)
        await outputs_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id))

        assert (caught.value.code, caught.value.retryable) == ("provider_unavailable", True)
        assert server.submits == 2

    async def test_an_option_stands_beside_the_template(
        self, provider: Provider, request_for: RequestFor, server: FalServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(options={"guidance": 7.5}), tmp_path)

        assert server.asked[0]["guidance"] == 7.5


class TestFalVideos(FalContract):
    request = request_of(VIDEOS, "fal-ai/wan/text-to-video", "waves at dusk")
    recorded = "video.request.json"
