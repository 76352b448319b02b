"""The port to a generation provider: a request goes in, media and true progress come out."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from schema.models import MediaKind, ModelInfo
from schema.options import suits


@dataclass(frozen=True, slots=True)
class InputMedia:
    """One object of the caller's library that the request names; `file` is a copy for the provider to read."""

    path: str
    content_type: str
    file: Path


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One job's work, with every default filled in. Sizes in pixels; output i uses `seed + i`.

    `model` is the name that clients use, `upstream_model` the provider's own.
    """

    job_id: str
    kind: MediaKind
    model: str
    prompt: str
    n: int
    width: int
    height: int
    seed: int
    negative_prompt: str = ""
    duration_seconds: float | None = None
    fps: int | None = None
    upstream_model: str = ""
    inputs: tuple[InputMedia, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """One finished piece of media: a file in the job's scratch directory, which the caller may move or delete.

    `cost` is what the provider says that it cost, in US dollars.
    """

    index: int
    file: Path
    content_type: str
    width: int
    height: int
    seed: int | None
    duration_seconds: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """One output that will not come, while others may; `code` is from the catalogue in `schema.problems`."""

    index: int
    code: str
    message: str


class Reporter(Protocol):
    """Where a provider tells how far it is. All calls return at once and never raise."""

    def units(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` equal units of this request's work are finished; neither ever falls."""
        ...

    def phase(self, message: str) -> None:
        """Something is going on whose size is unknown: no number, only its name."""
        ...

    def queued(self, position: int | None) -> None:
        """The request waits at the provider, `position` from 1 where it is told: a phase, and no progress."""
        ...

    def preview(self, content: bytes, content_type: str) -> None:
        """A picture of what is not finished; a later one replaces it, and it may be dropped."""
        ...


class Errand(Protocol):
    """The provider's own job, which may have been paid for and must outlive a worker that is killed."""

    @property
    def id(self) -> str | None:
        """What an earlier attempt noted: this is picked up, and nothing is submitted."""
        ...

    @property
    def goes_on(self) -> bool:
        """Asked when the work is stopped: whether another attempt picks it up, so that the provider's job is left be.

        So it is where a worker shuts down or lost its lease, and not where the job is cancelled or out of time.
        """
        ...

    async def note(self, id: str) -> None:
        """Store the provider's id, before it is waited for. Raises when the lease is lost: then the work stops."""
        ...

    async def forget(self) -> None:
        """It failed for good, or is not there any more: the next attempt is asked for what was not yielded, anew."""
        ...

    def cost(self, amount: float) -> None:
        """What it cost as the provider says, in US dollars, beyond what single outputs tell."""
        ...


class ProviderError(Exception):
    """A generation failed. `code` is from the catalogue in `schema.problems`, `retry_after` in seconds.

    `maybe_billed`: whether the provider accepted the request is not known, or it did and charges for it.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool, retry_after: float | None = None, maybe_billed: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
        self.maybe_billed = maybe_billed


class Provider(Protocol):
    """Turns one job's request into media. It never retries, and never touches the database or storage."""

    @property
    def name(self) -> str:
        """The name that `GET /models` shows as `provider`."""
        ...

    def models(self) -> tuple[ModelInfo, ...]:
        """What may be asked of it, with limits and the JSON schema of its options."""
        ...

    def generate(
        self, request: GenerationRequest, report: Reporter, scratch: Path, errand: Errand
    ) -> AbstractAsyncContextManager[AsyncIterator[Output | Missing]]:
        """Yield each output as soon as it is finished, writing its file below `scratch`; or that it will not come.

        Work goes on only inside the context; leaving it, by cancellation too, stops the work at its next step and
        frees what it held. Raises `ProviderError`.
        """
        ...


def whole_prompt(request: GenerationRequest) -> str:
    """The prompt for an API that knows no negative one."""
    return f"{request.prompt}\n\nAvoid: {request.negative_prompt}" if request.negative_prompt else request.prompt


def check_request(models: Iterable[ModelInfo], request: GenerationRequest) -> ModelInfo:
    """The model that is asked for. Raises `ProviderError` where none of `models` can take the request."""
    model = next((each for each in models if each.id == request.model and each.kind == request.kind), None)
    if model is None:
        raise _invalid(f"The model {request.model} is not one of this provider.")
    if request.inputs and not model.takes_inputs:
        raise _invalid(f"The model {request.model} takes no inputs.")
    if not suits(model.options_schema, request.options):
        raise _invalid(f"The options do not suit the model {request.model}.")
    return model


def _invalid(message: str) -> ProviderError:
    return ProviderError("invalid_input", message, retryable=False)
