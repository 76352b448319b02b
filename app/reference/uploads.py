"""What `/media/upload/*` takes and answers."""

from collections.abc import Mapping

from app.reference import examples
from app.reference.generation import JOB_LINKS
from app.reference.operation import Answer, Link, Operation
from schema.requests import UploadBody, UploadReference
from schema.responses import UploadAccepted, UploadOpened

TAG = "Uploads"

_SAME_OBJECT = {"objectPath": "$response.body#/objectPath"}

OPERATIONS: Mapping[str, Operation] = {
    "open_upload": Operation(
        tag=TAG,
        summary="Open an upload",
        description=(
            "Gives the URL that takes the bytes. Send them with exactly `headers`, without a token, then complete the "
            "upload. A size beyond the bounds of its type is a 413."
        ),
        reads="json",
        body=UploadBody,
        body_examples={"cat": examples.UPLOAD_REQUEST},
        answers=(
            Answer(
                201,
                "The upload is open until `expiresAt`.",
                model=UploadOpened,
                headers=("Location", "Cache-Control"),
                examples={"opened": examples.UPLOAD_OPENED},
                links={
                    **JOB_LINKS,
                    "complete": Link("complete_upload", body=_SAME_OBJECT),
                    "abort": Link("abort_upload", body=_SAME_OBJECT),
                },
            ),
        ),
        problems=("quota_exceeded", "queue_full"),
    ),
    "complete_upload": Operation(
        tag=TAG,
        summary="Have what arrived verified",
        description="Goes on as a job; `url` works once `upload_complete` has come. Repeated, it answers the same.",
        reads="json",
        body=UploadReference,
        body_examples={"cat": examples.UPLOAD_REFERENCE},
        answers=(
            Answer(
                202,
                "The verification is committed.",
                model=UploadAccepted,
                headers=("Location", "Cache-Control"),
                examples={"accepted": examples.UPLOAD_ACCEPTED},
                links=JOB_LINKS,
            ),
        ),
        problems=("not_found", "upload_incomplete"),
    ),
    "abort_upload": Operation(
        tag=TAG,
        summary="Give an upload up",
        reads="json",
        body=UploadReference,
        body_examples={"cat": examples.UPLOAD_REFERENCE},
        answers=(Answer(204, "Nothing of it stays."),),
        problems=("not_found",),
    ),
}
