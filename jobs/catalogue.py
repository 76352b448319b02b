"""The catalogue of models: which may be asked for, which is the default, and whether a request fits one."""

import secrets
from collections.abc import Iterable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

from jobs.errors import FieldError, InvalidRequest
from schema.menu import Entry
from schema.models import Bounds, MediaKind, ModelInfo
from schema.options import option_mistakes
from schema.requests import MAX_SEED, GenerationBody


class ModelCatalogue:
    """What `GET /models` shows, and the judge of requests."""

    def __init__(self, models: Iterable[ModelInfo], most_inputs: Mapping[str, int] = MappingProxyType({})) -> None:
        """`most_inputs` says by model id how many inputs it takes."""
        self._models: Mapping[str, ModelInfo] = {model.id: model for model in models}
        self._most_inputs = most_inputs

    def list(self) -> list[ModelInfo]:
        """Every model, the default of its kind marked."""
        return list(self._models.values())

    def complete(self, kind: MediaKind, body: GenerationBody) -> dict[str, Any]:
        """The request with every default filled in, as the job keeps it. Raises `InvalidRequest`."""
        model = self._choose(kind, body.model)
        errors = [*_limit_errors(model, body), *self._input_errors(model, body), *_option_errors(model, body)]
        if errors:
            raise InvalidRequest(errors)
        request = body.model_dump(mode="json", by_alias=True)
        request["model"] = model.id
        if request["deadlineSeconds"] is None:
            # What holds then is the operator's to say, and none of the request.
            del request["deadlineSeconds"]
        if request["seed"] is None:
            # JavaScript reads numbers beyond 2^53 inexactly, and a seed is there to be sent again.
            request["seed"] = secrets.randbelow(2**53 - 16)
        return request

    def _input_errors(self, model: ModelInfo, body: GenerationBody) -> Iterable[FieldError]:
        most = self._most_inputs.get(model.id, len(body.inputs))
        if body.inputs and not model.takes_inputs:
            yield FieldError("inputs", "this model takes none")
        elif len(body.inputs) > most:
            yield FieldError("inputs", f"this model takes at most {most}")

    def _choose(self, kind: MediaKind, wanted: str | None) -> ModelInfo:
        of_kind = [model for model in self._models.values() if model.kind == kind]
        for model in of_kind:
            if model.id == wanted or (wanted is None and model.default):
                return model
        if wanted is None:
            raise InvalidRequest([FieldError("model", f"there is no {kind} model here")])
        raise InvalidRequest([FieldError("model", f"is no {kind} model that GET /models lists")])


def fits(entry: Entry, request: Mapping[str, Any]) -> bool:
    """Whether another model can take a request that was complete for the one it was made for, but for its options."""
    body = SimpleNamespace(
        n=request["n"],
        width=request["width"],
        height=request["height"],
        duration_seconds=request.get("durationSeconds"),
        fps=request.get("fps"),
    )
    takes_all = len(request.get("inputs", ())) <= entry.inputs
    return takes_all and not any(_limit_errors(entry.info(default=False), body))


def output_seed(seed: int, index: int) -> int:
    """The seed of one output; behind the greatest seed it goes on at 0."""
    return (seed + index) % (MAX_SEED + 1)


def _limit_errors(model: ModelInfo, body: GenerationBody | SimpleNamespace) -> Iterable[FieldError]:
    for name in type(model.limits).model_fields:
        bounds: Bounds | None = getattr(model.limits, name)
        value = getattr(body, name, None)
        if bounds is None or value is None:
            continue
        alias = type(model.limits).model_fields[name].alias or name
        if not bounds.minimum <= value <= bounds.maximum:
            yield FieldError(alias, f"must be between {bounds.minimum:g} and {bounds.maximum:g} for this model")
        elif bounds.step and value % bounds.step:
            yield FieldError(alias, f"must be a multiple of {bounds.step:g} for this model")


def _option_errors(model: ModelInfo, body: GenerationBody) -> Iterable[FieldError]:
    for path, message in option_mistakes(model.options_schema, body.options):
        yield FieldError(".".join(["options", *map(str, path)]), message[:200])
