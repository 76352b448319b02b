"""The `gemini` provider keeps the contract of providers in each of its ways: pictures, interactions, operations."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from actors.providers.base import GenerationRequest, Missing, Provider, ProviderError
from actors.providers.gemini.api import gemini_api
from actors.providers.gemini.provider import GeminiProvider
from actors.providers.polling import Pace
from actors.providers.prices import TokenPrices
from schema.models import Bounds, MediaKind, ModelInfo, ModelLimits
from tests.contract.gemini_server import GeminiServer, sample
from tests.contract.played import listening
from tests.contract.providers import NotedErrand, RequestFor, outputs_of, results_of
from tests.contract.remote_providers import KEY, SECONDS, RemoteProviderContract

OPTIONS = {
    "type": "object",
    "properties": {"imageSize": {"enum": ["1K", "2K"]}, "personGeneration": {"type": "string"}},
    "additionalProperties": False,
}


def model(name: str, kind: MediaKind) -> ModelInfo:
    seconds = Bounds(minimum=3, maximum=10) if kind == "video" else None
    edges = Bounds(minimum=360, maximum=4096, step=1)
    limits = ModelLimits(
        n=Bounds(minimum=1, maximum=4, step=1), width=edges, height=edges, duration_seconds=seconds, fps=None
    )
    return ModelInfo(
        id=f"gemini/{name}", kind=kind, provider="gemini", limits=limits, options_schema=OPTIONS, takes_inputs=True
    )


PICTURES = model("gemini-3-pro-image", "image")
OMNI = model("gemini-omni-1.1-flash", "video")
VEO = model("veo-3.1-generate-preview", "video")
PRICES = {PICTURES.id: TokenPrices(text_in=2, image_in=2, image_out=120, text_out=12)}
PICTURE = GenerationRequest(
    job_id="j1",
    kind="image",
    model=PICTURES.id,
    upstream_model=PICTURES.id.partition("/")[2],
    prompt="a lighthouse at dusk",
    n=1,
    width=1024,
    height=1024,
    seed=7,
)
FILM = replace(PICTURE, kind="video", prompt="waves at dusk", width=1280, height=720, duration_seconds=8)


class GeminiContract(RemoteProviderContract):
    def provider_at(self, root: str) -> Provider:
        pace = Pace(first_seconds=0.001, longest_seconds=0.005)
        return GeminiProvider(gemini_api(KEY, root), [PICTURES, OMNI, VEO], PRICES, pace)

    @pytest.fixture
    async def server(self) -> AsyncIterator[GeminiServer]:
        server = GeminiServer()
        async with listening(server):
            yield server

    async def test_a_wrong_key_is_not_the_callers_fault(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path
    ) -> None:
        server.plays("wrong key")

        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, request_for(), tmp_path)

        assert (caught.value.code, caught.value.retryable) == ("provider_error", False)


class TestGeminiPictures(GeminiContract):
    request = PICTURE

    async def test_what_is_sent_is_what_was_recorded(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path
    ) -> None:
        [output] = await outputs_of(provider, request_for(), tmp_path)

        assert server.asked == [sample("picture.request.json")]
        assert output.seed == 7

    @pytest.mark.parametrize(("size", "ratio"), [((1920, 1080), "16:9"), ((832, 1216), "2:3"), ((2100, 900), "21:9")])
    async def test_the_nearest_ratio_is_asked_for(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path,
        size: tuple[int, int], ratio: str
    ) -> None:  # fmt: skip
        await outputs_of(provider, request_for(width=size[0], height=size[1], options={"imageSize": "2K"}), tmp_path)

        assert server.asked[0]["generationConfig"]["imageConfig"] == {"aspectRatio": ratio, "imageSize": "2K"}

    async def test_a_blocked_prompt_is_the_content_policy(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path
    ) -> None:
        server.plays("prompt blocked")

        [result] = await results_of(provider, request_for(), tmp_path)

        assert isinstance(result, Missing)
        assert result.code == "content_policy"

    async def test_the_usage_becomes_the_cost(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        [output] = await outputs_of(provider, request_for(), tmp_path)

        assert output.cost == pytest.approx((10 * 2 + 1290 * 120 + 110 * 12) / 1_000_000)


class VideoContract(GeminiContract):
    recorded: str
    """The sample of what is sent."""

    async def test_what_is_sent_is_what_was_recorded(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(), tmp_path)

        assert server.asked == [sample(self.recorded)]

    async def test_a_job_that_a_killed_worker_waited_for_is_picked_up(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        errand = NotedErrand()
        killed = asyncio.create_task(results_of(provider, request_for(), tmp_path / "killed", errand=errand))
        await asyncio.wait_for(server.looked.wait(), SECONDS)

        server.jobs["1"]["scene"] = ""
        [picked_up] = await outputs_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id))

        assert picked_up.file.exists()
        assert server.submits == 1
        killed.cancel()
        await asyncio.wait([killed])

    async def test_a_job_that_somebody_goes_on_with_is_not_called_off(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        errand = NotedErrand(goes_on=True)
        task = asyncio.create_task(results_of(provider, request_for(), tmp_path, errand=errand))
        await asyncio.wait_for(server.looked.wait(), SECONDS)

        task.cancel()
        await asyncio.wait([task])

        assert not server.freed.is_set()
        assert list(server.jobs) == ["1"]

    async def test_a_job_that_is_gone_is_not_made_again(
        self, provider: Provider, request_for: RequestFor, server: GeminiServer, tmp_path: Path
    ) -> None:
        [result] = await results_of(provider, request_for(), tmp_path, errand=NotedErrand("0 some-job"))

        assert isinstance(result, Missing)
        assert result.code == "no_output"
        assert server.submits == 0


class TestGeminiInteractions(VideoContract):
    request = replace(FILM, model=OMNI.id, upstream_model=OMNI.id.partition("/")[2])
    recorded = "interaction.request.json"


class TestVeoOperations(VideoContract):
    request = replace(FILM, model=VEO.id, upstream_model=VEO.id.partition("/")[2])
    recorded = "operation.request.json"
