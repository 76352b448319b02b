"""What a provider owes that is somebody's server: subclass with `request`, `provider_at` and a played `server`."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest

from actors.providers.base import GenerationRequest, InputMedia, Missing, Output, Provider, ProviderError
from tests.contract.providers import NotedErrand, ProviderContract, Recorder, RequestFor, outputs_of, results_of
from tests.unit.actors.processing.samples import png

KEY = "sk-a-key-that-nobody-may-see"
RETRY_AFTER = 7
SECONDS = 10
AWHILE = 0.3


class PlayedServer(Protocol):
    """The provider's server as its documentation has it, which plays scenes."""

    root: str
    """Its base URL."""
    submits: int
    """How many generations it took on, which somebody pays for."""
    inputs: list[bytes]
    """The files that it was given."""
    taken: asyncio.Event
    """Set when it has taken on a generation."""
    freed: asyncio.Event
    """Set when the client gave one up."""

    def plays(self, *scenes: str) -> None:
        """What the next generations come to; after the last, and for "", all is well.

        "slow": it takes for ever. "rate_limited": 429, with `RETRY_AFTER`. "unavailable": 503. "blocked": by its policy
        for content. "empty": done, without media. "broken": done, and what it made is no media. "lost": taken on, and
        not answered. "cut": the connection ends in the middle of it. "retired": it has no such model. "garbage": an
        answer that is none. "quota": the account has nothing left. "failed": it gives up half-way.
        """
        ...


async def code_of(provider: Provider, request_for: RequestFor, scratch: Path) -> str | None:
    """Why the one output that is asked for does not come; None where it does."""
    try:
        [result] = await results_of(provider, request_for(), scratch)
    except ProviderError as error:
        return error.code
    return result.code if isinstance(result, Missing) else None


class RemoteProviderContract(ProviderContract):
    @pytest.fixture
    def server(self) -> PlayedServer:
        raise NotImplementedError

    request: GenerationRequest
    """One that is quick to do."""
    recovers: ClassVar[frozenset[str]] = frozenset()
    """The scenes that cost it no output: it looks for what it asked for, or its server knows no such thing."""
    spoils: ClassVar[tuple[str, str]] = ("blocked", "content_policy")
    """A scene in which one output of a batch does not come, and its code."""

    def provider_at(self, root: str) -> Provider:
        """The provider under test, whose server has this base URL."""
        raise NotImplementedError

    @pytest.fixture
    def provider(self, server: PlayedServer) -> Provider:
        return self.provider_at(server.root)

    @pytest.fixture
    def stray(self, unused_tcp_port: int) -> Provider:
        """The same provider at an address where nobody listens."""
        return self.provider_at(f"http://127.0.0.1:{unused_tcp_port}")

    @pytest.fixture
    def request_for(self) -> RequestFor:
        def make(**changes: Any) -> GenerationRequest:
            return replace(self.request, **changes)

        return make

    @pytest.mark.parametrize(
        ("scene", "code"),
        [
            ("rate_limited", "rate_limited"),
            ("unavailable", "provider_unavailable"),
            ("blocked", "content_policy"),
            ("empty", "no_output"),
            ("broken", "no_output"),
            ("lost", "provider_error"),
            ("retired", "model_retired"),
            ("garbage", "provider_error"),
            ("quota", "quota_exceeded"),
            ("failed", "provider_error"),
        ],
    )
    async def test_a_failure_has_its_code(
        self, provider: Provider, request_for: RequestFor, server: PlayedServer, tmp_path: Path, scene: str, code: str
    ) -> None:
        server.plays(scene)

        assert await code_of(provider, request_for, tmp_path) == (None if scene in self.recovers else code)
        assert scene in self.recovers or not any(file.is_file() for file in tmp_path.rglob("*"))  # noqa: ASYNC240  # a test's own loop

    @pytest.mark.parametrize("scene", ["rate_limited", "unavailable"])
    async def test_what_was_turned_away_may_be_asked_for_again(
        self, provider: Provider, request_for: RequestFor, server: PlayedServer, tmp_path: Path, scene: str
    ) -> None:
        server.plays(scene)
        errand = NotedErrand()

        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, request_for(), tmp_path, errand=errand)
        outputs = await outputs_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id))

        assert (caught.value.retryable, caught.value.maybe_billed) == (True, False)
        assert caught.value.retry_after == (RETRY_AFTER if scene == "rate_limited" else None)
        assert (len(outputs), server.submits) == (1, 1)

    @pytest.mark.parametrize("scene", ["lost", "cut", "garbage", "broken"])
    async def test_what_may_have_been_paid_for_is_not_asked_for_again(
        self, provider: Provider, request_for: RequestFor, server: PlayedServer, tmp_path: Path, scene: str
    ) -> None:
        server.plays(scene)
        errand = NotedErrand()

        with suppress(ProviderError):
            await results_of(provider, request_for(), tmp_path, errand=errand)
        with suppress(ProviderError):
            await results_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id))

        assert server.submits == 1

    async def test_a_worker_that_was_killed_pays_once(
        self, provider: Provider, request_for: RequestFor, server: PlayedServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        errand = NotedErrand()
        killed = asyncio.create_task(results_of(provider, request_for(), tmp_path, errand=errand))
        await asyncio.wait_for(server.taken.wait(), SECONDS)

        with suppress(ProviderError, TimeoutError):
            await asyncio.wait_for(results_of(provider, request_for(), tmp_path, errand=NotedErrand(errand.id)), AWHILE)

        assert errand.id is not None
        assert server.submits == 1
        killed.cancel()
        await asyncio.wait([killed])

    async def test_a_blocked_output_leaves_the_others_be(
        self, provider: Provider, request_for: RequestFor, server: PlayedServer, tmp_path: Path
    ) -> None:
        scene, code = self.spoils
        server.plays("", scene, "")

        results = await results_of(provider, request_for(n=3), tmp_path)

        by_index = {result.index: result for result in results}
        assert [isinstance(by_index[index], Output) for index in range(3)] == [True, False, True]
        assert isinstance(by_index[1], Missing)
        assert by_index[1].code == code

    async def test_cancelling_reaches_the_provider(
        self, provider: Provider, request_for: RequestFor, server: PlayedServer, tmp_path: Path
    ) -> None:
        server.plays("slow")
        task = asyncio.create_task(results_of(provider, request_for(), tmp_path))
        await asyncio.wait_for(server.taken.wait(), SECONDS)

        task.cancel()
        await asyncio.wait([task])

        await asyncio.wait_for(server.freed.wait(), SECONDS)

    async def test_a_server_that_is_not_there_is_unavailable(
        self, stray: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            await outputs_of(stray, request_for(), tmp_path)

        assert (caught.value.code, caught.value.retryable) == ("provider_unavailable", True)

    async def test_inputs_reach_the_provider(
        self, provider: Provider, request_for: RequestFor, server: PlayedServer, tmp_path: Path
    ) -> None:
        file = tmp_path / "given.png"
        file.write_bytes(png(8, 8))
        given = InputMedia("media/alice/a/b.png", "image/png", file)

        await outputs_of(provider, request_for(inputs=(given,)), tmp_path)

        assert server.inputs == [png(8, 8)]

    async def test_nothing_that_is_told_holds_the_key(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()

        await outputs_of(provider, request_for(n=2), tmp_path, report)

        assert KEY not in repr(provider) + repr(report)
