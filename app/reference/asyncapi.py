"""The AsyncAPI 3.0 document: the two event streams as channels, their messages from the event catalogue."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from app.reference import examples, texts
from app.reference.headers import JOB_ID
from app.reference.operation import Parameter
from app.reference.operations import OPERATIONS
from app.reference.schemas import Deployment, payload_schemas, reference
from app.routes import ROUTES, Route, documented_path
from schema.events import EVENTS, MediaDeleted, Snapshot

BINDING_VERSION = "0.3.0"
OF_NO_JOB = (Snapshot, MediaDeleted)
"""What a job's own stream never tells."""


def asyncapi(deployment: Deployment) -> dict[str, Any]:
    """The document of a service that is deployed so."""
    streams = [route for route in ROUTES if route.takes_ticket]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Media pipeline: events",
            "version": deployment.version,
            "description": texts.ABOUT_EVENTS,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"service": _server(deployment)},
        "channels": {route.name: _channel(route) for route in streams},
        "operations": {f"send_{route.name}": _sending(route) for route in streams},
        "components": {
            "messages": {name: _message(name) for name in EVENTS},
            "schemas": payload_schemas(),
            "securitySchemes": {
                "bearer": texts.SECURITY["bearer"],
                "ticket": {**texts.SECURITY["ticket"], "type": "httpApiKey"},
            },
        },
    }


def _server(deployment: Deployment) -> dict[str, Any]:
    address = urlsplit(deployment.public_url)
    described = {"host": address.netloc, "protocol": address.scheme}
    return {**described, "pathname": deployment.base_path} if deployment.base_path else described


def _channel(route: Route) -> dict[str, Any]:
    described: dict[str, Any] = {
        "address": documented_path(route.path),
        "description": OPERATIONS[route.name].summary,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in told_on(route)},
    }
    if JOB_ID in OPERATIONS[route.name].parameters:
        described["parameters"] = {JOB_ID.name: {"description": JOB_ID.description, "examples": [JOB_ID.example]}}
    return described


def told_on(route: Route) -> Sequence[str]:
    """The events that a stream may tell."""
    is_of_one_job = JOB_ID in OPERATIONS[route.name].parameters
    return [name for name, event in EVENTS.items() if not (is_of_one_job and event.payload in OF_NO_JOB)]


def _sending(route: Route) -> dict[str, Any]:
    operation = OPERATIONS[route.name]
    query = [each for each in operation.parameters if each.place == "query"]
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{route.name}"},
        "summary": operation.summary,
        "description": operation.description or operation.answers[0].description,
        "messages": [{"$ref": f"#/channels/{route.name}/messages/{name}"} for name in told_on(route)],
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("bearer", "ticket")],
        "bindings": {"http": {"method": route.method, "query": _object_of(query), "bindingVersion": BINDING_VERSION}},
    }


def _message(name: str) -> dict[str, Any]:
    event = EVENTS[name]
    return {
        "name": name,
        "title": name,
        "summary": f"Sent when: {event.when}." + (" Ends the job." if event.is_terminal else ""),
        "contentType": "application/json",
        "payload": reference(event.payload.__name__),
        "examples": [{"name": name, "payload": examples.EVENTS[name]}],
    }


def _object_of(parameters: Sequence[Parameter]) -> dict[str, Any]:
    properties = {each.name: {**each.schema, "description": each.description} for each in parameters}
    return {"type": "object", "properties": properties}
