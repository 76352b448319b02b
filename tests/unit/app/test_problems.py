"""The table of errors: each that somebody expects has a code, each code a status, and nothing inside is told."""

from pathlib import Path

import pytest
from aiohttp import web

from app.problems import CODES, STATUS_CODES, BodyError, describe
from jobs.errors import FieldError, InvalidRequest, JobsError, QueueFull
from schema.problems import PROBLEMS
from storage.signing import AlreadyUploaded
from storage.store import ObjectNotFound, StorageError, StorageUnavailable

ROOT = Path(__file__).parents[3]


def subclasses_of(kind: type[JobsError]) -> list[type[JobsError]]:
    return [each for direct in kind.__subclasses__() for each in (direct, *subclasses_of(direct))]


def test_every_code_of_the_tables_is_in_the_catalogue_and_has_a_status() -> None:
    codes = {code for _, code in CODES} | set(STATUS_CODES.values()) | {each.code for each in subclasses_of(JobsError)}

    assert {code for code in codes if PROBLEMS[code].status is None} == set()


def test_the_code_of_a_status_has_that_status() -> None:
    assert {code: PROBLEMS[code].status for code in STATUS_CODES.values()} == {
        code: status for status, code in STATUS_CODES.items()
    }


RESERVED = {
    "idempotency_in_progress",  # the database has a second post wait for the first, and gives it the same answer
    "content_policy",  # of providers that are not here
}
SOURCES = [file for package in ("app", "jobs", "actors", "storage") for file in (ROOT / package).rglob("*.py")]


def test_every_code_but_those_that_are_reserved_is_produced_by_the_code() -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES)

    assert {code for code in PROBLEMS if f'"{code}"' not in sources} <= RESERVED


def test_a_subclass_stands_before_its_base_in_the_table() -> None:
    kinds = [kind for kind, _ in CODES]

    late = [
        (first, second) for at, first in enumerate(kinds) for second in kinds[at + 1 :] if issubclass(second, first)
    ]

    assert late == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ObjectNotFound("media/alice/secret.png"), "not_found"),
        (AlreadyUploaded("media/alice/secret.png"), "object_exists"),
        (StorageUnavailable("secret"), "dependency_unavailable"),
        (StorageError("secret"), "dependency_unavailable"),
        (BodyError("malformed_json"), "malformed_json"),
        (web.HTTPNotFound(text="secret"), "not_found"),
    ],
)
def test_an_error_is_told_by_its_code_and_never_by_its_text(error: Exception, code: str) -> None:
    described = describe(error)

    assert described is not None
    assert described.code == code
    assert "secret" not in described.detail


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyError("x"), web.HTTPInsufficientStorage()])
def test_what_nobody_expected_has_no_description(error: Exception) -> None:
    assert describe(error) is None


def test_what_may_pass_says_when_to_come_back() -> None:
    described = describe(StorageUnavailable())

    assert described is not None
    assert int(described.headers["Retry-After"]) > 0


def test_a_full_queue_says_when_to_come_back() -> None:
    described = describe(QueueFull("you have 5 unfinished jobs", 7))

    assert described is not None
    assert (described.detail, described.headers) == ("you have 5 unfinished jobs", {"Retry-After": "7"})


def test_a_refused_request_names_its_fields() -> None:
    errors = (FieldError("n", "must be 1"), FieldError("width", "must be 2"))

    described = describe(InvalidRequest(errors))

    assert described is not None
    assert described.errors == errors


def test_a_wrong_method_is_told_which_work() -> None:
    described = describe(web.HTTPMethodNotAllowed("PATCH", ["GET", "POST"]))

    assert described is not None
    assert described.headers == {"Allow": "GET,POST"}


def test_the_catalogues_sentences_are_for_people() -> None:
    assert all(each.title.endswith(".") and each.title[0].isupper() for each in PROBLEMS.values())
