"""Its web process: `python web.py PORT`."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from records import DATABASE_URL, REDIS_URL, Base, Job
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sse_starlette.sse import EventSourceResponse
from tasks import generate

engine = create_async_engine(DATABASE_URL, pool_size=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(REDIS_URL, max_connections=10_000)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)


class ImageRequest(BaseModel):
    prompt: Annotated[str, Field(min_length=1, max_length=4000)]
    width: Annotated[int, Field(ge=64, le=2048)] = 1024
    height: Annotated[int, Field(ge=64, le=2048)] = 1024


def current_user(authorization: Annotated[str, Header()]) -> str:
    try:
        claims: dict[str, Any] = jwt.decode(
            authorization.removeprefix("Bearer "), os.environ["STACK_SECRET"], algorithms=["HS256"]
        )
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    return str(claims["sub"])


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


@app.post("/generate/image", status_code=202)
async def generate_image(
    body: ImageRequest,
    user: Annotated[str, Depends(current_user)],
    database: Annotated[AsyncSession, Depends(session)],
) -> dict[str, str]:
    job = Job(owner=user, request=body.model_dump())
    database.add(job)
    await database.commit()
    generate.delay(job.id)
    return {"jobId": job.id}


@app.get("/events")
async def events(user: Annotated[str, Depends(current_user)]) -> EventSourceResponse:
    async def stream() -> AsyncIterator[dict[str, str]]:
        async with redis.pubsub() as pubsub:
            await pubsub.subscribe(f"events:{user}")
            yield {"comment": "subscribed"}
            async for message in pubsub.listen():
                if message["type"] == "message":
                    event = json.loads(message["data"])
                    yield {"event": event["event"], "data": json.dumps(event["data"])}

    return EventSourceResponse(stream())


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=True)
