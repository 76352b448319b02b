"""What `/media` and `/files` take and answer."""

from collections.abc import Mapping

from app.reference import examples
from app.reference.headers import CURSOR, LIMIT, MEDIA_PATH
from app.reference.operation import Answer, Link, Operation, Parameter
from app.reference.schemas import query_of
from schema.requests import MediaDeletion, MediaFilter
from schema.responses import Deletions, MediaItem, MediaPage

TAG = "Media"

OPERATIONS: Mapping[str, Operation] = {
    "list_media": Operation(
        tag=TAG,
        summary="The caller's library, newest first",
        parameters=(
            *query_of(
                MediaFilter,
                {
                    "prefix": "Only objects whose path begins so below `media/{userID}/`.",
                    "kind": "Only objects of this kind.",
                    "source": "Only what was generated, or only what was uploaded.",
                },
            ),
            LIMIT,
            CURSOR,
        ),
        answers=(
            Answer(
                200,
                "One page. `nextCursor` is null on the last.",
                model=MediaPage,
                headers=("Cache-Control",),
                examples={"page": {"items": [examples.MEDIA_ITEM], "nextCursor": None}},
                links={"next": Link("list_media", {"cursor": "$response.body#/nextCursor"})},
            ),
        ),
    ),
    "get_media": Operation(
        tag=TAG,
        summary="One object's description",
        parameters=(MEDIA_PATH,),
        answers=(
            Answer(
                200, "The item.", model=MediaItem, headers=("Cache-Control",), examples={"item": examples.MEDIA_ITEM}
            ),
        ),
        problems=("not_found",),
    ),
    "delete_media": Operation(
        tag=TAG,
        summary="Remove one object",
        description="With all that was derived from it. To say it again is no error.",
        parameters=(MEDIA_PATH,),
        answers=(Answer(204, "It is gone."),),
        problems=("not_found",),
    ),
    "delete_media_list": Operation(
        tag=TAG,
        summary="Remove several objects",
        reads="json",
        body=MediaDeletion,
        body_examples={"two": examples.MEDIA_DELETION},
        answers=(
            Answer(
                200,
                "What became of each, in the same order.",
                model=Deletions,
                headers=("Cache-Control",),
                examples={"results": examples.DELETIONS},
            ),
        ),
    ),
    "open_file": Operation(
        tag=TAG,
        summary="The permanent URL of an object",
        description="Opaque, unguessable, and good for as long as the object lives. Use it as it was given.",
        parameters=(
            Parameter(
                "key",
                "path",
                "The unguessable part of an item's `url`.",
                {"type": "string"},
                example=examples.FILE_URL.rpartition("/")[2],
                is_required=True,
            ),
        ),
        answers=(Answer(302, "The bytes are at `Location` now, for a while.", headers=("Location", "Cache-Control")),),
        problems=("not_found", "dependency_unavailable"),
    ),
}
