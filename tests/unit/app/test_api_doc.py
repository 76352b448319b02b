"""The tables in docs/http-api.md are the route table and the catalogue of problems."""

import re
from pathlib import Path

from app.routes import ROUTES, Route, documented_path
from schema.problems import PROBLEMS

PAGE = Path(__file__).parents[3] / "docs" / "http-api.md"
ENDPOINT = re.compile(r"^\| (GET|POST|PUT|DELETE|PATCH) \| `(/[^`]*)` \| ([^|]+?) \|", re.MULTILINE)
PROBLEM = re.compile(r"^\| `(\w+)` \| (\d{3}|none) \| (yes|no) \| (.+?) \|$", re.MULTILINE)


def access(route: Route) -> str:
    if route.is_public:
        return "anyone"
    return "token or ticket" if route.takes_ticket else "token"


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_every_endpoint_is_in_the_page_once_and_nothing_else_is() -> None:
    documented = [(method, path) for method, path, _ in ENDPOINT.findall(text())]

    assert sorted(documented) == sorted((route.method, documented_path(route.path)) for route in ROUTES)


def test_the_page_says_who_may_call_each_endpoint() -> None:
    documented = {(method, path): who for method, path, who in ENDPOINT.findall(text())}

    assert documented == {(route.method, documented_path(route.path)): access(route) for route in ROUTES}


def test_the_page_lists_every_problem_as_the_catalogue_has_it() -> None:
    assert PROBLEM.findall(text()) == [
        (each.code, str(each.status or "none"), "yes" if each.retryable else "no", each.title)
        for each in PROBLEMS.values()
    ]
