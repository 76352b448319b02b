"""Every header that answers carry, and every parameter that several operations take."""

from collections.abc import Mapping
from types import MappingProxyType

from app.body import DEFAULT_LIMIT, MAX_LIMIT
from app.reference import examples
from app.reference.operation import Json, Parameter

TEXT: Json = {"type": "string"}

OPTIONAL = frozenset({"Retry-After", "Idempotency-Replayed", "Content-Disposition", "Range"})
"""Of the headers that an answer is said to have, those that may be missing all the same."""

HEADERS: Mapping[str, Json] = MappingProxyType(
    {
        "X-Request-Id": {
            "description": "Names this request in the log: the caller's own id if it was sane, else a new one.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:/+=-]{1,128}$"},
            "example": examples.REQUEST_ID,
        },
        "Location": {
            "description": "Where to go on.",
            "schema": {"type": "string", "format": "uri-reference"},
            "example": f"/jobs/{examples.JOB_ID}",
        },
        "Retry-After": {
            "description": "Seconds after which to try again.",
            "schema": {"type": "integer", "minimum": 0},
            "example": 2,
        },
        "WWW-Authenticate": {
            "description": "`Bearer` where no token came, with an `error` where one did and was no good.",
            "schema": {"type": "string", "pattern": "^Bearer"},
            "example": 'Bearer error="invalid_token"',
        },
        "Idempotency-Replayed": {
            "description": "There when this is the first answer again: no second job was made.",
            "schema": {"const": "true"},
            "example": "true",
        },
        "Cache-Control": {"description": "Who may keep the answer, and for how long.", "schema": TEXT},
        "ETag": {
            "description": "Stands for exactly these bytes.",
            "schema": {"type": "string", "pattern": '^"[^"]*"$'},
            "example": '"6f1e2d"',
        },
        "Last-Modified": {"description": "When the object was stored (HTTP date).", "schema": TEXT},
        "Accept-Ranges": {"description": "Ranges of bytes can be asked for.", "schema": {"const": "bytes"}},
        "Content-Range": {
            "description": "Which bytes of how many these are.",
            "schema": {"type": "string", "pattern": r"^bytes ([0-9]+-[0-9]+|\*)/[0-9]+$"},
            "example": "bytes 0-1023/148568",
        },
        "Content-Disposition": {"description": "There when the object is to be saved, not shown.", "schema": TEXT},
        "Range": {
            "description": "The bytes that the session has; absent while it has none.",
            "schema": {"type": "string", "pattern": "^bytes=0-[0-9]+$"},
            "example": "bytes=0-8388607",
        },
        "Content-Security-Policy": {"description": "What the page may load: its own parts alone.", "schema": TEXT},
        "X-Accel-Buffering": {"description": "Tells proxies not to hold the stream back.", "schema": {"const": "no"}},
    }
)

REQUEST_ID = Parameter(
    "X-Request-Id",
    "header",
    "An id of your own for this request, 1 to 128 of `A-Z a-z 0-9 . _ : / + = -`. Any other is replaced.",
    TEXT,
    example=examples.REQUEST_ID,
)
JOB_ID = Parameter("jobId", "path", "The job's id.", TEXT, example=examples.JOB_ID, is_required=True)
LIMIT = Parameter(
    "limit",
    "query",
    "The most items of one page.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    example=20,
)
CURSOR = Parameter(
    "cursor",
    "query",
    "Where to go on: the `nextCursor` of the page before. It is opaque; any other is a 422.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$"},
    example=examples.CURSOR,
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "Makes it safe to send the request again: the same key with the same body makes one job (24 hours, per user).",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    example="6b1c0f1e-order-1042",
    is_stateful=True,
)
LAST_EVENT_ID = Parameter(
    "Last-Event-ID",
    "header",
    "The last id that you have seen: the stream goes on behind it. One that is not kept gives a `reset`.",
    TEXT,
    example=examples.EVENT_ID,
)
LAST_EVENT_ID_QUERY = Parameter(
    "lastEventId",
    "query",
    "The same for clients that can't send headers; the header wins.",
    TEXT,
    example=examples.EVENT_ID,
)
MEDIA_PATH = Parameter(
    "path",
    "path",
    "An item's `path`, with or without its leading `media/`; its slashes may stand as they are.",
    TEXT,
    example=examples.MEDIA_PATH,
    is_required=True,
)
