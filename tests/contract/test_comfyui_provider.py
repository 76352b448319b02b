"""The `comfyui` provider keeps the contract of providers, for pictures and videos."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.providers.base import Provider, ProviderError
from actors.providers.comfyui.provider import ComfyUIProvider
from actors.providers.comfyui.server import comfyui_api
from actors.providers.polling import Pace
from schema.menu_file import read_menu
from schema.provider_settings import WorkflowSettings
from tests.contract.comfyui_server import ComfyUIServer, sample
from tests.contract.job_providers import model, request_of
from tests.contract.job_server import PICTURE
from tests.contract.played import listening
from tests.contract.providers import NotedErrand, Recorder, RequestFor, outputs_of, results_of
from tests.contract.remote_providers import KEY, SECONDS, RemoteProviderContract, code_of

PICTURES = model("comfyui", "noise", "image")
VIDEOS = model("comfyui", "film", "video")
WORKFLOW: dict[str, Any] = {
    "noise": {
        "class_type": "Noise",
        "inputs": {
            "text": "{{prompt}}",
            "seed": "{{seed}}",
            "steps": 2,
            "width": "{{width}}",
            "height": "{{height}}",
            "image": "{{image}}",
        },
    },
    "result": {"class_type": "SaveImage", "inputs": {"images": ["noise", 0], "filename_prefix": "media"}},
}
PACE = Pace(first_seconds=0.001, longest_seconds=0.005)
PROMPT = "11111111-1111-4111-8111-111111111111"
SETTINGS = {
    PICTURES.id: WorkflowSettings.model_validate({"workflow": WORKFLOW}),
    VIDEOS.id: WorkflowSettings.model_validate({"workflow": WORKFLOW, "output": "result"}),
}


class ComfyUIContract(RemoteProviderContract):
    # What was sent is looked for under an id of ours; a server of one's own has neither a policy nor quotas.
    recovers = frozenset({"lost", "garbage", "blocked", "quota"})
    spoils = ("empty", "no_output")

    def provider_at(self, root: str) -> Provider:
        return ComfyUIProvider(comfyui_api(root, KEY), [PICTURES, VIDEOS], SETTINGS, PACE)

    @pytest.fixture
    async def server(self) -> AsyncIterator[ComfyUIServer]:
        server = ComfyUIServer()
        async with listening(server):
            yield server


class TestComfyUIPictures(ComfyUIContract):
    request = request_of(PICTURES, "noise")

    async def test_what_is_sent_is_what_was_recorded(
        self, provider: Provider, request_for: RequestFor, server: ComfyUIServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(), tmp_path)

        [asked] = server.asked
        recorded = sample("prompt.request.json")
        assert asked["prompt_id"] == asked["client_id"]
        assert asked["prompt"] == recorded["prompt"]
        assert asked.keys() == recorded.keys()

    async def test_a_request_that_names_only_a_prompt_fills_every_input_of_the_shipped_workflow(
        self, server: ComfyUIServer, tmp_path: Path
    ) -> None:
        [entry] = [each for each in read_menu(None).models if each.provider == "comfyui"]
        shipped, settings = entry.info(default=False), entry.settings_as(WorkflowSettings)
        provider = ComfyUIProvider(comfyui_api(server.root, KEY), [shipped], {entry.id: settings}, PACE)

        await outputs_of(provider, request_of(shipped, ""), tmp_path)

        [asked] = server.asked
        inputs = {name: set(node["inputs"]) for name, node in asked["prompt"].items()}
        assert inputs == {name: set(node["inputs"]) for name, node in settings.graph.items()}
        assert asked["prompt"]["unwanted"]["inputs"]["text"] == ""

    async def test_the_steps_are_the_progress_and_pictures_on_the_way_are_previews(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(), tmp_path, report)

        # Two steps, and a node without any.
        assert [each for each in report.seen if each[2]] == [(33, 100, "Step 1 of 2"), (66, 100, "Step 2 of 2")]
        assert report.previews == [(PICTURE, "image/png")]

    async def test_the_place_in_the_queue_is_told(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(), tmp_path, report)

        assert report.positions == [2]

    async def test_a_prompt_that_a_killed_worker_waited_for_is_picked_up(
        self, provider: Provider, request_for: RequestFor, server: ComfyUIServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        errand = NotedErrand(goes_on=True)
        killed = asyncio.create_task(results_of(provider, request_for(), tmp_path, errand=errand))
        await asyncio.wait_for(server.looked.wait(), SECONDS)
        killed.cancel()
        await asyncio.wait([killed])
        assert not server.freed.is_set()

        server.prompts[server.asked[0]["prompt_id"]]["scene"] = ""
        await outputs_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id))

        assert server.submits == 1

    async def test_a_prompt_that_runs_is_interrupted(
        self, provider: Provider, request_for: RequestFor, server: ComfyUIServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        task = asyncio.create_task(results_of(provider, request_for(), tmp_path))
        await asyncio.wait_for(server.runs.wait(), SECONDS)

        task.cancel()
        await asyncio.wait([task])

        assert server.interrupted == [each["prompt_id"] for each in server.asked]

    async def test_a_server_that_begins_anew_has_lost_the_prompt_and_is_sent_it_again(
        self, provider: Provider, request_for: RequestFor, server: ComfyUIServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        errand = NotedErrand()
        task = asyncio.create_task(outputs_of(provider, request_for(), tmp_path, errand=errand))
        await asyncio.wait_for(server.looked.wait(), SECONDS)
        server.restart()

        with pytest.raises(ProviderError) as caught:
            await task
        await outputs_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id))

        assert (caught.value.code, caught.value.retryable) == ("provider_unavailable", True)
        assert server.submits == 2

    async def test_a_prompt_of_an_earlier_attempt_that_the_server_never_had_is_sent(
        self, provider: Provider, request_for: RequestFor, server: ComfyUIServer, tmp_path: Path
    ) -> None:
        await outputs_of(provider, request_for(), tmp_path, errand=NotedErrand(f"0 {PROMPT}"))

        assert [each["prompt_id"] for each in server.asked] == [PROMPT]

    @pytest.mark.parametrize(
        ("scene", "code"),
        [
            ("no such node", "model_retired"),
            ("no such input", "invalid_input"),
            ("out of memory", "provider_unavailable"),
        ],
    )
    async def test_what_it_says_has_its_code(
        self, provider: Provider, request_for: RequestFor, server: ComfyUIServer, tmp_path: Path, scene: str, code: str
    ) -> None:
        server.plays(scene)

        assert await code_of(provider, request_for, tmp_path) == code


class TestComfyUIVideos(ComfyUIContract):
    request = request_of(VIDEOS, "film", "waves at dusk")

    @pytest.fixture
    async def server(self) -> AsyncIterator[ComfyUIServer]:
        server = ComfyUIServer("history.video.json")
        async with listening(server):
            yield server
