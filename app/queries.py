"""Query parameters: what a route does not know is refused, as unknown members of a body are."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping

from aiohttp import web
from aiohttp.typedefs import Middleware
from multidict import MultiMapping

from jobs.errors import FieldError, InvalidRequest

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_NAMED = 20
"""A query can hold some thousand wrong parameters; so many are told."""


def known_queries(known: Mapping[str, frozenset[str]]) -> Middleware:
    """Refuse parameters that a route in `known` does not take, and those that come twice. Raises `InvalidRequest`.

    What a client misspelt would else be left out in silence, and of two values one.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        names = known.get(request.match_info.route.name or "")
        if names is not None and request.query and (errors := list(_errors(request.query, names))):
            raise InvalidRequest(errors[:MOST_NAMED])
        return await handler(request)

    return middleware


def _errors(query: MultiMapping[str], names: frozenset[str]) -> Iterator[FieldError]:
    for name, count in Counter(name for name, _ in query.items()).items():
        if name not in names:
            yield FieldError(name, "is no parameter of this request")
        elif count > 1:
            yield FieldError(name, "must not come twice")
