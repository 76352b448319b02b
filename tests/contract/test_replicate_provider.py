"""The `replicate` provider keeps the contract of providers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from actors.providers.base import Provider
from actors.providers.polling import Pace
from actors.providers.replicate import ReplicateProvider, replicate_api
from schema.provider_settings import TemplateSettings
from tests.contract.job_providers import JobProviderContract, model, request_of
from tests.contract.played import listening
from tests.contract.providers import Recorder, RequestFor, outputs_of
from tests.contract.remote_providers import KEY, code_of
from tests.contract.replicate_server import ReplicateServer

PICTURES = model("replicate", "flux-dev", "image")
SETTINGS = {
    PICTURES.id: TemplateSettings(
        input={
            "prompt": "{{prompt}}",
            "seed": "{{seed}}",
            "aspect_ratio": "{{aspectRatio}}",
            "image": "{{image}}",
        },
        ratios=["1:1", "4:3", "16:9"],
    )
}
PACE = Pace(first_seconds=0.001, longest_seconds=0.005)


class TestReplicate(JobProviderContract):
    request = request_of(PICTURES, "black-forest-labs/flux-dev")
    recorded = "submit.request.json"

    def provider_at(self, root: str) -> Provider:
        return ReplicateProvider(replicate_api(KEY, root), [PICTURES], SETTINGS, PACE)

    @pytest.fixture
    def stranger(self, server: ReplicateServer) -> Provider:
        return ReplicateProvider(replicate_api("another", server.root), [PICTURES], SETTINGS, PACE)

    @pytest.fixture
    async def server(self) -> AsyncIterator[ReplicateServer]:
        server = ReplicateServer()
        async with listening(server):
            yield server

    async def test_the_bar_in_the_logs_is_the_progress(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(), tmp_path, report)

        assert (50, 100, "Step 25 of 50") in report.seen

    async def test_a_version_is_asked_for_by_its_name(
        self, provider: Provider, request_for: RequestFor, server: ReplicateServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(upstream_model=f"someone/model:{'0f' * 32}"), tmp_path)

        assert server.asked[0]["version"] == "0f" * 32

    @pytest.mark.parametrize(("scene", "code"), [("old version", "model_retired"), ("canceled", "provider_error")])
    async def test_what_it_says_has_its_code(
        self, provider: Provider, request_for: RequestFor, server: ReplicateServer, tmp_path: Path,
        scene: str, code: str
    ) -> None:  # fmt: skip
        server.plays(scene)

        assert await code_of(provider, request_for, tmp_path) == code


async def test_a_prompt_it_would_not_know_how_to_avoid_is_told_in_words(tmp_path: Path) -> None:
    server = ReplicateServer()
    request = replace(request_of(PICTURES, "black-forest-labs/flux-dev"), negative_prompt="people")
    async with listening(server):
        provider = ReplicateProvider(replicate_api(KEY, server.root), [PICTURES], SETTINGS, PACE)
        await outputs_of(provider, request, tmp_path)

    assert server.asked[0]["input"]["prompt"] == "a lighthouse at dusk\n\nAvoid: people"
