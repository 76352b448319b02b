"""Bodies: JSON without ambiguity, values that fit, and a problem document for all else."""

import asyncio
import json
from io import BytesIO
from typing import Any

import pytest

from tests.acceptance.client import SMALL, Answer, Client
from tests.acceptance.expectations import assert_problem, assert_refused_field

JSON = {"Content-Type": "application/json"}
MEBIBYTE = 2**20


async def send(client: Client, body: bytes | str | BytesIO, target: str = "/generate/image", **headers: str) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    return await client.send("POST", target, body=data, headers={**JSON, **headers})


@pytest.mark.parametrize(
    "body",
    [
        "{",
        '{"prompt": "x",}',
        "{'prompt': 'x'}",
        '{"prompt": "x"} {}',
        '{"prompt": "x", "prompt": "y"}',
        '{"prompt": "x", "options": {"detail": 1, "detail": 2}}',
        '{"prompt": "x", "n": NaN}',
        '{"prompt": "x", "n": Infinity}',
        '{"prompt": "x", "n": -Infinity}',
        '{"prompt": "x", "seed": ' + "9" * 5000 + "}",
        '{"prompt": "a\nb"}',
        '{"prompt": "x", "n": 01}',
        "[" * 65 + "]" * 65,
        "[" * 100_000,
        '{"a":' * 100_000,
        b'{"prompt": "\xff"}',
        b'\xef\xbb\xbf{"prompt": "x"}',
        '{"prompt": "x"}'.encode("utf-16"),
        b"\x00",
        " ",
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_what_is_no_plain_json_is_malformed(alice: Client, body: bytes | str) -> None:
    assert_problem(await send(alice, body), 400, "malformed_json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "x" * 4001),
        ("prompt", 1),
        ("prompt", None),
        ("prompt", ["x"]),
        ("prompt", "a\x00b"),
        ("prompt", "a\ud800b"),
        ("negativePrompt", "\udfff"),
        ("negativePrompt", "x" * 4001),
        ("n", "3"),
        ("n", True),
        ("n", 1.5),
        ("n", 0),
        ("n", 9),
        ("n", None),
        ("n", 10**30),
        ("width", 63),
        ("width", 2049),
        ("height", 64.5),
        ("height", "64"),
        ("seed", -1),
        ("seed", 2**63),
        ("seed", "7"),
        ("seed", 7.5),
        ("model", ""),
        ("model", "nobody/nothing"),
        ("model", "\ud800"),
        ("model", 1),
        ("inputs", ["media/alice/x.png"]),
        ("inputs", "x"),
        ("options", []),
        ("options", None),
        ("options.detail", {"detail": "2"}),
        ("options.detail", {"detail": True}),
        ("options.detail", {"detail": 4}),
        ("options", {"style": "\ud800"}),
        ("options", {"\ud800": 1}),
        ("options", {"unknown": 1}),
        ("unknown", 1),
        ("", {"\ud800": 1}),
        ("negative_prompt", "x"),
        ("durationSeconds", 4),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_value_that_breaks_a_rule_is_named(alice: Client, field: str, value: Any) -> None:
    body = SMALL | (value if field == "" else {field.partition(".")[0]: value})

    assert_refused_field(await send(alice, json.dumps(body)), field)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e-400", "0.1", "25e-1"])
async def test_a_number_that_is_no_integer_is_refused_however_it_is_written(alice: Client, number: str) -> None:
    answer = await send(alice, f'{{"prompt": "x", "n": {number}}}')

    assert_refused_field(answer, "n")


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "true", "null", ""])
async def test_what_is_no_object_is_refused(alice: Client, body: str) -> None:
    assert_problem(await send(alice, body), 422, "invalid_request")


async def test_every_broken_rule_is_named_at_once(alice: Client) -> None:
    answer = await alice.post("/generate/image", {"n": 0, "width": 1, "unknown": 1})

    document = assert_problem(answer, 422, "invalid_request")
    assert {error["field"] for error in document["errors"]} == {"prompt", "n", "width", "unknown"}


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "x" * 4000},
        {"prompt": "💡" * 4000},
        {"prompt": "\u202e\ufeff"},
        {"negativePrompt": ""},
        {"model": "procedural/image"},
    ],
    ids=["longest", "pictographs", "invisible", "empty negative prompt", "model"],
)
async def test_what_fits_is_taken_as_it_is(alice: Client, changes: dict[str, Any]) -> None:
    job_id = await alice.generate(**changes)

    request = (await alice.job(job_id))["request"]
    assert {name: request[name] for name in changes} == changes


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; charset=latin-1", "x"],
)
async def test_another_content_type_is_refused(alice: Client, content_type: str) -> None:
    answer = await send(alice, json.dumps(SMALL), **{"Content-Type": content_type})

    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'Application/JSON; charset="UTF-8"'])
async def test_the_content_type_may_name_its_charset(alice: Client, content_type: str) -> None:
    answer = await send(alice, json.dumps(SMALL), **{"Content-Type": content_type})

    assert answer.status == 202


async def test_a_body_of_a_mebibyte_is_read_and_one_more_byte_is_too_much(alice: Client) -> None:
    text = json.dumps(SMALL)

    fits = await send(alice, BytesIO(text.ljust(MEBIBYTE).encode()))
    too_large = await send(alice, BytesIO(text.ljust(MEBIBYTE + 1).encode()))

    assert fits.status == 202
    assert_problem(too_large, 413, "payload_too_large")


async def test_a_body_without_a_length_is_bounded_too(alice: Client) -> None:
    async def chunks() -> Any:
        for _ in range(2 * 16 + 1):
            yield b" " * (MEBIBYTE // 16)

    answer = await alice.send("POST", "/generate/image", body=chunks(), headers=JSON)

    assert_problem(answer, 413, "payload_too_large")


@pytest.mark.parametrize("target", ["/events/ticket", "/jobs/{job_id}/cancel"])
async def test_a_post_without_parameters_needs_no_body_and_takes_no_other(alice: Client, target: str) -> None:
    job_id = await alice.generate()
    await alice.ending_of(job_id)
    target = target.replace("{job_id}", job_id)

    statuses = [(await send(alice, body, target)).status for body in ("", "{}", '{"a": 1}', "[]", "{")]

    assert statuses == [statuses[0], statuses[0], 422, 422, 400]
    assert statuses[0] in {200, 201}


async def raw(client: Client, request: bytes) -> bytes:
    """What comes back for bytes that no client library would send, to the end of the connection."""
    url = client.url("/")
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def head(client: Client, *lines: str) -> bytes:
    authorization = client.authorization["Authorization"]
    fixed = ("Host: localhost", "Connection: close", "Content-Type: application/json")
    first = "POST /generate/image HTTP/1.1"
    return "\r\n".join([first, *fixed, f"Authorization: {authorization}", *lines, "", ""]).encode()


@pytest.mark.parametrize(
    "request_bytes",
    [
        lambda client: head(client, "Transfer-Encoding: chunked") + b"zz\r\n",
        lambda client: head(client, "Content-Encoding: gzip", "Content-Length: 7") + b"garbage",
        lambda client: head(client, "Content-Encoding: deflate", "Content-Length: 7") + b"garbage",
    ],
    ids=["bad chunk", "bad gzip", "bad deflate"],
)
async def test_a_body_that_cannot_be_decoded_is_the_clients_mistake(alice: Client, request_bytes: Any) -> None:
    answer = await raw(alice, request_bytes(alice))

    assert answer.split(b" ")[1] == b"400", answer


@pytest.mark.parametrize(
    "request_bytes",
    [b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA\x00: b\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
     b"POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
     b"POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ids=["no target", "NUL in a name", "TLS", "two lengths", "length and chunks"],
)  # fmt: skip
async def test_what_is_no_http_gets_400_and_a_closed_connection(alice: Client, request_bytes: bytes) -> None:
    answer = await raw(alice, request_bytes)

    assert answer.split(b" ")[1] == b"400"
    assert b"Traceback" not in answer
