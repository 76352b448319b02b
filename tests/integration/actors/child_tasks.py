"""What tests of children have them do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actors.children import ChildPool, Limits

ERRANDS = "tests.integration.actors.errands:"


async def collect(
    pool: ChildPool, errand: str, arguments: Mapping[str, Any] | None = None, limits: Limits | None = None
) -> list[dict[str, Any]]:
    async with pool.run(ERRANDS + errand, arguments or {}, limits=limits) as messages:
        return [message async for message in messages]


def exists(pid: int) -> bool:
    """Whether a process of that id is there, as a zombie too."""
    return Path(f"/proc/{pid}").exists()
