"""Heads that are wrong: paths, queries, methods, credentials, header fields, and what is no HTTP at all."""

from tests.acceptance.malformed import JSON, Malformed, get, named

JOB = "/jobs/019aaaaa-0000-7000-8000-000000000000"
PATHS = (
    "/nothing",
    "/jobs/",
    "//jobs",
    "/jobs%2f",
    "/jobs/%00",
    "/jobs/%2e%2e",
    "/jobs/%2e%2e/models",
    "/jobs/../models",
    "/jobs/..%2fmodels",
    "/jobs/%252e%252e%252fmodels",
    "/jobs/%ff",
    "/jobs/%ed%a0%80",
    "/jobs/%c0%ae%c0%ae",
    "/jobs/x/events",
    JOB.upper().replace("/JOBS", "/jobs"),
    "/media/%",
    "/media/%zz",
    "/media/%00",
    "/media/..",
    "/media/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/media/%252e%252e/x",
    "/media/..%5c..%5cx",
    "/media/\\..\\x",
    "/media/%c0%ae%c0%ae/x",
    "/media/%e0%80%ae/x",
    "/media/%ed%b0%80",
    "/media/a//b",
    "/media//etc/passwd",
    "/media/x;y=1",
    "/media/media/media/x",
    "/media/" + "a" * 4000,
    "/files/",
    "/files/%2e%2e",
    "/files/x%00y",
    "/files/" + "a" * 4000,
    "/static/%2e%2e/%2e%2e/etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/healthz/",
    "/metrics/x",
)
QUERIES = (
    *(
        f"{path}?{query}"
        for path in ("/jobs", "/media")
        for query in (
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=1.0",
            "limit=1e2",
            "limit=0x10",
            "limit=%201",
            "limit=%EF%BC%91",
            "limit=",
            "limit",
            "limit=%zz",
            "limit=1&limit=1",
            "limit=1&limit=2",
            "cursor=",
            "cursor=x",
            "cursor=%00",
            "cursor=..%2f..",
            "cursor=AAAAAAAAAAAAAAAAAAAAAA==",
            "cursor=AAAAAAAAAAAAAAAAAAAAAB",
            "cursor=" + "A" * 4000,
            "kind=sound",
            "kind=Image",
            "kind=image&kind=video",
            "kind[]=image",
            "unknown=1",
            "Limit=1",
            "=1",
            "%ff=%ff",
            "a=1&" * 1000,
        )
    ),
    "/jobs?status=done",
    "/jobs?status=",
    "/jobs?status=queued,running",
    "/jobs?source=upload",
    "/media?source=x",
    "/media?prefix=%00",
    "/media?prefix=" + "a" * 1025,
    "/media?status=queued",
    "/models?kind=image",
    f"{JOB}?verbose=1",
    "/media/x?download=1",
    "/events?since=1",
    "/events?jobId=x&jobId=y",
    "/events?lastEventId=1&lastEventId=2",
)
CREDENTIALS = (
    ("none", ()),
    ("empty", ("Authorization:",)),
    ("no token", ("Authorization: Bearer",)),
    ("another scheme", ("Authorization: Basic eDp5",)),
    ("no scheme", ("Authorization: eyJhbGciOiJub25lIn0.e30.",)),
    ("one part", ("Authorization: Bearer x",)),
    ("dots", ("Authorization: Bearer ..",)),
    ("four parts", ("Authorization: Bearer a.b.c.d",)),
    ("alg none", ("Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiZXhwIjo5OTk5OTk5OTk5fQ.",)),
    ("no base64", ("Authorization: Bearer ===.===.===",)),
    ("bytes", ("Authorization: Bearer \xff\xfe.\xff.\xff",)),
    ("long", ("Authorization: Bearer " + "a" * 9000,)),
    ("deep", ("Authorization: Bearer W1tbW1tbW1tbW1tb.W1tbW1tbW1tbW1tb.x",)),
    ("twice", ("Authorization: Bearer x", "Authorization: Bearer y")),
)
HOSTS = ("a b", "[::1", "[::1]]", "http://evil/", "a:99999999", "a:b", "a/b", "a?b", "a#b", "a@b", "\xff", '"')
KEYS = ("", " ", "a b", "a" * 256, "\xe4", "a\tb")
TICKETS = ("", "x", "a" * 4000, "%00", "%ff", "%F0%9F%98%80", "../x", "x&ticket=y")
METHODS = {
    "/": "GET,HEAD",
    "/jobs": "GET,HEAD",
    JOB: "DELETE,GET,HEAD",
    f"{JOB}/cancel": "POST",
    f"{JOB}/events": "GET",
    "/events": "GET",
    "/events/ticket": "POST",
    "/generate/image": "POST",
    "/generate/video": "POST",
    "/models": "GET,HEAD",
    "/media": "GET,HEAD",
    "/media/delete": "POST",
    "/media/upload/init": "POST",
    "/me": "DELETE",
    "/files/x": "GET,HEAD",
    "/storage/x": "DELETE,GET,HEAD,PUT",
    "/healthz": "GET,HEAD",
    "/readyz": "GET,HEAD",
    "/metrics": "GET,HEAD",
}
"""The methods that each path has."""
STORAGE = ("", "?v=1", "?v=1&expires=1&signature=x", "?v=1&expires=9" * 3, "?session=x", "?v=2&expires=1&signature=x")
STORAGE_VALUES = ("%ff", "%00", "9" * 4000, "-1", "1e9", "%D9%A1")
NO_HTTP = {
    "a target without a slash": "GET jobs HTTP/1.1",
    "no target": "GET HTTP/1.1",
    "lower case": "get /jobs HTTP/1.1",
    "an unknown method": "FROB /jobs HTTP/1.1",
    "an unknown version": "GET /jobs HTTP/1.9",
    "another protocol": "GET /jobs FTP/1.1",
    "a raw NUL": "GET /jobs/\0 HTTP/1.1",
    "raw bytes": "GET /jobs/\xff HTTP/1.1",
    "a long line": "GET /" + "a" * 9000 + " HTTP/1.1",
    "half a URL": "GET http://[/jobs HTTP/1.1",
    "two spaces": "GET  /jobs  x HTTP/1.1",
}
BAD_FIELDS = {
    "NUL in a value": ("X: a\0b",),
    "NUL in a name": ("X\0: a",),
    "a space in a name": ("X Y: a",),
    "a space before the colon": ("X : a",),
    "no colon": ("Xa",),
    "no name": (": a",),
    "a folded line": ("X: a\r\n b",),
    "a bare carriage return": ("X: a\rb",),
    "a long field": ("X: " + "a" * 20000,),
    "many fields": tuple(f"X-{number}: a" for number in range(200)),
    "two hosts": ("Host: other",),
    "two types": (JSON, "Content-Type: text/plain"),
}
LENGTHS = ("-1", "+1", "0x1", "1, 1", "1 1", "a", "9" * 30, "1.0", "")


def _listed() -> list[Malformed]:
    return [
        *(get(path, 404, "not_found") for path in PATHS),
        *(get(target, 422, "invalid_request") for target in QUERIES),
        *(
            get("/jobs", 401, "unauthenticated", *lines, has_token=False, name=f"credentials: {name}")
            for name, lines in CREDENTIALS
        ),
        *(
            get(f"/events?ticket={ticket}", 401, "unauthenticated", has_token=False, name=f"ticket {ticket[:20]!r}")
            for ticket in TICKETS
        ),
        *(
            _posted(f"Idempotency-Key {ascii(key)[:20]}", 422, "invalid_request", f"Idempotency-Key: {key}")
            for key in KEYS
        ),
        _posted("two keys", 422, "invalid_request", "Idempotency-Key: a", "Idempotency-Key: a"),
        *(_of_host(host) for host in HOSTS),
        *(
            Malformed(f"{method} {path}", f"{method} {path} HTTP/1.1", 405, "method_not_allowed", ())
            for path in METHODS
            for method in ("OPTIONS", "TRACE", "PATCH", "PROPFIND")
        ),
        *(get(f"/storage/x{query}", 403, "forbidden") for query in STORAGE),
        *(
            get(f"/storage/x?v=1&{name}={value}", 403, "forbidden", name=f"storage {name}={value[:20]}")
            for name in ("expires", "signature")
            for value in STORAGE_VALUES
        ),
        *(_plain(name, first) for name, first in NO_HTTP.items()),
        *(_plain(name, "GET /jobs HTTP/1.1", *lines) for name, lines in BAD_FIELDS.items()),
        *(_plain(f"Content-Length {text!r}", "POST /jobs HTTP/1.1", f"Content-Length: {text}") for text in LENGTHS),
        *_framed(),
    ]


def _posted(name: str, status: int, code: str, *lines: str) -> Malformed:
    return Malformed(name, "POST /generate/image HTTP/1.1", status, code, (JSON, *lines), b'{"prompt": "x"}')


def _of_host(host: str) -> Malformed:
    lines = (f"Host: {host}", "Connection: close")
    return Malformed(f"Host {host!r}", "GET /healthz HTTP/1.1", 400, "bad_request", lines, is_bare=True)


def _plain(name: str, first: str, *lines: str, body: bytes = b"") -> Malformed:
    return Malformed(name, first, 400, None, lines, body, has_length=False)


def _framed() -> list[Malformed]:
    """Bodies whose length nobody can tell, or that lie about it."""
    first, chunked = "POST /generate/image HTTP/1.1", "Transfer-Encoding: chunked"
    return [
        _plain("a length and chunks", first, JSON, "Content-Length: 5", chunked, body=b"0\r\n\r\n"),
        _plain("two lengths", first, JSON, "Content-Length: 1", "Content-Length: 2", body=b"{}"),
        _plain("chunks twice", first, JSON, chunked, chunked, body=b"0\r\n\r\n"),
        _plain("another coding", first, JSON, "Transfer-Encoding: identity", body=b"0\r\n\r\n"),
        _plain("no size of a chunk", first, JSON, chunked, body=b"x\r\n"),
        _plain("a negative chunk", first, JSON, chunked, body=b"-1\r\n"),
        _plain("a huge chunk", first, JSON, chunked, body=b"F" * 20 + b"\r\n"),
        _plain("no host", "GET /jobs HTTP/1.1", "Host: x"),
        Malformed("nothing of HTTP/2", "PRI * HTTP/2.0", 400, None, (), b"SM\r\n\r\n", is_bare=True, has_length=False),
        Malformed("TLS", "\x16\x03\x01\x02\x00\x01\x00", 400, None, is_bare=True),
        Malformed("a version above", "GET /healthz HTTP/2.0", 400, "bad_request"),
        Malformed("an announced gigabyte", first, 413, "payload_too_large", (JSON, "Content-Length: 1000000000")),
        Malformed("an announced 2^63", first, 413, "payload_too_large", (JSON, f"Content-Length: {2**63 - 1}")),
        Malformed("no such expectation", "POST /x HTTP/1.1", 417, "expectation_failed", ("Expect: wonders",)),
        Malformed("an expectation there", "PATCH /jobs HTTP/1.1", 417, "expectation_failed", ("Expect: wonders",)),
        Malformed("an expected 404", "POST /x HTTP/1.1", 404, "not_found", ("Expect: 100-continue",), b"x"),
        Malformed("CONNECT", "CONNECT evil:80 HTTP/1.1", 404, "not_found"),
        Malformed("OPTIONS *", "OPTIONS * HTTP/1.1", 404, "not_found"),
        Malformed("an absolute target", "GET http://evil HTTP/1.1", 404, "not_found"),
    ]


HEADS = named(_listed())
