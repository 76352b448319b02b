"""sse-starlette on uvicorn as its documentation shows it: a generator per client over a redis-py subscription."""

import sys
from collections.abc import AsyncIterator

import uvicorn
from redis.asyncio import Redis
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

port, url = sys.argv[1:]
redis = Redis.from_url(url, max_connections=20_000)


async def events(channel: str) -> AsyncIterator[dict[str, str]]:
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(channel)
        async for message in pubsub.listen():
            if message["type"] == "message":
                yield {"event": "generation_progress", "data": message["data"].decode()}


async def stream(request: Request) -> EventSourceResponse:
    return EventSourceResponse(events(request.path_params["channel"]))


app = Starlette(routes=[Route("/sub/{channel}", stream)])
uvicorn.run(app, port=int(port), loop="uvloop", http="httptools", log_level="error", backlog=4096)
