"""What `/storage/*` takes and answers: signed URLs, which clients use as they are given."""

from collections.abc import Mapping

from app.reference.operation import Answer, Json, Operation, Parameter

TAG = "Storage"

_TEXT: Json = {"type": "string"}
_ANY_BYTES: Mapping[str, Json] = {"*/*": {}}
_SIGNED = (
    Parameter("path", "path", "The object's path.", _TEXT, is_required=True),
    Parameter("v", "query", "The version of the signature.", _TEXT),
    Parameter("expires", "query", "When the URL ends, in milliseconds since 1970.", _TEXT),
    Parameter("signature", "query", "Stands for method, path, all other parameters and the signed headers.", _TEXT),
)
_SESSION = Parameter("session", "query", "The resumable session, where the URL is one's.", _TEXT)
_REFUSALS = ("forbidden", "not_found", "dependency_unavailable")
_OBJECT = ("ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Content-Security-Policy")

OPERATIONS: Mapping[str, Operation] = {
    "read_object": Operation(
        tag=TAG,
        summary="An object's bytes, by signed URL",
        parameters=(
            *_SIGNED,
            Parameter("Range", "header", "Only these bytes, one range.", _TEXT),
            Parameter("If-Range", "header", "The range only if the object still is this one.", _TEXT),
            Parameter("If-None-Match", "header", "Nothing if the object still is this one.", _TEXT),
        ),
        answers=(
            Answer(200, "The whole.", contents=_ANY_BYTES, headers=(*_OBJECT, "Content-Disposition")),
            Answer(
                206,
                "The range.",
                contents=_ANY_BYTES,
                headers=(*_OBJECT, "Content-Disposition", "Content-Range"),
            ),
            Answer(304, "The client has it already.", headers=_OBJECT),
        ),
        problems=(*_REFUSALS, "range_not_satisfiable"),
    ),
    "write_object": Operation(
        tag=TAG,
        summary="Store an upload's bytes, by its `uploadURL`",
        description=(
            "In one piece, or in chunks where the upload is a resumable session (Google's protocol). "
            "Send exactly the headers that came with the URL; what is refused does not use it up."
        ),
        parameters=(
            *_SIGNED,
            _SESSION,
            Parameter("Content-Range", "header", "Which bytes of how many these are, to a session.", _TEXT),
            Parameter("x-upload-content-length-range", "header", "As it came with the URL.", _TEXT),
        ),
        reads="bytes",
        body_contents=_ANY_BYTES,
        answers=(
            Answer(200, "All bytes are stored.", headers=("ETag",)),
            Answer(308, "The session waits for more.", headers=("Range",)),
        ),
        problems=(
            *_REFUSALS,
            "object_exists",
            "payload_too_large",
            "unsupported_media_type",
            "rate_limited",
            "storage_full",
        ),
    ),
    "abort_object": Operation(
        tag=TAG,
        summary="Cancel a resumable session, by its `uploadURL`",
        parameters=(*_SIGNED, _SESSION),
        answers=(Answer(499, "The session is over."),),
        problems=_REFUSALS,
    ),
}
