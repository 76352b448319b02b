"""The OpenAPI 3.1 document: the route table, the operations and the models in one."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from app.reference import texts
from app.reference.examples import REQUEST_ID as EXAMPLE_ID
from app.reference.headers import HEADERS, OPTIONAL, REQUEST_ID
from app.reference.operation import Answer, Link, Operation, Parameter, problems_of
from app.reference.operations import OPERATIONS, TAGS
from app.reference.schemas import Deployment, component_schemas, reference
from app.routes import ROUTES, Route, documented_path
from schema.problems import PROBLEMS
from schema.responses import Problem

PROBLEM_TYPE = "application/problem+json"
_PROBLEM_HEADERS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    416: ("Content-Range",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def openapi(deployment: Deployment) -> dict[str, Any]:
    """The document of a service that is deployed so."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        item = paths.setdefault(documented_path(route.path), {})
        if route.is_fixed and deployment.base_path:
            item["servers"] = [{"url": "/"}]
        item[route.method.lower()] = _operation(route, OPERATIONS[route.name])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Media pipeline",
            "version": deployment.version,
            "description": texts.ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": deployment.base_path or "/"}],
        "tags": [{"name": name, "description": sentence} for name, sentence in TAGS.items()],
        "paths": paths,
        "components": _components(deployment),
    }


def _components(deployment: Deployment) -> dict[str, Any]:
    operations = OPERATIONS.values()
    bodies = {operation.body for operation in operations if operation.body}
    answers = {answer.model for operation in operations for answer in operation.answers if answer.model} | {Problem}
    return {
        "schemas": component_schemas(
            sorted(bodies, key=lambda model: model.__name__),
            sorted(answers, key=lambda model: model.__name__),
            deployment,
        ),
        "headers": {name: {**header, "required": name not in OPTIONAL} for name, header in HEADERS.items()},
        "responses": {
            name: _problem(status, codes)
            for route in ROUTES
            for name, (status, codes) in _problems_of(route, OPERATIONS[route.name]).items()
        },
        "parameters": {each.name: _parameter(each) for each in (REQUEST_ID, *_stateful_parameters())},
        "examples": {code: {"value": _problem_example(code)} for code, kind in PROBLEMS.items() if kind.status},
        "securitySchemes": texts.SECURITY,
    }


def _stateful_parameters() -> list[Parameter]:
    return [each for operation in OPERATIONS.values() for each in operation.parameters if each.is_stateful]


def _operation(route: Route, operation: Operation) -> dict[str, Any]:
    described = {
        "operationId": route.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [
            _shared(REQUEST_ID),
            *(_parameter(each) for each in operation.parameters if not each.is_stateful),
        ],
        "x-stateful-parameters": [_shared(each) for each in operation.parameters if each.is_stateful],
        "requestBody": _body(operation),
        "responses": {
            **{str(answer.status): _answer(answer) for answer in operation.answers},
            **{
                str(status): {"$ref": f"#/components/responses/{name}"}
                for name, (status, _) in _problems_of(route, operation).items()
            },
        },
        "security": _security(route),
    }
    return {name: value for name, value in described.items() if value or name == "security"}


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.is_public:
        return []
    return [{"bearer": []}, {"ticket": []}] if route.takes_ticket else [{"bearer": []}]


def _shared(parameter: Parameter) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{parameter.name}"}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.is_required,
        "schema": dict(parameter.schema),
    }
    return described if parameter.example is None else {**described, "example": parameter.example}


def _body(operation: Operation) -> dict[str, Any] | None:
    if operation.body is not None:
        content = {"schema": reference(operation.body.__name__), "examples": _examples(operation.body_examples)}
        return {"required": True, "content": {"application/json": content}}
    if operation.body_contents:
        return {"content": _contents(operation.body_contents)}
    return None


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": answer.description,
        "headers": _headers(*answer.headers),
    }
    contents = {"application/json": reference(answer.model.__name__)} if answer.model else answer.contents
    if contents:
        described["content"] = _contents(contents, answer.examples)
    if answer.links:
        described["links"] = {name: _link(link) for name, link in answer.links.items()}
    return described


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def _contents(contents: Mapping[str, Mapping[str, Any]], examples: Mapping[str, Any] | None = None) -> dict[str, Any]:
    described = {}
    for name, schema in contents.items():
        content: dict[str, Any] = {"schema": dict(schema)} if schema else {}
        if examples:
            content["examples"] = _examples(examples)
        described[name] = content
    return described


def _examples(examples: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in examples.items()}


def _link(link: Link) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": link.route}
    if link.parameters:
        described["parameters"] = dict(link.parameters)
    if link.body:
        described["requestBody"] = dict(link.body)
    return described


def _problems_of(route: Route, operation: Operation) -> dict[str, tuple[int, list[str]]]:
    """The operation's problem answers by the names of their components: one for each status, with its codes."""
    taken = {answer.status for answer in operation.answers}
    pairs = sorted((PROBLEMS[code].status or 0, code) for code in problems_of(operation, is_public=route.is_public))
    by_status = {status: [code for _, code in group] for status, group in groupby(pairs, key=lambda pair: pair[0])}
    return {".".join(codes): (status, codes) for status, codes in by_status.items() if status not in taken}


def _problem(status: int, codes: list[str]) -> dict[str, Any]:
    return {
        "description": " ".join(f"`{code}`: {PROBLEMS[code].title}" for code in codes),
        "headers": _headers(*_PROBLEM_HEADERS.get(status, ())),
        "content": {
            PROBLEM_TYPE: {
                "schema": {
                    "allOf": [reference(Problem.__name__)],
                    "properties": {"status": {"const": status}, "code": {"enum": codes}},
                },
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _problem_example(code: str) -> dict[str, Any]:
    kind = PROBLEMS[code]
    example: dict[str, Any] = {
        "type": f"urn:media-pipeline:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.title,
        "instance": "/jobs",
        "code": code,
        "retryable": kind.retryable,
        "requestId": EXAMPLE_ID,
    }
    if code == "invalid_request":
        example["errors"] = [{"field": "n", "message": "Input should be a valid integer"}]
    return example
