"""JSON schemas (2020-12) of what crosses the wire, made from the models; what a deployment narrows is narrowed here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from app.reference.operation import Parameter
from schema.events import EVENTS
from schema.models import Bounds, MediaKind, ModelInfo
from schema.problems import PROBLEMS
from schema.requests import GenerationBody, ImageBody, UploadBody, VideoBody
from schema.wire import Wire

REFERENCE: Final = "#/components/schemas/{model}"
KINDS: Final[Mapping[type[GenerationBody], MediaKind]] = {ImageBody: "image", VideoBody: "video"}


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the documents say of this very service. `upload_bounds` gives the most bytes of each type."""

    version: str
    public_url: str
    base_path: str
    models: Sequence[ModelInfo]
    upload_bounds: Mapping[str, int]


def reference(name: str) -> dict[str, Any]:
    """A reference to one of the component schemas."""
    return {"$ref": REFERENCE.format(model=name)}


def query_of(model: type[Wire], descriptions: Mapping[str, str]) -> tuple[Parameter, ...]:
    """A model's fields as query parameters: absent is what null is in JSON."""
    schema = _schemas([(model, "validation")])[model.__name__]
    return tuple(
        Parameter(name, "query", descriptions[name], _without_null(field))
        for name, field in schema["properties"].items()
    )


def component_schemas(
    bodies: Collection[type[Wire]], answers: Collection[type[Wire]], deployment: Deployment
) -> dict[str, Any]:
    """Every schema by its name: of requests exact, of answers and events open for what may come later."""
    schemas = _schemas([(model, "validation") for model in bodies])
    for model, kind in KINDS.items():
        schemas[model.__name__] = _for_models(
            schemas[model.__name__], [each for each in deployment.models if each.kind == kind]
        )
    schemas[UploadBody.__name__] = _for_types(schemas[UploadBody.__name__], deployment.upload_bounds)
    schemas |= _answers(answers) | payload_schemas()
    schemas["Problem"]["properties"]["code"] = {"enum": [code for code, each in PROBLEMS.items() if each.status]}
    return schemas | event_schemas()


def payload_schemas() -> dict[str, Any]:
    """What the events carry, by the names of the payloads' models and of what is in them."""
    return _answers(dict.fromkeys(event.payload for event in EVENTS.values()))


def event_schemas() -> dict[str, Any]:
    """The catalogue: `Event` is any one of them, as a client sees it."""
    events = {
        name: {
            "type": "object",
            "description": f"Sent when: {event.when}." + (" Ends the job." if event.is_terminal else ""),
            "properties": {
                "id": {"type": "string", "description": "Opaque; resume with it."},
                "event": {"const": name},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": reference(event.payload.__name__),
                },
                "retry": {"type": "integer", "description": "Milliseconds to wait before reconnecting."},
            },
            "required": ["event", "data"],
        }
        for name, event in EVENTS.items()
    }
    mapping = {name: REFERENCE.format(model=name) for name in EVENTS}
    catalogue = {
        "description": "One event of a stream.",
        "oneOf": [reference(name) for name in EVENTS],
        "discriminator": {"propertyName": "event", "mapping": mapping},
    }
    return events | {"Event": catalogue}


def _answers(models: Collection[type[Wire]]) -> dict[str, Any]:
    schemas = _opened(_schemas([(model, "serialization") for model in models]))
    for name in ("JobError", "Failed"):
        if name in schemas:
            schemas[name]["properties"]["code"] = {"enum": list(PROBLEMS)}
    return schemas


def _schemas(models: Collection[tuple[type[Wire], JsonSchemaMode]]) -> dict[str, Any]:
    _, document = models_json_schema(list(models), ref_template=REFERENCE)
    schemas: dict[str, Any] = _untitled(document["$defs"])
    return schemas


def _untitled(schema: Any) -> Any:
    """The schema without the titles that are but the fields' names again."""
    match schema:
        case dict():
            return {
                name: _untitled(each)
                for name, each in schema.items()
                if not (name == "title" and isinstance(each, str))
            }
        case list():
            return [_untitled(each) for each in schema]
        case _:
            return schema


def _opened(schemas: dict[str, Any]) -> dict[str, Any]:
    """Answers may get more members one day, and a client should bear them."""
    return {
        name: {key: each for key, each in schema.items() if not (key == "additionalProperties" and each is False)}
        for name, schema in schemas.items()
    }


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: each for name, each in schema.items() if name not in {"default", "anyOf"}}
    [some] = [each for each in schema["anyOf"] if each != {"type": "null"}]
    return {**kept, **some}


def _for_models(schema: dict[str, Any], models: Sequence[ModelInfo]) -> dict[str, Any]:
    """The body as the models that are there take it: of one model alone the schema says it all."""
    narrowed = [_for_model(schema, model) for model in models]
    if len(narrowed) <= 1:
        return narrowed[0] if narrowed else schema
    return {"description": schema["description"], "anyOf": narrowed}


def _for_model(schema: dict[str, Any], model: ModelInfo) -> dict[str, Any]:
    fields = dict(schema["properties"])
    fields["model"] = {"enum": [model.id, None], "default": None} if model.default else {"const": model.id}
    fields["options"] = {name: each for name, each in model.options_schema.items() if name != "$schema"} | {
        "default": {}
    }
    if not model.takes_inputs:
        fields["inputs"] = {**fields["inputs"], "maxItems": 0}
    for name, limit in type(model.limits).model_fields.items():
        bounds: Bounds | None = getattr(model.limits, name)
        alias = limit.alias or name
        if bounds is not None and alias in fields:
            fields[alias] = _bounded(fields[alias], bounds)
    required = [*schema["required"], *([] if model.default else ["model"])]
    return {**schema, "properties": fields, "required": required}


def _bounded(field: dict[str, Any], bounds: Bounds) -> dict[str, Any]:
    """The narrower of what the API and the model allow; a default that the model would refuse is none."""
    least, most = max(field["minimum"], bounds.minimum), min(field["maximum"], bounds.maximum)
    number = int if field["type"] == "integer" else float
    narrowed = {**field, "minimum": number(least), "maximum": number(most)}
    if bounds.step and bounds.step != 1:
        narrowed["multipleOf"] = number(bounds.step)
    if not least <= field["default"] <= most:
        del narrowed["default"]
    return narrowed


def _for_types(schema: dict[str, Any], bounds: Mapping[str, int]) -> dict[str, Any]:
    """An upload's body with the types that this service takes, each with its own bound.

    What is too large is said by what the body is not: a body that breaks another rule is a 422, such a one a 413.
    """
    fields = {**schema["properties"], "contentType": {"enum": list(bounds)}}
    too_large = [
        {
            "properties": {
                "contentType": {"enum": [each for each, most in bounds.items() if most == bound]},
                "size": {"type": "integer", "exclusiveMinimum": bound},
            },
            "required": ["contentType", "size"],
        }
        for bound in sorted(set(bounds.values()))
    ]
    return {**schema, "properties": fields, "not": {"anyOf": too_large}}
