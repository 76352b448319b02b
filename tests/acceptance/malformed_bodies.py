"""Bodies that are wrong: no JSON, another type, values that break a rule, an encoding that nobody knows."""

import gzip
import json
from typing import Any

from tests.acceptance.malformed import JSON, JSON_TARGETS, UPLOAD, Malformed, named, post

NO_JSON: dict[str, bytes | str] = {
    "cut off": '{"a":',
    "trailing comma": '{"a": 1,}',
    "single quotes": "{'a': 1}",
    "two values": "{} {}",
    "a name twice": '{"a": 1, "a": 1}',
    "a name twice, once escaped": '{"a": 1, "\\u0061": 1}',
    "a name twice, deep down": '{"a": [{"b": {"c": 1, "c": 2}}]}',
    "NaN": '{"a": NaN}',
    "-Infinity": '{"a": -Infinity}',
    "too deep": '{"a":' * 65 + "1" + "}" * 65,
    "a thousand digits": '{"a": ' + "9" * 5000 + "}",
    "no UTF-8": b'{"a": "\xff"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "NUL": b"\0",
    "a control character in a string": '{"a": "\x01"}',
    "a comment": "{} // nothing",
}
NO_OBJECTS: tuple[Any, ...] = ([], "x", 1, 1.5, True, None)
TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/problem+json",
)
VALUES: dict[str, dict[str, tuple[Any, ...]]] = {
    "/generate/video": {
        "prompt": ("", "x" * 4001, 1, None, ["x"], "a\0", "\ud800"),
        "n": (0, 5, "1", True, 1.5, None, 10**30, -1),
        "width": (62, 65, 1921, 1922, "64", 64.5, True, None),
        "height": (0, -64, 101, 10**20),
        "durationSeconds": (0.49, 60.01, "4", True, None, -1, 10**400, []),
        "fps": (0, 61, 24.5, "24", False, None),
        "seed": (-1, 2**63, 1.5, "1", True),
        "model": ("", "procedural/image", "x" * 201, 7),
        "inputs": ("x", None, [1], [""], ["x"] * 17, ["media/x/y.png"]),
        "options": (None, [], "x", {"unknown": 1}, {"a": {"b": 1}}),
        "Prompt": ("x",),
        "duration_seconds": (4,),
    },
    "/media/upload/init": {
        "filename": ("\0", "\ud800", "..", "\x01\x02", "/", 1, None, ["a"]),
        "size": (0, -1, 1.5, "1", True, -0.0, []),
        "resumable": (1, 0, "true", None),
        "objectPath": ("x",),
    },
    "/media/upload/complete": {"objectPath": ("", 1, None, "\0", "\ud800", "x" * 1025)},
    "/media/upload/abort": {"objectPath": ("", ["x"], "a\0b")},
    "/media/delete": {
        "paths": ([], ["x"] * 101, "x", None, [1], [""], ["\ud800"], ["x" * 1025]),
        "path": ("x",),
    },
}
ENCODINGS = ("br", "zstd", "compress", "x-unknown", "gzip, gzip", "aes128gcm")


def _listed() -> list[Malformed]:
    no_json = [
        post(name, target, 400, "malformed_json", text) for target in JSON_TARGETS for name, text in NO_JSON.items()
    ]
    no_objects = [
        post(f"is {value!r}", target, 422, "invalid_request", json.dumps(value))
        for target in JSON_TARGETS
        for value in NO_OBJECTS
    ]
    types = [
        post(kind, target, 415, "unsupported_media_type", body, f"Content-Type: {kind}")
        for target, body in JSON_TARGETS.items()
        for kind in TYPES
    ]
    wrong = [
        post(f"{field} = {ascii(value)[:30]}", target, 422, "invalid_request", {**JSON_TARGETS[target], field: value})
        for target, fields in VALUES.items()
        for field, values in fields.items()
        for value in values
    ]
    return no_json + no_objects + types + wrong + _others()


def _others() -> list[Malformed]:
    bomb = gzip.compress(b" " * 2**22)
    return [
        post("without a type", "/generate/image", 415, "unsupported_media_type", {"prompt": "x"}, "X-Other: x"),
        post("1e400", "/generate/video", 422, "invalid_request", '{"prompt": "x", "durationSeconds": 1e400}'),
        post("1e400 for an integer", "/generate/video", 422, "invalid_request", '{"prompt": "x", "n": 1e400}'),
        post("-1e400 inside", "/generate/image", 422, "invalid_request", '{"prompt": "x", "options": {"a": -1e400}}'),
        post("another type", "/media/upload/init", 415, "unsupported_media_type", UPLOAD | {"contentType": "x/y"}),
        post("SVG", "/media/upload/init", 415, "unsupported_media_type", UPLOAD | {"contentType": "image/svg+xml"}),
        post("capitals", "/media/upload/init", 415, "unsupported_media_type", UPLOAD | {"contentType": "IMAGE/PNG"}),
        post("50 MiB and 1", "/media/upload/init", 413, "payload_too_large", UPLOAD | {"size": 50 * 2**20 + 1}),
        post("a huge size", "/media/upload/init", 413, "payload_too_large", UPLOAD | {"size": 10**40}),
        post("nobody's path", "/media/upload/complete", 404, "not_found", {"objectPath": "media/x/../y"}),
        post("nobody's path", "/media/upload/abort", 404, "not_found", {"objectPath": "../../etc/passwd"}),
        post("something", "/events/ticket", 422, "invalid_request", {"a": 1}),
        post("a list", "/events/ticket", 422, "invalid_request", "[]"),
        post("no JSON", "/events/ticket", 400, "malformed_json", "{"),
        post("text", "/events/ticket", 415, "unsupported_media_type", "x", "Content-Type: text/plain"),
        post("garbage as gzip", "/generate/image", 400, "bad_request", b"garbage", JSON, "Content-Encoding: gzip"),
        post("a gzip bomb", "/generate/image", 413, "payload_too_large", bomb, JSON, "Content-Encoding: gzip"),
        post("too much", "/generate/image", 413, "payload_too_large", b" " * (2**20 + 1)),
    ] + [
        post(f"as {coding}", "/generate/image", *refusal_of(coding), b"x", JSON, f"Content-Encoding: {coding}")
        for coding in ENCODINGS
    ]


def refusal_of(coding: str) -> tuple[int, Any]:
    """The parser refuses plainly what it could decode with a library that is not here."""
    return (400, None) if coding in {"br", "zstd"} else (415, "unsupported_media_type")


BODIES = named(_listed())
