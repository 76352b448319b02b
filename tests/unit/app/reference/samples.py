"""A deployment to describe, and schemas of its documents to hold examples against."""

from typing import Any

from jsonschema import Draft202012Validator

from actors.providers.procedural import IMAGE_MODEL, VIDEO_MODEL
from app.reference.schemas import Deployment

METHODS = ("get", "put", "post", "delete")


def deployment(**changes: Any) -> Deployment:
    whole: dict[str, Any] = {
        "version": "1.2.3",
        "public_url": "https://media.example:8443",
        "base_path": "",
        "models": [IMAGE_MODEL, VIDEO_MODEL],
        "upload_bounds": {"image/png": 200_000, "image/jpeg": 200_000, "video/mp4": 900_000},
    }
    return Deployment(**(whole | changes))


def complaints(document: dict[str, Any], schema: Any, value: object) -> list[str]:
    """What a value breaks of a schema that may refer to the document's components."""
    whole = {"allOf": [schema], "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def resolved(document: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to."""
    while "$ref" in described:
        found: Any = document
        for name in described["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        described = found
    return described
