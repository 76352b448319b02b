"""Takes a connection out of the HTTP server's hands, and frees all that the server keeps for a request.

A stream's request lasts for as long as the stream. Left with aiohttp, it keeps the request, its headers, the response,
a parser and a task with the frames of all middlewares: some 15 KiB and a hundred objects that each full collection of
garbage visits. See `docs/decisions/0010-streams-leave-the-http-server.md`.
"""

import asyncio

from aiohttp import web

from app.connection import connection_of


def take_over(request: web.BaseRequest, protocol: asyncio.Protocol) -> asyncio.Transport:
    """Make `protocol` the one that serves the connection of a request whose answer's head was sent.

    The handler has to return without waiting for anything more. Raises `ConnectionResetError` where the client left.
    """
    transport, server = request.transport, request.protocol
    if transport is None:
        raise ConnectionResetError
    watched = connection_of(transport)
    if watched is None:
        transport.set_protocol(protocol)
    else:
        watched.hand_over(protocol)
    # To aiohttp it is as if the client had left; without a transport there is nothing that it could close.
    server.transport = None
    server.connection_lost(None)
    return transport
