"""Generation: a provider makes media, and each output is stored and described as soon as it is there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from actors.inputs import InputShelf
from actors.ledger import Ledger, RunErrand
from actors.outputs import OutputShelf
from actors.providers.base import GenerationRequest, Missing, Output, Provider, ProviderError
from actors.work import Deferred, Refused, Run
from jobs.admission import Admission, Wanted
from jobs.catalogue import output_seed
from jobs.job import Job, Media, Seat
from jobs.library import THUMBNAIL
from jobs.tracing import NO_TRACING, Attributes, Tracing
from schema.options import suits
from schema.problems import PROBLEMS
from storage.paths import derived

FALLS_BACK = frozenset({"provider_unavailable", "rate_limited", "model_retired"})
PAUSE_SECONDS = 10.0
"""For how long a model is left alone that does not say for how long it wants to be."""

Price = Callable[[Output], float | None]


def no_price(_output: Output) -> None:
    """The price of what has none."""


@dataclass(frozen=True, slots=True)
class Offer:
    """How a model is made: by whom, under which name there, and what an output costs of which they don't say it."""

    provider: Provider
    upstream: str = ""
    price: Price = no_price

    def suited(self, request: GenerationRequest, asked: str) -> GenerationRequest:
        """The request as this model takes it: options chosen for the one that was `asked` may mean nothing."""
        if request.model == asked:
            return replace(request, upstream_model=self.upstream)
        schema = next((each.options_schema for each in self.provider.models() if each.id == request.model), {})
        options = request.options if suits(schema, request.options) else {}
        return replace(request, upstream_model=self.upstream, options=options)


@dataclass(frozen=True, slots=True)
class Part:
    """The outputs of a job that one call of a provider makes: `count` from `first` on, by `model`."""

    model: str
    first: int
    count: int


class GenerationWork:
    """Chooses the provider by the job's model. Implements `Work`."""

    def __init__(
        self,
        offers: Mapping[str, Offer],
        shelf: OutputShelf,
        inputs: InputShelf,
        admission: Admission,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._offers = offers
        self._admission = admission
        self._shelf = shelf
        self._inputs = inputs
        self._tracing = tracing

    async def __call__(self, run: Run) -> list[Media]:
        request = generation_request(run.job)
        run.report.expect(files=request.n)
        run.ledger.expect(request.n)
        await self._take_over(run)
        seat = run.seat or Seat(request.model)
        if run.ledger.left:
            inputs = await self._inputs.fetch(run.job.request.get("inputs") or [], run.scratch)
            request = replace(request, inputs=inputs)
        while (part := _next_part(run.ledger, seat.model)) is not None:
            await self._make(run, request, part, seat)
        if not run.ledger.media:
            raise _nothing_made(run.ledger)
        return run.ledger.media

    async def _take_over(self, run: Run) -> None:
        """Count what earlier attempts stored, where it is still there."""
        for media in run.ledger.media:
            if await self._shelf.has(media):
                run.report.stored()
            else:
                run.ledger.forget(media)

    async def _make(self, run: Run, request: GenerationRequest, part: Part, seat: Seat) -> None:
        """Have a part made, or go on to the model that is next. Raises `Refused`, `Deferred`, `LeaseLost`."""
        try:
            offer = self._offers.get(part.model)
            if offer is None:
                raise _failure("model_retired")
            await self._generate(run, offer.suited(_part_of(request, part), request.model), part, offer)
        except ProviderError as error:
            run.ledger.tried(part.model, error.code)
            await self._tell(part.model, error)
            if error.code in FALLS_BACK and await self._fall_back(run, seat):
                return
            if error.code == "rate_limited":
                raise Deferred(error.retry_after or PAUSE_SECONDS) from error
            raise Refused(
                error.code, error.message, retryable=error.retryable, retry_after=error.retry_after
            ) from error
        await self._admission.report(part.model, is_available=True)

    async def _tell(self, model: str, error: ProviderError) -> None:
        """Let all workers know what the provider said of itself."""
        await self._admission.report(model, is_available=error.code != "provider_unavailable")
        if error.code == "rate_limited":
            await self._admission.pause(model, error.retry_after or PAUSE_SECONDS)

    async def _fall_back(self, run: Run, seat: Seat) -> bool:
        """Take a seat at the next model that serves; never while one that is paid for has something under way."""
        if run.ledger.record.errand is not None:
            return False
        chain = self._admission.chain(Wanted(run.job.request))
        place = next((place for place, entry in enumerate(chain) if entry.id == seat.model), len(chain))
        outputs = run.ledger.left
        for entry in chain[place + 1 :]:
            if await self._admission.move(seat, entry, outputs):
                return True
        return False

    async def _generate(self, run: Run, request: GenerationRequest, part: Part, offer: Offer) -> None:
        """Store what comes of one call. Raises `ProviderError`."""
        errand = run.ledger.errand(part.model, part.first, part.count)
        about: Attributes = {
            "media.provider": offer.provider.name,
            "media.model": part.model,
            "media.outputs": part.count,
        }
        bill = _Bill(run.ledger, errand, offer.price)
        try:
            with self._tracing.span("provider call", "client", about):
                async with offer.provider.generate(request, run.report, run.scratch, errand) as results:
                    async for result in results:
                        await self._take(run, request, part, result, bill)
        finally:
            bill.settle()
        run.ledger.finish(part.first, part.count)

    async def _take(
        self, run: Run, request: GenerationRequest, part: Part, result: Output | Missing, bill: "_Bill"
    ) -> None:
        index = part.first + result.index
        if run.ledger.is_decided(index):
            # It is told again by a provider that another attempt took it from.
            return
        if isinstance(result, Missing):
            await run.ledger.miss(index, result.code, result.message)
            return
        media = await self._shelf.put(run, request, replace(result, index=index))
        await run.ledger.keep(media, bill.cost_of(result))
        run.report.stored(derived(media.path, THUMBNAIL) if media.thumbnail_key else None)


class _Bill:
    """What one call costs: what the provider says of an output, else its price, unless it says what all of it cost."""

    def __init__(self, ledger: Ledger, errand: RunErrand, price: Price) -> None:
        self._ledger = ledger
        self._errand = errand
        self._price = price
        self._priced = 0.0

    def cost_of(self, output: Output) -> float | None:
        """What is spent with this output, in US dollars; None: nobody says."""
        if output.cost is not None:
            return output.cost
        cost = self._price(output)
        self._priced += cost or 0.0
        return cost

    def settle(self) -> None:
        """Put what was told of the whole in the place of the prices."""
        if self._errand.billed is not None:
            self._ledger.spend(self._errand.billed - self._priced)


def _next_part(ledger: Ledger, model: str) -> Part | None:
    """What to have made next: what an earlier attempt has under way, else what is missing. None: all is decided."""
    span = ledger.span()
    if span is None:
        return None
    noted = ledger.record.errand
    return Part(model, *span) if noted is None else Part(noted.model, noted.first, noted.count)


def _part_of(request: GenerationRequest, part: Part) -> GenerationRequest:
    return replace(request, model=part.model, n=part.count, seed=output_seed(request.seed, part.first))


def _nothing_made(ledger: Ledger) -> Refused:
    """Why: what befell the first output, where every one was given up."""
    if ledger.record.lacks:
        first = ledger.record.lacks[0]
        return Refused(first.code, first.message, retryable=False)
    return Refused("no_output", PROBLEMS["no_output"].title, retryable=PROBLEMS["no_output"].retryable)


def _failure(code: str) -> ProviderError:
    return ProviderError(code, PROBLEMS[code].title, retryable=PROBLEMS[code].retryable)


def generation_request(job: Job) -> GenerationRequest:
    """What a provider gets of a job's request."""
    asked = job.request
    return GenerationRequest(
        job_id=job.id,
        kind="video" if job.kind == "video" else "image",
        model=asked["model"],
        prompt=asked["prompt"],
        n=asked["n"],
        width=asked["width"],
        height=asked["height"],
        seed=asked["seed"],
        negative_prompt=asked.get("negativePrompt") or "",
        duration_seconds=asked.get("durationSeconds"),
        fps=asked.get("fps"),
        options=asked.get("options", {}),
    )
