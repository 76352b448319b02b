"""What the documents say in prose, and the ways to show who is asking."""

from typing import Any, Final

ABOUT: Final = """\
Generates pictures and videos as jobs with true progress, takes uploads, and keeps both in a library.

- JSON in and out, in UTF-8, camelCase names, times in RFC 3339 (UTC). Unknown members, names that come twice and
  values of another type are refused. A body is at most 1 MiB. A POST without parameters needs no body.
- Every 4xx and 5xx is a problem document (RFC 9457). Decide by its `code`. A path that is not here is a 404, a method
  that does not work on a path a 405 with `Allow`.
- What belongs to somebody else is a 404: its existence is private.
- What answers GET answers HEAD, too, except the two streams.
- Every answer carries `X-Request-Id`.
"""

ABOUT_EVENTS: Final = """\
Server-sent events over HTTP (`text/event-stream`): each message comes as `id`, `event` (the message's name) and `data`
(its payload, one line of JSON). Reconnect with the last id in the header `Last-Event-ID`, or as `lastEventId`: nothing
is missed, repeated or out of order. Each payload has the members that are listed here, always, and may get more.
"""

SECURITY: Final[dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token whose `sub` is the user. It is never accepted in a URL.",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "From `POST /events/ticket`: opens one stream once, within a minute.",
    },
}
