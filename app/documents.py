"""Documents that never change while the process lives: made once, packed once, sent to who has not got them."""

import gzip
import hashlib
from dataclasses import dataclass

from aiohttp import hdrs, web


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes, the same packed, and the tag that stands for them."""

    body: bytes
    packed: bytes
    content_type: str
    etag: str


def document(body: bytes, content_type: str) -> Document:
    """Pack a document. Takes some 100 ms for the largest that there is."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Document(body, gzip.compress(body, compresslevel=9, mtime=0), content_type, etag)


def answer_with(request: web.Request, found: Document) -> web.Response:
    """The document, as the client can take it; 304 where it has this one."""
    headers = {hdrs.ETAG: found.etag, hdrs.CACHE_CONTROL: "no-cache", hdrs.VARY: hdrs.ACCEPT_ENCODING}
    if has_tag(request.headers.get(hdrs.IF_NONE_MATCH), found.etag):
        return web.Response(status=304, headers=headers)
    is_packed = takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
    if is_packed:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return web.Response(
        body=found.packed if is_packed else found.body,
        content_type=found.content_type,
        charset="utf-8" if found.content_type.startswith("text/") else None,
        headers=headers,
    )


def has_tag(given: str | None, etag: str) -> bool:
    """Whether `If-None-Match` names this tag; weakly compared (RFC 9110, section 13.1.2)."""
    if given is None:
        return False
    return given.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in given.split(",")}


def takes_gzip(accepted: str) -> bool:
    """Whether `Accept-Encoding` names gzip, and not to refuse it."""
    for each in accepted.split(","):
        coding, _, weight = each.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
