"""Whether a long library lists as quickly as a short one: python -m benchmarks.listing 1000000.

One user has that many jobs and media, another a hundred. The first page of each, the long one's 1,000th and the
snapshot that a new stream begins with are asked for in turn, over HTTP, from a real web process on PostgreSQL.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median

from aiohttp import ClientSession, ClientTimeout

from app.body import cursor_of
from benchmarks.backing import DATABASE, backing
from tests.acceptance.client import token_of
from tests.acceptance.process import serving
from tests.postgres import PostgresServer

FEW, MANY = "few", "many"
SHORT = 100
PAGE = 50
DEEP = 1000
ROUNDS = 100
SECONDS = 60.0

# Ids begin with their time, in milliseconds: here a row for each.
ID = "(lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || substr(md5(%(owner)s || n), 1, 16))::uuid"
YESTERDAY = "now() - interval '1 day'"
JOBS = f"""
INSERT INTO job (id, owner, kind, status, request, priority, claims, attempts, max_attempts, lost_workers,
                 created_at, started_at, finished_at)
SELECT {ID}, %(owner)s, 'image', 'succeeded', '{{"model": "procedural/image", "prompt": "listed"}}',
       0, 1, 1, 3, 0, {YESTERDAY}, {YESTERDAY}, {YESTERDAY}
FROM generate_series(1, %(rows)s) n
"""  # noqa: S608  # nothing of it comes from outside
MEDIA = f"""
INSERT INTO media (id, owner, path, file_key, thumbnail_key, kind, source, content_type, size, width, height, sha256,
                   output_index, prompt, model, created_at)
SELECT {ID}, %(owner)s, 'media/' || %(owner)s || '/images/' || n || '.png', md5(%(owner)s || n),
       md5('thumbnail' || %(owner)s || n), 'image', 'generated', 'image/png', 1000, 64, 64, repeat('0', 64),
       0, 'listed', 'procedural/image', {YESTERDAY}
FROM generate_series(1, %(rows)s) n
"""  # noqa: S608  # the same


def fill(postgres: PostgresServer, owner: str, rows: int) -> None:
    """Write an owner's jobs and media straight into their tables."""
    with postgres.connect(DATABASE) as connection:
        for statement in (JOBS, MEDIA):
            connection.execute(statement, {"owner": owner, "rows": rows})
        connection.execute("ANALYZE")


def deep_cursor(postgres: PostgresServer, table: str) -> str:
    """The cursor that the page before the 1,000th ends with."""
    query = f"SELECT id FROM {table} WHERE owner = %s ORDER BY id DESC OFFSET %s LIMIT 1"  # noqa: S608  # a constant
    with postgres.connect(DATABASE) as connection:
        row = connection.execute(query, (MANY, (DEEP - 1) * PAGE - 1)).fetchone()
    cursor = None if row is None else cursor_of(str(row[0]))
    if cursor is None:
        raise RuntimeError("there are fewer rows than 1,000 pages have")
    return cursor


async def page(session: ClientSession, url: str, owner: str) -> float:
    """Seconds until a page is there."""
    begun = time.perf_counter()
    async with session.get(url, headers={"Authorization": f"Bearer {token_of(owner)}"}) as answer:
        answer.raise_for_status()
        items = (await answer.json())["items"]
    if len(items) != PAGE:
        raise RuntimeError(f"{len(items)} items on a page")
    return time.perf_counter() - begun


async def snapshot(session: ClientSession, base: str, owner: str) -> float:
    """Seconds until a new stream has told how things are."""
    begun = time.perf_counter()
    async with session.get(f"{base}/events", headers={"Authorization": f"Bearer {token_of(owner)}"}) as stream:
        stream.raise_for_status()
        async for line in stream.content:
            if line.startswith(b"event: snapshot"):
                break
    return time.perf_counter() - begun


async def measure(base: str, cursors: dict[str, str]) -> dict[str, float]:
    """Median milliseconds of each, asked for in turn."""
    async with ClientSession(timeout=ClientTimeout(SECONDS)) as session:
        asked: dict[str, Callable[[], Awaitable[float]]] = {}
        for name, cursor in cursors.items():
            url = f"{base}/{name}?limit={PAGE}"
            asked[f"{name}_few"] = lambda url=url: page(session, url, FEW)  # type: ignore[misc]
            asked[f"{name}_first"] = lambda url=url: page(session, url, MANY)  # type: ignore[misc]
            asked[f"{name}_deep"] = lambda url=f"{url}&cursor={cursor}": page(session, url, MANY)  # type: ignore[misc]
        asked["snapshot_few"] = lambda: snapshot(session, base, FEW)
        asked["snapshot_many"] = lambda: snapshot(session, base, MANY)
        took: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(ROUNDS):
            for name, ask in asked.items():
                took[name].append(await ask())
    return {name: round(1000 * median(seconds), 2) for name, seconds in took.items()}


def main(rows: str = "1000000") -> None:
    with backing() as below, serving(below.directory / "data", **below.settings) as (_, base):
        fill(below.postgres, FEW, SHORT)
        fill(below.postgres, MANY, int(rows))
        cursors = {"media": deep_cursor(below.postgres, "media"), "jobs": deep_cursor(below.postgres, "job")}
        print(json.dumps({"rows": int(rows)} | asyncio.run(measure(base, cursors))))  # noqa: T201  # what it is for


if __name__ == "__main__":
    main(*sys.argv[1:])
