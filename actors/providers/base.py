"""The port to a generation provider: a request goes in, media and true progress come out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from schema.models import MediaKind, ModelInfo


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One job's work, with every default filled in. Sizes in pixels; output i uses `seed + i`."""

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
    inputs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """One finished piece of media: a file in the job's scratch directory, which the caller may move or delete."""

    index: int
    file: Path
    content_type: str
    width: int
    height: int
    seed: int | None
    duration_seconds: float | None = None


class Reporter(Protocol):
    """Where a provider tells how far it is. Both calls return at once and never raise."""

    def units(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` equal units of this request's work are finished; neither ever falls."""
        ...

    def phase(self, message: str) -> None:
        """Something is going on whose size is unknown: no number, only its name."""
        ...


class ProviderError(Exception):
    """A generation failed. `code` is from the catalogue in `schema.problems`."""

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
        self, request: GenerationRequest, report: Reporter, scratch: Path
    ) -> AbstractAsyncContextManager[AsyncIterator[Output]]:
        """Yield each output as soon as it is finished, writing its file below `scratch`.

        Work goes on only inside the context; leaving it, by cancellation too, stops the work at its next step and
        frees what it held. Raises `ProviderError`.
        """
        ...
