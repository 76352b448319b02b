"""What every generation provider owes, as tests: subclass and supply the fixtures `provider` and `request_for`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from actors.providers.base import GenerationRequest, Missing, Output, Provider, ProviderError

MAGIC = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/webp": b"RIFF",
    "video/mp4": b"ftyp",
    "video/webm": b"\x1aE\xdf\xa3",
}
BATCH = 3

RequestFor = Callable[..., GenerationRequest]


@dataclass
class Recorder:
    """A `Reporter` that remembers. `reached` is set at the first report of a unit."""

    seen: list[tuple[int, int, str]] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    positions: list[int | None] = field(default_factory=list)
    previews: list[tuple[bytes, str]] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def units(self, done: int, total: int, message: str = "") -> None:
        self.seen.append((done, total, message))
        self.reached.set()

    def phase(self, message: str) -> None:
        self.phases.append(message)
        self.reached.set()

    def queued(self, position: int | None) -> None:
        self.positions.append(position)
        self.reached.set()

    def preview(self, content: bytes, content_type: str) -> None:
        self.previews.append((content, content_type))


@dataclass
class NotedErrand:
    """An `Errand` without a row behind it: what is noted survives in `id`, as a row would keep it."""

    id: str | None = None
    goes_on: bool = False
    noted: list[str] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    async def note(self, id: str) -> None:
        self.id = id
        self.noted.append(id)

    async def forget(self) -> None:
        self.id = None

    def cost(self, amount: float) -> None:
        self.costs.append(amount)


async def results_of(
    provider: Provider,
    request: GenerationRequest,
    scratch: Path,
    report: Recorder | None = None,
    errand: NotedErrand | None = None,
) -> list[Output | Missing]:
    """Everything that one request gives, what will not come included."""
    async with provider.generate(request, report or Recorder(), scratch, errand or NotedErrand()) as results:
        return [result async for result in results]


async def outputs_of(
    provider: Provider,
    request: GenerationRequest,
    scratch: Path,
    report: Recorder | None = None,
    errand: NotedErrand | None = None,
) -> list[Output]:
    """Every output of one request, which must all come."""
    results = await results_of(provider, request, scratch, report, errand)
    assert [each for each in results if isinstance(each, Missing)] == []
    return [each for each in results if isinstance(each, Output)]


class ProviderContract:
    """`provider` is the provider under test; `request_for(**changes)` makes a valid request that is quick to do."""

    @pytest.fixture
    def provider(self) -> Provider:
        raise NotImplementedError

    @pytest.fixture
    def request_for(self) -> RequestFor:
        raise NotImplementedError

    def test_models_name_their_provider_and_have_unique_ids(self, provider: Provider) -> None:
        models = provider.models()

        assert models
        assert {model.provider for model in models} == {provider.name}
        assert len({model.id for model in models}) == len(models)

    def test_options_schemas_are_closed_objects(self, provider: Provider) -> None:
        for model in provider.models():
            Draft202012Validator.check_schema(model.options_schema)
            assert model.options_schema["type"] == "object"
            assert model.options_schema["additionalProperties"] is False
            assert Draft202012Validator(model.options_schema).is_valid({})

    def test_default_options_suit_their_schema(self, provider: Provider) -> None:
        for model in provider.models():
            properties: dict[str, Any] = model.options_schema.get("properties", {})
            defaults = {name: schema["default"] for name, schema in properties.items() if "default" in schema}
            Draft202012Validator(model.options_schema).validate(defaults)

    def test_limits_leave_room(self, provider: Provider) -> None:
        for model in provider.models():
            limits = model.limits
            for bounds in filter(None, (limits.n, limits.width, limits.height, limits.duration_seconds, limits.fps)):
                assert bounds.minimum <= bounds.maximum
            assert (limits.duration_seconds is None) == (model.kind == "image")

    async def test_every_output_is_a_file_below_the_scratch_directory(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        outputs = await outputs_of(provider, request_for(n=BATCH), tmp_path)

        assert sorted(output.index for output in outputs) == list(range(BATCH))
        for output in outputs:
            assert output.file.is_relative_to(tmp_path)
            assert MAGIC[output.content_type] in output.file.read_bytes()[:16]

    async def test_outputs_have_the_size_and_seed_they_say(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        request = request_for(n=2, seed=41)

        outputs = await outputs_of(provider, request, tmp_path)

        for output in outputs:
            assert (output.width, output.height) == (request.width, request.height)
            assert output.seed in (None, request.seed + output.index)

    async def test_an_output_comes_as_soon_as_it_is_finished(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()
        async with provider.generate(request_for(n=BATCH), report, tmp_path, NotedErrand()) as outputs:
            first = await anext(outputs)

            assert isinstance(first, Output)
            assert first.file.exists()
            assert all(done < total for done, total, _ in report.seen)

    async def test_units_never_fall_and_end_at_their_total(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()
        await outputs_of(provider, request_for(n=2), tmp_path, report)

        done, totals = [entry[0] for entry in report.seen], [entry[1] for entry in report.seen]
        assert done == sorted(done)
        assert totals == sorted(totals)
        assert all(one <= total for one, total in zip(done, totals, strict=True))
        assert not report.seen or done[-1] == totals[-1]

    async def test_a_file_may_be_taken_away_while_the_work_goes_on(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        async with provider.generate(request_for(n=2), Recorder(), tmp_path, NotedErrand()) as outputs:
            async for output in outputs:
                assert isinstance(output, Output)
                output.file.unlink()

        assert not any(file.is_file() for file in tmp_path.rglob("*"))  # noqa: ASYNC240  # a test's own loop

    async def test_leaving_early_stops_the_work(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        report = Recorder()
        async with provider.generate(request_for(n=BATCH), report, tmp_path, NotedErrand()) as outputs:
            await anext(outputs)
        seen = len(report.seen)

        await self._do_another(provider, request_for, tmp_path)

        assert len(report.seen) == seen

    async def test_cancelling_stops_the_work(self, provider: Provider, request_for: RequestFor, tmp_path: Path) -> None:
        report = Recorder()
        task = asyncio.create_task(outputs_of(provider, request_for(n=BATCH), tmp_path, report))
        await report.reached.wait()

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        seen = len(report.seen)
        await self._do_another(provider, request_for, tmp_path)

        assert len(report.seen) == seen

    async def test_requests_at_the_same_time_stay_apart(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        scratches = [tmp_path / "a", tmp_path / "b"]
        for scratch in scratches:
            scratch.mkdir()

        both = await asyncio.gather(
            *(outputs_of(provider, request_for(n=2, seed=seed), scratches[seed]) for seed in (0, 1))
        )

        for scratch, outputs in zip(scratches, both, strict=True):
            assert [output.index for output in outputs] == [0, 1]
            assert all(output.file.is_relative_to(scratch) for output in outputs)

    async def test_a_model_of_somebody_else_is_invalid_input(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, replace(request_for(), model="nobody/nothing"), tmp_path)

        assert (caught.value.code, caught.value.retryable) == ("invalid_input", False)

    async def test_options_against_the_schema_are_invalid_input(
        self, provider: Provider, request_for: RequestFor, tmp_path: Path
    ) -> None:
        with pytest.raises(ProviderError) as caught:
            await outputs_of(provider, request_for(options={"no such option": 1}), tmp_path)

        assert (caught.value.code, caught.value.retryable) == ("invalid_input", False)

    async def _do_another(self, provider: Provider, request_for: RequestFor, tmp_path: Path) -> None:
        """A whole request of its own: more than time enough for an earlier one to show that it still runs."""
        scratch = tmp_path / "another"
        scratch.mkdir()
        assert len(await outputs_of(provider, request_for(n=1), scratch)) == 1
