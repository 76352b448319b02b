"""Objects as Google's JSON API describes them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from storage.store import MediaObject, StorageUnavailable

FIELDS: Final = "name,size,contentType,generation,etag,timeCreated"
"""What is asked for where an answer can be cut to it."""

_UNTYPED = "application/octet-stream"  # as Google serves what has no type


def media_object(resource: Mapping[str, Any]) -> MediaObject:
    """Read an object resource (cloud.google.com/storage/docs/json_api/v1/objects). Raises `StorageUnavailable`."""
    try:
        return MediaObject(
            path=resource["name"],
            size=int(resource["size"]),
            content_type=resource.get("contentType") or _UNTYPED,
            generation=str(resource["generation"]),
            etag=str(resource["etag"]).strip('"'),
            created_at=datetime.fromisoformat(resource["timeCreated"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StorageUnavailable("the store described an object in a way of its own") from error
