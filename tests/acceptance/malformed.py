"""Requests that somebody got wrong, as bytes on the wire, and what each has to be answered with."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

from tests.acceptance.client import Answer, Client

SECONDS = 20.0
"""Until an answer that does not come is a failure."""
JSON = "Content-Type: application/json"
UPLOAD = {"filename": "a.png", "contentType": "image/png"}
JSON_TARGETS: Mapping[str, Mapping[str, Any]] = {
    "/generate/image": {"prompt": "x"},
    "/generate/video": {"prompt": "x"},
    "/media/upload/init": UPLOAD,
    "/media/upload/complete": {"objectPath": "x"},
    "/media/upload/abort": {"objectPath": "x"},
    "/media/delete": {"paths": ["x"]},
}
"""Where a body is needed, and one that is not malformed."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """One request. `code` is None where the parser itself refuses it, plainly.

    `lines` come behind the usual ones, which are left out with `is_bare`.
    """

    name: str
    first: str
    status: int
    code: str | None
    lines: tuple[str, ...] = ()
    body: bytes = b""
    is_bare: bool = False
    has_token: bool = True
    has_length: bool = True

    def sent_by(self, client: Client) -> bytes:
        """The request's bytes."""
        usual = [] if self.is_bare else ["Host: localhost", "Connection: close"]
        if self.has_token and not self.is_bare:
            usual.append(f"Authorization: {client.authorization['Authorization']}")
        if self.body and self.has_length:
            usual.append(f"Content-Length: {len(self.body)}")
        # ISO 8859-1 writes each character up to U+00FF as the byte of its number.
        return "\r\n".join([self.first, *usual, *self.lines, "", ""]).encode("latin-1") + self.body


def post(name: str, target: str, status: int, code: str, body: bytes | str | object, *lines: str) -> Malformed:
    """A POST whose body is bytes, text as it stands, or a value that is written as JSON."""
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return Malformed(f"{target} {name}", f"POST {target} HTTP/1.1", status, code, lines or (JSON,), data)


def get(target: str, status: int, code: str, *lines: str, has_token: bool = True, name: str = "") -> Malformed:
    return Malformed(name or target[:60], f"GET {target} HTTP/1.1", status, code, lines, has_token=has_token)


async def exchange(client: Client, request: bytes) -> Answer:
    """Send bytes and read the answer; a plain one to the end of the connection, which must come."""
    url = client.url("/")
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(url.host, url.port)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 100 "):
                head = await reader.readuntil(b"\r\n\r\n")
            answer = parsed(head)
            if answer.headers["Content-Type"] == "application/problem+json":
                return replace(answer, body=await reader.readexactly(int(answer.headers["Content-Length"])))
            return replace(answer, body=await reader.read())
        finally:
            writer.close()


def parsed(head: bytes) -> Answer:
    """An answer's status line and headers."""
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = CIMultiDict[str]()
    for line in lines:
        name, _, value = line.partition(": ")
        headers.add(name, value)
    return Answer(int(first.split()[1]), CIMultiDictProxy(headers), b"")


def named(cases: Iterable[Malformed]) -> list[Malformed]:
    """The cases, none of them twice."""
    listed = list(cases)
    assert len({(each.name, each.first, each.lines, each.body) for each in listed}) == len(listed)
    return listed
