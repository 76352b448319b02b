"""The OpenAPI document is valid, says of every route what the code does, and its examples are true."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.reference.openapi import openapi
from app.reference.operation import READING_PROBLEMS
from app.reference.operations import OPERATIONS, TAGS
from app.routes import ROUTES, Route, documented_path
from schema.events import EVENTS
from schema.problems import PROBLEMS
from tests.unit.app.reference.samples import METHODS, complaints, deployment, resolved

DOCUMENT = openapi(deployment())
OF_NO_OPERATION = {"method_not_allowed", "expectation_failed", "content_mismatch"}
"""A method that is none of the path's, an expectation, and a code of jobs: no operation answers with them."""


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][documented_path(route.path)][route.method.lower()]
    return found


def parameters(route: Route, place: str) -> set[str]:
    described = [resolved(DOCUMENT, each) for each in operation(route).get("parameters", [])]
    return {each["name"] for each in described if each["in"] == place}


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body of a request or an answer, with where it stands."""
    for route in ROUTES:
        bodies = {"request": operation(route).get("requestBody", {}), **operation(route)["responses"]}
        for name, body in bodies.items():
            for kind, content in resolved(DOCUMENT, body).get("content", {}).items():
                yield f"{route.name} {name} {kind}", content


def test_every_route_is_described_and_nothing_else_is() -> None:
    assert set(OPERATIONS) == {route.name for route in ROUTES}


def test_the_document_is_valid_openapi() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_document_has_the_paths_and_methods_of_the_route_table() -> None:
    described = {(path, method) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item}

    assert described == {(documented_path(route.path), route.method.lower()) for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_operation_takes_the_parameters_of_its_route(route: Route) -> None:
    assert parameters(route, "path") == set(re.findall(r"\{(\w+)\}", documented_path(route.path)))
    if not route.is_public:
        assert parameters(route, "query") == set(route.query) - {"ticket"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_operation_says_who_may_call_it(route: Route) -> None:
    ways = [name for each in operation(route)["security"] for name in each]

    assert ways == [] if route.is_public else ways[0] == "bearer"
    assert ("ticket" in ways) is route.takes_ticket
    assert ("401" in operation(route)["responses"]) is not route.is_public


def test_every_tag_is_explained() -> None:
    assert {each.tag for each in OPERATIONS.values()} == set(TAGS)


def test_every_code_with_a_status_is_an_answer_of_some_operation() -> None:
    told = {code for each in OPERATIONS.values() for code in (*each.problems, *READING_PROBLEMS[each.reads])}
    always = {"bad_request", "unauthenticated", "dependency_unavailable", "internal_error"}

    assert told | always | OF_NO_OPERATION == {code for code, kind in PROBLEMS.items() if kind.status}
    assert not (told | always) & OF_NO_OPERATION


def test_every_answer_carries_the_requests_id() -> None:
    for route in ROUTES:
        for answer in operation(route)["responses"].values():
            assert "X-Request-Id" in resolved(DOCUMENT, answer)["headers"], route.name


def test_every_json_body_has_an_example_that_fits_its_schema() -> None:
    for place, content in contents():
        examples = [resolved(DOCUMENT, each)["value"] for each in content.get("examples", {}).values()]
        assert examples or "json" not in place or content["schema"] == {"type": "object"}, place
        for example in examples:
            assert complaints(DOCUMENT, content["schema"], example) == [], place


@pytest.mark.parametrize("name", sorted(name for name, each in OPERATIONS.items() if each.body))
def test_the_models_take_the_examples_of_requests(name: str) -> None:
    body = OPERATIONS[name].body
    assert body is not None

    for example in OPERATIONS[name].body_examples.values():
        body.model_validate(example, by_alias=True, by_name=False)


def test_every_parameters_example_fits_its_schema() -> None:
    for route in ROUTES:
        for each in (*operation(route).get("parameters", []), *operation(route).get("x-stateful-parameters", [])):
            described = resolved(DOCUMENT, each)
            if "example" in described:
                assert complaints(DOCUMENT, described["schema"], described["example"]) == [], described["name"]


def test_every_headers_example_fits_its_schema() -> None:
    for name, header in DOCUMENT["components"]["headers"].items():
        if "example" in header:
            assert complaints(DOCUMENT, header["schema"], header["example"]) == [], name


def test_every_link_leads_to_an_operation_that_takes_what_it_brings() -> None:
    routes = {route.name: route for route in ROUTES}
    for each in OPERATIONS.values():
        for link in (link for answer in each.answers for link in answer.links.values()):
            target = routes[link.route]
            assert set(link.parameters) <= parameters(target, "path") | parameters(target, "query")


def test_the_event_catalogue_is_among_the_components() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    assert schemas["Event"]["oneOf"] == [{"$ref": f"#/components/schemas/{name}"} for name in EVENTS]
    for name, event in EVENTS.items():
        data = schemas[name]["properties"]["data"]["contentSchema"]
        assert data == {"$ref": f"#/components/schemas/{event.payload.__name__}"}
        members = [
            field.alias or each for each, field in event.payload.model_fields.items() if field.exclude_if is None
        ]
        assert schemas[event.payload.__name__]["required"] == members


def test_both_streams_are_streams_of_events() -> None:
    for route in (route for route in ROUTES if route.takes_ticket):
        content = operation(route)["responses"]["200"]["content"]
        assert content["text/event-stream"]["schema"] == {"$ref": "#/components/schemas/Event"}


def test_a_base_path_stands_before_every_path_but_the_fixed_ones() -> None:
    document = openapi(deployment(base_path="/example-api"))

    assert document["servers"] == [{"url": "/example-api"}]
    fixed = {path for path, item in document["paths"].items() if item.get("servers") == [{"url": "/"}]}
    assert fixed == {"/healthz", "/readyz", "/metrics"}
    assert "servers" not in str(openapi(deployment())["paths"])
