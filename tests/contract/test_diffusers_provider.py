"""The `diffusers` provider keeps the contract of providers, with a pipeline that only calls back as real ones do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.children import ChildPool
from actors.providers.base import GenerationRequest, Missing, Provider, ProviderError
from actors.providers.diffusers import DiffusersProvider
from schema.models import Bounds, ModelInfo, ModelLimits
from schema.provider_settings import PipelineSettings
from tests.contract.providers import ProviderContract, Recorder, RequestFor, outputs_of, results_of
from tests.contract.scripted_pipeline import STEPS

EDGES = Bounds(minimum=8, maximum=1024, step=8)
MODEL = ModelInfo(
    id="diffusers/tiny",
    kind="image",
    provider="diffusers",
    limits=ModelLimits(n=Bounds(minimum=1, maximum=4, step=1), width=EDGES, height=EDGES),
    options_schema={
        "type": "object",
        "properties": {"num_inference_steps": {"type": "integer", "minimum": 1, "default": STEPS}},
        "additionalProperties": False,
    },
)


class TestDiffusersProvider(ProviderContract):
    @pytest.fixture
    async def pool(self) -> AsyncIterator[ChildPool]:
        pool = ChildPool(limit=1)
        yield pool
        await pool.close()

    @pytest.fixture
    def directory(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Where the model is."""
        return tmp_path_factory.mktemp("model")

    @pytest.fixture
    def provider(self, pool: ChildPool) -> Provider:
        settings = {MODEL.id: PipelineSettings(device="cpu", dtype="float32")}
        return DiffusersProvider(pool, [MODEL], settings, loader="tests.contract.scripted_pipeline:load")

    @pytest.fixture
    def request_for(self, directory: Path) -> RequestFor:
        request = GenerationRequest(
            job_id="j1",
            kind="image",
            model=MODEL.id,
            upstream_model=str(directory),
            prompt="a lighthouse at dusk",
            n=1,
            width=64,
            height=64,
            seed=7,
        )

        def make(**changes: Any) -> GenerationRequest:
            return replace(request, **changes)

        return make

    async def test_every_step_is_told(self, provider: Provider, request_for: RequestFor, tmp_path: Path) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(n=2, options={"num_inference_steps": 3}), tmp_path, report)

        assert report.seen == [(step + 1, 6, f"Step {step % 3 + 1} of 3") for step in range(6)]

    async def test_a_stop_comes_at_the_next_step_and_the_model_stays_loaded(
        self, provider: Provider, request_for: RequestFor, directory: Path, tmp_path: Path
    ) -> None:
        report = Recorder()
        slow = request_for(prompt="slow", options={"num_inference_steps": 200})
        task = asyncio.create_task(outputs_of(provider, slow, tmp_path, report))
        await report.reached.wait()
        while not report.seen:
            report.reached.clear()
            await report.reached.wait()

        task.cancel()
        await asyncio.wait([task])
        (tmp_path / "stop").unlink()
        await outputs_of(provider, request_for(), tmp_path)

        assert len((directory / "steps").read_text().split()) <= len(report.seen) + 1
        assert (directory / "loads").read_text() == "cpu float32\n"

    async def test_a_blocked_output_leaves_the_others_be(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        [result] = await results_of(provider, request_for(prompt="blocked"), tmp_path)

        assert isinstance(result, Missing)
        assert result.code == "content_policy"

    @pytest.mark.parametrize(("prompt", "retryable"), [("full", True), ("broken", False)])
    async def test_a_failure_tells_nothing_of_the_prompt(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path, prompt: str, *, retryable: bool
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, request_for(prompt=prompt), tmp_path)

        assert (caught.value.code, caught.value.retryable) == ("provider_error", retryable)
        assert prompt not in caught.value.message
