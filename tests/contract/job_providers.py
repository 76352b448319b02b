"""What providers owe whose generations are jobs of their own: subclass with what `RemoteProviderContract` needs."""

import asyncio
from pathlib import Path
from typing import ClassVar

import pytest

from actors.providers.base import GenerationRequest, Missing, Provider, ProviderError
from schema.models import Bounds, MediaKind, ModelInfo, ModelLimits
from tests.contract.job_server import JobServer
from tests.contract.providers import NotedErrand, Recorder, RequestFor, outputs_of, results_of
from tests.contract.remote_providers import SECONDS, RemoteProviderContract

OPTIONS = {
    "type": "object",
    "properties": {"guidance": {"type": "number", "default": 3.5}},
    "additionalProperties": False,
}


def model(provider: str, name: str, kind: MediaKind) -> ModelInfo:
    """One that takes anything."""
    edges = Bounds(minimum=64, maximum=4096, step=1)
    limits = ModelLimits(
        n=Bounds(minimum=1, maximum=4, step=1),
        width=edges,
        height=edges,
        duration_seconds=Bounds(minimum=1, maximum=10) if kind == "video" else None,
    )
    return ModelInfo(
        id=f"{provider}/{name}", kind=kind, provider=provider, limits=limits, options_schema=OPTIONS, takes_inputs=True
    )


def request_of(asked: ModelInfo, upstream: str, prompt: str = "a lighthouse at dusk") -> GenerationRequest:
    """One that is quick to do."""
    return GenerationRequest(
        job_id="j1",
        kind=asked.kind,
        model=asked.id,
        upstream_model=upstream,
        prompt=prompt,
        n=1,
        width=1024,
        height=768,
        seed=7,
        duration_seconds=5 if asked.kind == "video" else None,
    )


class JobProviderContract(RemoteProviderContract):
    recorded: ClassVar[str]
    """The sample of what is sent."""

    async def test_what_is_sent_is_what_was_recorded(
        self, provider: Provider, request_for: RequestFor, server: JobServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(), tmp_path)

        assert server.asked == [server.sample(self.recorded)]

    async def test_each_output_has_a_seed_of_its_own(
        self, provider: Provider, request_for: RequestFor, server: JobServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(n=2), tmp_path)

        first, second = (asked.get("seed", asked.get("input", {}).get("seed")) for asked in server.asked)
        assert (first, second) == (7, 8)

    async def test_waiting_at_the_provider_is_told(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(), tmp_path, report)

        assert report.positions

    async def test_a_job_that_a_killed_worker_waited_for_is_picked_up(
        self, provider: Provider, request_for: RequestFor, server: JobServer, tmp_path: Path
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
        self, provider: Provider, request_for: RequestFor, server: JobServer, tmp_path: Path
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
        self, provider: Provider, request_for: RequestFor, server: JobServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        errand = NotedErrand(goes_on=True)
        task = asyncio.create_task(results_of(provider, request_for(), tmp_path, errand=errand))
        await asyncio.wait_for(server.looked.wait(), SECONDS)
        task.cancel()
        await asyncio.wait([task])
        server.jobs.clear()

        [result] = await results_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id))

        assert isinstance(result, Missing)
        assert result.code == "no_output"
        assert server.submits == 1

    async def test_a_wrong_key_is_not_the_callers_fault(
        self, stranger: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            await outputs_of(stranger, request_for(), tmp_path)

        assert (caught.value.code, caught.value.retryable) == ("provider_error", False)

    @pytest.fixture
    def stranger(self, server: JobServer) -> Provider:
        """The provider with a key that nobody gave."""
        raise NotImplementedError
