"""What holds for every answer of a kind, checked in one place."""

from typing import Any

from schema.problems import PROBLEMS
from tests.acceptance.client import Answer

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "retryable", "requestId"}


def assert_problem(answer: Answer, status: int, code: str) -> Any:
    """The answer is a whole problem document of this status and code; gives the document."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.body
    document = answer.json
    kind = PROBLEMS[document["code"]]
    assert document["code"] == code, document
    assert set(document) - {"errors"} == MEMBERS
    assert document["status"] == kind.status == status
    assert (document["title"], document["retryable"]) == (kind.title, kind.retryable)
    assert document["instance"].startswith("/")
    assert "?" not in document["instance"]
    assert document["requestId"] == answer.headers["X-Request-Id"]
    assert ("errors" in document) == (code == "invalid_request")
    assert all(set(error) == {"field", "message"} for error in document.get("errors", []))
    return document


def assert_refused_field(answer: Answer, field: str) -> None:
    """The answer is a 422 that names this field."""
    document = assert_problem(answer, 422, "invalid_request")
    assert field in [error["field"] for error in document["errors"]], document
