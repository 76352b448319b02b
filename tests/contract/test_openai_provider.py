"""The `openai` provider keeps the contract of providers, answered at once and as a stream."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.providers.base import GenerationRequest, InputMedia, Missing, Output, Provider
from actors.providers.openai import OpenAIProvider, openai_api
from actors.providers.prices import TokenPrices
from schema.models import Bounds, ModelInfo, ModelLimits
from tests.contract.openai_server import PICTURE, OpenAIServer
from tests.contract.played import listening
from tests.contract.providers import NotedErrand, Recorder, RequestFor, outputs_of, results_of
from tests.contract.remote_providers import KEY, RemoteProviderContract

EDGES = Bounds(minimum=512, maximum=2048, step=16)
MODEL = ModelInfo(
    id="openai/gpt-image-2",
    kind="image",
    provider="openai",
    limits=ModelLimits(n=Bounds(minimum=1, maximum=10, step=1), width=EDGES, height=EDGES),
    options_schema={
        "type": "object",
        "properties": {
            "partial_images": {"type": "integer", "minimum": 0, "maximum": 3},
            "quality": {"type": "string"},
        },
        "additionalProperties": False,
    },
    takes_inputs=True,
)
REQUEST = GenerationRequest(
    job_id="j1",
    kind="image",
    model=MODEL.id,
    upstream_model="gpt-image-2",
    prompt="a lighthouse at dusk",
    n=1,
    width=1024,
    height=1024,
    seed=7,
)
PRICES = {MODEL.id: TokenPrices(text_in=5, image_in=8, image_out=30)}


class TestOpenAIProvider(RemoteProviderContract):
    request = REQUEST

    def provider_at(self, root: str) -> Provider:
        return OpenAIProvider(openai_api(KEY, root), [MODEL], PRICES)

    @pytest.fixture
    async def server(self) -> AsyncIterator[OpenAIServer]:
        server = OpenAIServer()
        async with listening(server):
            yield server

    async def test_what_is_sent_is_what_was_asked_for(
        self, provider: Provider, request_for: RequestFor, server: OpenAIServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(n=2, negative_prompt="fog"), tmp_path)

        [first, second] = server.asked
        assert first == second
        assert first["prompt"] == "a lighthouse at dusk\n\nAvoid: fog"
        assert (first["model"], first["n"], first["size"]) == ("gpt-image-2", 1, "1024x1024")

    async def test_several_inputs_go_as_one_field_of_many(
        self, provider: Provider, request_for: RequestFor, server: OpenAIServer, tmp_path: Path
    ) -> None:
        given = [InputMedia(f"{index}.png", "image/png", tmp_path / f"{index}.png") for index in range(2)]
        for each in given:
            each.file.write_bytes(PICTURE)

        await outputs_of(provider, request_for(inputs=tuple(given), options={"quality": "low"}), tmp_path)

        assert server.inputs
        assert "image[]" in server.asked[0]
        assert server.asked[0]["quality"] == "low"

    async def test_the_usage_becomes_the_cost(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        [output] = await outputs_of(provider, request_for(), tmp_path)

        assert output.cost == pytest.approx((18 * 5 + 10 * 8 + 272 * 30) / 1_000_000)

    async def test_a_picture_that_is_elsewhere_is_fetched(
        self, provider: Provider, request_for: RequestFor, server: OpenAIServer, tmp_path: Path
    ) -> None:
        server.plays("url")

        [output] = await outputs_of(provider, replace(request_for(), options={}), tmp_path)

        assert output.file.read_bytes() == PICTURE

    async def test_what_an_earlier_attempt_asked_for_is_missing_and_the_rest_comes(
        self, provider: Provider, request_for: RequestFor, server: OpenAIServer, tmp_path: Path
    ) -> None:
        results = await results_of(provider, request_for(n=4), tmp_path, errand=NotedErrand("2 sent"))

        assert [(type(result), result.index) for result in results] == [(Missing, 2), (Output, 3)]
        assert server.submits == 1

    async def test_a_batch_that_breaks_off_keeps_what_it_has(
        self, provider: Provider, request_for: RequestFor, server: OpenAIServer, tmp_path: Path
    ) -> None:
        server.plays("", "lost")

        results = await results_of(provider, request_for(n=3), tmp_path)

        assert [(type(result), result.index) for result in results] == [(Output, 0), (Missing, 1), (Missing, 2)]
        assert server.submits == 2


class TestStreamedOpenAI(TestOpenAIProvider):
    @pytest.fixture
    def request_for(self) -> RequestFor:
        def make(**changes: Any) -> GenerationRequest:
            options = {"partial_images": 2, **changes.pop("options", {})}
            return replace(REQUEST, options=options, **changes)

        return make

    async def test_partial_images_are_previews(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(n=2), tmp_path, report)

        assert report.previews == [(PICTURE, "image/png")] * 2

    async def test_a_picture_may_be_blocked_when_it_is_half_done(
        self, provider: Provider, request_for: RequestFor, server: OpenAIServer, tmp_path: Path
    ) -> None:
        server.plays("blocked late", "")

        [blocked, made] = await results_of(provider, request_for(n=2), tmp_path)

        assert isinstance(blocked, Missing)
        assert blocked.code == "content_policy"
        assert isinstance(made, Output)
