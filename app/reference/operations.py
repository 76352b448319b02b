"""The table of all operations, by the names of their routes."""

from collections.abc import Mapping
from types import MappingProxyType

from app.reference import generation, jobs, media, service, storage, streams, uploads, usage
from app.reference.operation import Operation

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        name: operation
        for area in (generation, jobs, streams, uploads, media, usage, storage, service)
        for name, operation in area.OPERATIONS.items()
    }
)

TAGS: Mapping[str, str] = MappingProxyType(
    {
        generation.TAG: "Asking for pictures and videos.",
        jobs.TAG: "What becomes of what was asked for.",
        streams.TAG: "Everything that happens, as server-sent events; `/asyncapi.json` describes them as channels.",
        uploads.TAG: "Bringing media of one's own.",
        media.TAG: "The library, and the URLs that its objects have for good.",
        "Account": "Everything of one user.",
        storage.TAG: "Where signed URLs lead on a service that stores objects itself.",
        service.TAG: "The process, its page, and its descriptions.",
    }
)
"""Every tag with its sentence, in the order in which a reader meets them."""
