"""What may be asked for: generation models with their limits and option schemas, as `GET /models` shows them."""

from typing import Any, Literal

from schema.wire import Wire

MediaKind = Literal["image", "video"]


class Bounds(Wire):
    """An inclusive range of numbers; `step` counts from zero."""

    minimum: float
    maximum: float
    step: float | None = None


class ModelLimits(Wire):
    """The bounds that one model puts on a request. Sizes in pixels; absent where the kind has no such field."""

    n: Bounds
    width: Bounds
    height: Bounds
    duration_seconds: Bounds | None = None
    fps: Bounds | None = None


class ModelInfo(Wire):
    """One generation model. `options_schema` is a JSON schema (2020-12) of an object."""

    id: str
    kind: MediaKind
    provider: str
    default: bool = False
    limits: ModelLimits
    options_schema: dict[str, Any]
    takes_inputs: bool = False
