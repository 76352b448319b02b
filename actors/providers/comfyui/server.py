"""What is asked of a ComfyUI server: to take a prompt, where it is, what came of it, and to let it be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from actors.providers.base import InputMedia, ProviderError
from actors.providers.failures import failure, unreadable
from actors.providers.http import Calls, HttpApi


def comfyui_api(base_url: str, key: str = "") -> HttpApi:
    """The server at `base_url`. The key is for what stands before it: ComfyUI itself knows none."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return HttpApi(base_url, headers, refusal=_refusal)


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is in the queue, at this place from 1; at 0 it runs."""

    place: int


@dataclass(frozen=True, slots=True)
class Server:
    """A prompt's id is chosen by us, so that it can be looked for whatever became of the answer to sending it."""

    calls: Calls

    async def send(self, id: str, graph: Mapping[str, Any]) -> None:
        """Have a graph queued. Its events go to whoever listens under the same id. Raises `ProviderError`."""
        answer = await self.calls.json("POST", "prompt", body={"prompt": graph, "prompt_id": id, "client_id": id})
        match answer:
            case {"prompt_id": str(taken)} if taken == id:
                return
        raise unreadable()

    async def upload(self, given: InputMedia, name: str) -> str:
        """Give it a picture; what a node that loads one calls it. Raises `ProviderError`."""
        with given.file.open("rb") as stream:
            form = aiohttp.FormData()
            form.add_field("image", stream, filename=name, content_type=given.content_type)
            form.add_field("overwrite", "true")
            answer = await self.calls.json("POST", "upload/image", form=form)
        match answer:
            case {"name": str(stored), **rest}:
                folder = rest.get("subfolder")
                return f"{folder}/{stored}" if folder else stored
        raise unreadable()

    async def look(self, id: str) -> Waiting | Mapping[str, Any] | None:
        """Where a prompt is, or its history once it is over; None: nowhere. Raises `ProviderError`."""
        # In this order: whatever leaves the queue is in the history by then.
        queue = await self.calls.json("GET", "queue")
        if not isinstance(queue, dict):
            raise unreadable()
        if id in _ids(queue.get("queue_running")):
            return Waiting(0)
        pending = _ids(queue.get("queue_pending"))
        if id in pending:
            return Waiting(pending.index(id) + 1)
        history = await self.calls.json("GET", f"history/{id}")
        entry = history.get(id) if isinstance(history, dict) else None
        return entry if isinstance(entry, dict) else None

    async def call_off(self, id: str) -> None:
        """Take a prompt from the queue, or interrupt it where it runs."""
        await self.calls.json("POST", "queue", body={"delete": [id]})
        # Older servers interrupt whatever runs, so that is looked at first.
        if await self.look(id) == Waiting(0):
            await self.calls.json("POST", "interrupt", body={"prompt_id": id})

    async def download(self, output: Mapping[str, str], file: Path, kind: Any) -> str:
        """Fetch a file that a prompt has made; its content type. Raises `ProviderError`."""
        url = self.calls.url("view").with_query(output)
        return await self.calls.download(str(url), file, kind)


def _ids(queue: object) -> list[str]:
    """The ids of the prompts in a queue, in the order in which they come."""
    items = [item for item in queue if isinstance(item, list) and len(item) > 1] if isinstance(queue, list) else []
    return [str(item[1]) for item in sorted(items, key=lambda item: item[0] if isinstance(item[0], int | float) else 0)]


def _refusal(status: int, body: Any) -> ProviderError | None:
    """What of a graph the server does not take; the texts hold the prompt."""
    if status != 400 or not isinstance(body, dict):  # noqa: PLR2004
        return None
    types = {error.get("type") for error in _node_errors(body.get("node_errors"))}
    # It lacks what the workflow names: a checkpoint, a sampler, a node. No caller can mend that.
    error = body.get("error")
    lacks_node = isinstance(error, dict) and error.get("type") in {"invalid_prompt", "missing_node_type"}
    return failure("model_retired") if lacks_node or "value_not_in_list" in types else failure("invalid_input")


def _node_errors(nodes: object) -> Iterator[Mapping[str, Any]]:
    for node in nodes.values() if isinstance(nodes, dict) else ():
        errors = node.get("errors") if isinstance(node, dict) else None
        yield from (error for error in errors or () if isinstance(error, dict))
