"""The procedural provider keeps the contract of providers, and its own promises."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from actors.children import ChildPool
from actors.providers.base import GenerationRequest, InputMedia, Provider, ProviderError
from actors.providers.procedural import ProceduralProvider
from tests.contract.providers import NotedErrand, ProviderContract, Recorder, RequestFor, outputs_of

PROMPT = "a lighthouse at dusk, belonging to nobody"
REQUEST = GenerationRequest(
    job_id="j1", kind="image", model="procedural/image", prompt=PROMPT, n=1, width=64, height=64, seed=7
)


class TestProceduralProvider(ProviderContract):
    @pytest.fixture
    async def pool(self) -> AsyncIterator[ChildPool]:
        pool = ChildPool(limit=2)
        yield pool
        await pool.close()

    @pytest.fixture
    def provider(self, pool: ChildPool) -> Provider:
        return ProceduralProvider(pool)

    @pytest.fixture
    def request_for(self) -> RequestFor:
        def make(**changes: Any) -> GenerationRequest:
            return replace(REQUEST, **changes)

        return make

    async def test_the_same_request_gives_the_same_bytes_in_two_children(
        self, provider: Provider, pool: ChildPool, tmp_path: Path
    ) -> None:
        [first] = await outputs_of(provider, REQUEST, tmp_path)
        before = first.file.read_bytes()
        await pool.close_idle()
        [second] = await outputs_of(provider, REQUEST, tmp_path)

        assert second.file.read_bytes() == before

    async def test_output_i_is_what_its_own_seed_gives(self, provider: Provider, tmp_path: Path) -> None:
        batch = await outputs_of(provider, replace(REQUEST, n=3), tmp_path)
        pictures = [output.file.read_bytes() for output in batch]
        [alone] = await outputs_of(provider, replace(REQUEST, seed=REQUEST.seed + 2), tmp_path)

        assert alone.file.read_bytes() == pictures[2]
        assert len(set(pictures)) == 3

    async def test_256_pixels_square_give_at_least_64_reports(self, provider: Provider, tmp_path: Path) -> None:
        report = Recorder()
        await outputs_of(provider, replace(REQUEST, width=256, height=256), tmp_path, report)

        assert len(report.seen) >= 64
        assert [done for done, _, _ in report.seen] == list(range(1, report.seen[-1][1] + 1))

    async def test_the_file_says_what_it_is_and_not_what_was_asked(self, provider: Provider, tmp_path: Path) -> None:
        [output] = await outputs_of(provider, REQUEST, tmp_path)

        with Image.open(output.file) as image:
            assert image.size == (64, 64)
            assert image.info["Seed"] == "7"
            assert "No generative model" in image.info["Comment"]
        assert b"nobody" not in output.file.read_bytes()

    async def test_a_renderer_that_fails_is_no_case_for_another_try(self, provider: Provider, tmp_path: Path) -> None:
        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, REQUEST, tmp_path / "missing")

        assert (caught.value.code, caught.value.retryable) == ("provider_error", False)

    async def test_a_renderer_that_dies_is_a_case_for_another_try(
        self, provider: Provider, pool: ChildPool, tmp_path: Path
    ) -> None:
        async with provider.generate(replace(REQUEST, n=8, width=2048), Recorder(), tmp_path, NotedErrand()) as outputs:
            for child in pool._alive:
                child.stop()
            with pytest.raises(ProviderError) as caught:
                await anext(outputs)

        assert (caught.value.code, caught.value.retryable) == ("provider_error", True)

    async def test_a_closed_pool_is_provider_unavailable(
        self, provider: Provider, pool: ChildPool, tmp_path: Path
    ) -> None:
        await pool.close()

        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, REQUEST, tmp_path)

        assert (caught.value.code, caught.value.retryable) == ("provider_unavailable", True)

    async def test_inputs_are_refused(self, provider: Provider, tmp_path: Path) -> None:
        given = InputMedia("media/alice/a/b.png", "image/png", tmp_path / "b.png")

        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, replace(REQUEST, inputs=(given,)), tmp_path)

        assert caught.value.code == "invalid_input"
