"""What a finished prompt came to: the file that it made, or why there is none."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from actors.providers.base import ProviderError
from actors.providers.failures import failure, gave_up, unusable
from schema.models import MediaKind

_EXTENSIONS: Mapping[MediaKind, frozenset[str]] = {
    "image": frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif"}),
    "video": frozenset({".mp4", ".webm", ".mov"}),
}


def failure_of(entry: Mapping[str, Any]) -> ProviderError | None:
    """Why a prompt failed; None where it did not. Messages hold the inputs of nodes, the prompt among them."""
    status = entry.get("status")
    if not isinstance(status, dict) or status.get("status_str") != "error":
        return None
    for name, about in _messages(status.get("messages")):
        if name == "execution_error" and "OutOfMemory" in str(about.get("exception_type")):
            # Another job may have had the memory: nothing is paid for another try.
            return failure("provider_unavailable")
    return gave_up()


def output_of(entry: Mapping[str, Any], kind: MediaKind, node: str | None) -> dict[str, str]:
    """The query by which the file of this kind is fetched, of one node or of any. Raises `ProviderError`."""
    files = [file for file in _files(entry.get("outputs"), node) if _is(kind, file["filename"])]
    # What a workflow saves goes before what it only shows on the way.
    files.sort(key=lambda file: file["type"] != "output")
    if not files:
        raise unusable("The workflow finished without any media of this kind.")
    return files[0]


def _is(kind: MediaKind, filename: str) -> bool:
    return PurePosixPath(filename).suffix.lower() in _EXTENSIONS[kind]


def _files(outputs: object, node: str | None) -> Iterator[dict[str, str]]:
    for name, made in outputs.items() if isinstance(outputs, dict) else ():
        if node is not None and name != node:
            continue
        # Nodes name their lists as they like: images, gifs, video.
        for found in made.values() if isinstance(made, dict) else ():
            for each in found if isinstance(found, list) else ():
                match each:
                    case {"filename": str(filename), "type": str(place)}:
                        yield {"filename": filename, "subfolder": str(each.get("subfolder") or ""), "type": place}


def _messages(messages: object) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    for message in messages if isinstance(messages, list) else ():
        match message:
            case [str(name), {**about}]:
                yield name, about
