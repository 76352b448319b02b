"""Reading a request's body: in encodings that are known, no longer than it may be, and no slower."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import hdrs, web

from app.keys import SETTINGS
from app.problems import BodyError, BodyTooSlow

READ_BYTES = 64 * 1024
LEAST_BYTES_PER_SECOND = 256
"""A tenth of what the slowest lines of today carry, and a lot more than one who only means to keep us busy sends."""


def check_encoding(request: web.Request, understood: tuple[str, ...] = ()) -> None:
    """Refuse a `Content-Encoding` that the body would not be read in (RFC 9110, section 8.4). Raises `BodyError`."""
    coding = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING, [])).strip().lower()
    if coding not in {"", "identity", *understood}:
        raise BodyError("unsupported_media_type", "this Content-Encoding is not understood here")


async def read_whole(request: web.Request, most: int) -> bytes:
    """The whole body, of at most `most` bytes. Raises `BodyError`, before anything is read where the head says it."""
    if (request.content_length or 0) > most:
        raise BodyError("payload_too_large")
    body = bytearray()
    async for piece in pieces_of(request):
        body += piece
        if len(body) > most:
            raise BodyError("payload_too_large")
    return bytes(body)


async def pieces_of(request: web.Request) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises `BodyTooSlow`.

    What counts is progress and not the whole's time: within each `BODY_SECONDS` of waiting so many bytes have to
    come. While nobody asks for them the time does not run.
    """
    seconds = request.app[SETTINGS].body_seconds
    clock = asyncio.get_running_loop().time
    waited, arrived = 0.0, 0
    while True:
        begun = clock()
        try:
            async with asyncio.timeout(seconds - waited):
                piece = await request.content.read(READ_BYTES)
        except TimeoutError:
            raise BodyTooSlow from None
        if not piece:
            return
        waited, arrived = waited + clock() - begun, arrived + len(piece)
        if arrived >= LEAST_BYTES_PER_SECOND * seconds:
            waited, arrived = 0.0, 0
        yield piece
