"""The procedural provider keeps the contract of providers with its video model, and its promises about videos."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from actors.children import ChildPool
from actors.providers.base import GenerationRequest, Provider
from actors.providers.procedural import ProceduralProvider
from schema.requests import VideoBody
from tests.contract.providers import ProviderContract, Recorder, RequestFor, outputs_of

REQUEST = GenerationRequest(
    job_id="j1", kind="video", model="procedural/video", prompt="a lighthouse at dusk, belonging to nobody",
    n=1, width=64, height=64, seed=7, duration_seconds=0.5, fps=4,
)  # fmt: skip
LARGE = replace(REQUEST, n=4, width=1920, height=1080, duration_seconds=60, fps=60)


class TestProceduralVideo(ProviderContract):
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
        videos = [output.file.read_bytes() for output in batch]
        [alone] = await outputs_of(provider, replace(REQUEST, seed=REQUEST.seed + 2), tmp_path)

        assert alone.file.read_bytes() == videos[2]
        assert len(set(videos)) == 3

    async def test_outputs_tell_the_duration_that_their_file_has(self, provider: Provider, tmp_path: Path) -> None:
        [output] = await outputs_of(provider, replace(REQUEST, duration_seconds=1.3, fps=10), tmp_path)

        with av.open(str(output.file)) as container:
            assert container.duration == 1_300_000  # microseconds
        assert output.duration_seconds == pytest.approx(1.3)

    async def test_units_are_the_frames_and_the_files_of_all_outputs(self, provider: Provider, tmp_path: Path) -> None:
        report = Recorder()
        await outputs_of(provider, replace(REQUEST, n=2, duration_seconds=1.5), tmp_path, report)

        assert {total for _, total, _ in report.seen} == {2 * (6 + 1)}
        assert sorted({done for done, _, _ in report.seen}) == list(range(14 + 1))
        assert report.seen[-1][2] == "Rendering video 2 of 2"

    async def test_cancelling_in_mid_encoding_kills_the_child(
        self, provider: Provider, pool: ChildPool, tmp_path: Path
    ) -> None:
        report = Recorder()
        task = asyncio.create_task(outputs_of(provider, LARGE, tmp_path, report))
        while not any(done for done, _, _ in report.seen):
            report.reached.clear()
            await report.reached.wait()
        [child] = pool._alive

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert child.returncode == -signal.SIGKILL
        assert not list(tmp_path.glob("*.mp4"))  # noqa: ASYNC240  # a test's own loop

    def test_the_limits_are_those_of_the_api(self, provider: Provider) -> None:
        [model] = [model for model in provider.models() if model.kind == "video"]
        schema = VideoBody.model_json_schema()["properties"]

        for name, bounds in model.limits.model_dump(by_alias=True).items():
            assert bounds is not None
            assert (schema[name]["minimum"], schema[name]["maximum"]) == (bounds["minimum"], bounds["maximum"])
        assert (model.limits.width.step, model.limits.height.step) == (2, 2)
