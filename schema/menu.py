"""The menu: which models there are, who makes them under which name, within which limits, and at what price."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from schema.models import Bounds, MediaKind, ModelInfo, ModelLimits
from schema.options import Place, schema_mistake
from schema.provider_settings import SETTINGS, TemplateSettings, WorkflowSettings
from schema.wire import Wire

S = TypeVar("S", bound=Wire)

ProviderName = Literal["procedural", "openai", "gemini", "fal", "replicate", "runway", "comfyui", "diffusers"]

_N = {"image": Bounds(minimum=1, maximum=8, step=1), "video": Bounds(minimum=1, maximum=4, step=1)}
_IMAGE_EDGE = Bounds(minimum=64, maximum=2048, step=1)
_VIDEO_EDGE = Bounds(minimum=64, maximum=1920, step=2)
_SECONDS = Bounds(minimum=0.5, maximum=60)
_FPS = Bounds(minimum=1, maximum=60, step=1)
_OPTIONS = {"type": "object", "additionalProperties": False}


class MenuMistake(Exception):
    """A rule that an entry breaks beyond its own shape; `path` leads to the value."""

    def __init__(self, path: Place, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


class EntryLimits(Wire):
    """Bounds on a request; what is absent is as wide as the API is."""

    n: Bounds | None = None
    width: Bounds | None = None
    height: Bounds | None = None
    duration_seconds: Bounds | None = None
    fps: Bounds | None = None


class Rate(Wire):
    """At most so many outputs are asked of the provider within so many seconds, by all workers together."""

    requests: int = Field(ge=1)
    seconds: float = Field(gt=0, le=86_400)


class Tokens(Wire):
    """US dollars for a million tokens of each sort."""

    text_in: float = Field(ge=0)
    image_in: float = Field(default=0, ge=0)
    image_out: float = Field(ge=0)
    text_out: float = Field(default=0, ge=0)


class Price(Wire):
    """US dollars: for each output, for each second of each output, or for a million tokens where those are told."""

    output: float | None = Field(default=None, ge=0)
    second: float | None = Field(default=None, ge=0)
    tokens: Tokens | None = None


class Entry(Wire):
    """One model. `upstream` is its name at the provider: by default the id without what stands before its first slash.

    `inputs` is how many pictures of the caller's own it takes, `concurrency` how many jobs may be at it at once over
    all workers, `fallbacks` the models to try in its place, in order, when it can't serve.
    """

    id: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/+-]*$")
    kind: MediaKind
    provider: ProviderName
    upstream: str = Field(default="", max_length=200)
    default: bool = False
    limits: EntryLimits = EntryLimits()
    options: dict[str, Any] = Field(default=_OPTIONS)
    inputs: int = Field(default=0, ge=0, le=16)
    concurrency: int | None = Field(default=None, ge=1)
    rate: Rate | None = None
    price: Price = Price()
    fallbacks: list[str] = Field(default=[], max_length=8)
    settings: dict[str, Any] = Field(default={})

    def settings_as(self, shape: type[S]) -> S:
        """What stands under `settings`, read as a provider's own."""
        return shape.model_validate(self.settings, by_alias=True, by_name=False)

    @property
    def upstream_name(self) -> str:
        """What the provider calls it."""
        return self.upstream or self.id.partition("/")[2] or self.id

    def info(self, *, default: bool) -> ModelInfo:
        """As `GET /models` shows it."""
        limits = self.limits
        is_video = self.kind == "video"
        edge = _VIDEO_EDGE if is_video else _IMAGE_EDGE
        return ModelInfo(
            id=self.id,
            kind=self.kind,
            provider=self.provider,
            default=default,
            limits=ModelLimits(
                n=limits.n or _N[self.kind],
                width=limits.width or edge,
                height=limits.height or edge,
                duration_seconds=limits.duration_seconds or (_SECONDS if is_video else None),
                fps=limits.fps or (_FPS if is_video else None),
            ),
            options_schema=self.options,
            takes_inputs=self.inputs > 0,
        )


class Menu(Wire):
    """Every model that is offered. The default of a kind is the one that says so, else the first."""

    models: list[Entry] = Field(min_length=1)

    def check(self) -> None:
        """Raise `MenuMistake` for the first rule that is broken between entries or within one, but for its schema."""
        seen: dict[str, Entry] = {}
        defaults: set[MediaKind] = set()
        for index, entry in enumerate(self.models):
            path = ("models", index)
            if entry.id in seen:
                raise MenuMistake((*path, "id"), f"{entry.id} is the id of an earlier model, too")
            seen[entry.id] = entry
            if entry.default and entry.kind in defaults:
                raise MenuMistake((*path, "default"), f"there is a default for the kind {entry.kind} already")
            if entry.default:
                defaults.add(entry.kind)
            if entry.kind == "image" and (entry.limits.duration_seconds or entry.limits.fps):
                raise MenuMistake((*path, "limits"), "a picture has neither durationSeconds nor fps")
            if entry.kind == "video" and entry.provider == "diffusers":
                raise MenuMistake((*path, "kind"), "the provider diffusers makes pictures alone")
            _check_settings(entry, (*path, "settings"))
        for index, entry in enumerate(self.models):
            _check_fallbacks(entry, seen, ("models", index, "fallbacks"))

    def check_schemas(self) -> None:
        """Raise `MenuMistake` for the first entry whose `options` are no JSON schema of an object."""
        for index, entry in enumerate(self.models):
            place = ("models", index, "options")
            if mistake := schema_mistake(entry.options):
                path, message = mistake
                raise MenuMistake((*place, *path), f"is no JSON schema: {message[:200]}")
            if entry.options.get("type") != "object":
                raise MenuMistake(place, "must be the JSON schema of an object (type: object)")

    def entry(self, id: str) -> Entry | None:
        """The entry of a model; None where it is not offered."""
        return next((each for each in self.models if each.id == id), None)

    def chain(self, id: str) -> list[Entry]:
        """A model and those to try in its place, in order; those that are not offered are left out."""
        entry = self.entry(id)
        if entry is None:
            return []
        return [entry, *(each for each in map(self.entry, entry.fallbacks) if each is not None)]

    def infos(self) -> tuple[ModelInfo, ...]:
        """What may be asked for."""
        defaults: dict[MediaKind, str] = {}
        for entry in chain((each for each in self.models if each.default), self.models):
            defaults.setdefault(entry.kind, entry.id)
        return tuple(entry.info(default=defaults[entry.kind] == entry.id) for entry in self.models)

    def offered_by(self, providers: frozenset[str]) -> "Menu | None":
        """What is left with these providers alone; None where nothing is."""
        models = [each for each in self.models if each.provider in providers]
        return self.model_copy(update={"models": models}) if models else None


def _check_settings(entry: Entry, path: Place) -> None:
    shape = SETTINGS.get(entry.provider)
    if shape is None:
        if entry.settings:
            raise MenuMistake(path, f"the provider {entry.provider} takes none")
        return
    try:
        settings = entry.settings_as(shape)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise MenuMistake((*path, *first["loc"]), first["msg"].removeprefix("Value error, ")) from None
    unknown = settings.unknown(entry.options) if isinstance(settings, TemplateSettings | WorkflowSettings) else None
    if unknown is not None:
        name, where = unknown
        raise MenuMistake((*path, *where), f"{{{{{name}}}}} stands for nothing")


def _check_fallbacks(entry: Entry, all_of_them: Mapping[str, Entry], path: Place) -> None:
    for place, other_id in enumerate(entry.fallbacks):
        other = all_of_them.get(other_id)
        if other is None:
            raise MenuMistake((*path, place), f"there is no model {other_id}")
        if other.kind != entry.kind:
            raise MenuMistake((*path, place), f"{other_id} makes another kind, {other.kind}")
        if other_id == entry.id or other_id in entry.fallbacks[:place]:
            raise MenuMistake((*path, place), f"{other_id} is tried already")
