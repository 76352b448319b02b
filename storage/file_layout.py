"""How the store of files names its objects' files, and how it describes an object in one."""

import json
from datetime import datetime

from storage.store import MediaObject


def directory_name(segment: str) -> str:
    """A directory's name ends in "+", which no file's does: an object may lie beside the folder of the same name."""
    return f"{_file_name(segment)}+"


def _file_name(segment: str) -> str:
    escaped = segment.replace("%", "%25").replace("+", "%2B")
    return f"%2E{escaped[1:]}" if escaped.startswith(".") else escaped


def segment_of(name: str) -> str:
    """The segment of a path that a directory's or a file's name stands for."""
    return name.removesuffix("+").replace("%2E", ".").replace("%2B", "+").replace("%25", "%")


def place_of(path: str) -> tuple[tuple[str, ...], str]:
    """The directories of an object's description, and its name there."""
    *folders, last = path.split("/")
    return ("meta", *map(directory_name, folders)), _file_name(last)


def object_of(path: str, description: bytes) -> MediaObject:
    """What a description says of the object at `path`."""
    found = json.loads(description)
    created = datetime.fromisoformat(found["created"])
    return MediaObject(path, found["size"], found["type"], found["generation"], found["etag"], created)


def description_of(described: MediaObject) -> bytes:
    """One line, without its end."""
    return json.dumps(
        {
            "generation": described.generation,
            "type": described.content_type,
            "size": described.size,
            "etag": described.etag,
            "created": described.created_at.isoformat(),
        }
    ).encode()
