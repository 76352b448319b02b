"""What `/generate/*` and `/models` take and answer."""

from collections.abc import Mapping

from app.reference import examples
from app.reference.headers import IDEMPOTENCY_KEY
from app.reference.operation import Answer, Link, Operation
from schema.requests import GenerationBody, ImageBody, VideoBody
from schema.responses import JobAccepted, Models

TAG = "Generation"

JOB_LINKS: Mapping[str, Link] = {
    "job": Link("get_job", {"jobId": "$response.body#/jobId"}),
    "events": Link("stream_job", {"jobId": "$response.body#/jobId"}),
    "cancel": Link("cancel_job", {"jobId": "$response.body#/jobId"}),
}


def _generation(noun: str, body: type[GenerationBody], example: Mapping[str, object]) -> Operation:
    return Operation(
        tag=TAG,
        summary=f"Ask for {noun}",
        description=(
            "Accepts a job and answers at once, before any work is done. Follow the job by `urls.events`, or look at "
            "`urls.self`. The same request and `seed` give the same bytes, as far as the model can promise it.\n\n"
            "With the header `Idempotency-Key` (1 to 255 visible ASCII characters, kept for 24 hours per user) it is "
            "safe to send the request again: the same key with the same body gives the first answer."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        reads="json",
        body=body,
        body_examples={"lighthouse": example},
        answers=(
            Answer(
                202,
                "The job is committed. It can no longer be lost.",
                model=JobAccepted,
                headers=("Location", "Cache-Control", "Idempotency-Replayed"),
                examples={"accepted": examples.JOB_ACCEPTED},
                links=JOB_LINKS,
            ),
        ),
        problems=("idempotency_key_reused", "idempotency_in_progress", "queue_full"),
    )


OPERATIONS: Mapping[str, Operation] = {
    "generate_image": _generation("pictures", ImageBody, examples.IMAGE_REQUEST),
    "generate_video": _generation("videos", VideoBody, examples.VIDEO_REQUEST),
    "list_models": Operation(
        tag=TAG,
        summary="What may be asked for",
        description="Every model with its bounds and the JSON schema of its `options`.",
        answers=(
            Answer(
                200,
                "The models; of each kind one is the default.",
                model=Models,
                headers=("Cache-Control",),
                examples={"models": {"items": [examples.MODEL]}},
            ),
        ),
    ),
}
