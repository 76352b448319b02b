"""What `/jobs` and `/me` take and answer."""

from collections.abc import Mapping

from app.reference import examples
from app.reference.generation import JOB_LINKS
from app.reference.headers import CURSOR, JOB_ID, LIMIT
from app.reference.operation import Answer, Link, Operation
from app.reference.schemas import query_of
from schema.requests import JobFilter
from schema.responses import JobAccepted, JobPage, JobView

TAG = "Jobs"

OPERATIONS: Mapping[str, Operation] = {
    "list_jobs": Operation(
        tag=TAG,
        summary="The caller's jobs, newest first",
        parameters=(
            *query_of(JobFilter, {"status": "Only jobs in this state.", "kind": "Only jobs of this kind."}),
            LIMIT,
            CURSOR,
        ),
        answers=(
            Answer(
                200,
                "One page. `nextCursor` is null on the last.",
                model=JobPage,
                headers=("Cache-Control",),
                examples={"page": {"items": [examples.JOB], "nextCursor": examples.CURSOR}},
                links={"next": Link("list_jobs", {"cursor": "$response.body#/nextCursor"})},
            ),
        ),
    ),
    "get_job": Operation(
        tag=TAG,
        summary="One job",
        parameters=(JOB_ID,),
        answers=(
            Answer(
                200,
                "The job. All members are always there.",
                model=JobView,
                headers=("Cache-Control",),
                examples={"succeeded": examples.JOB, "cancelled": examples.CANCELLED_JOB},
            ),
        ),
        problems=("not_found",),
    ),
    "delete_job": Operation(
        tag=TAG,
        summary="Forget a finished job",
        description="Its media stay.",
        parameters=(JOB_ID,),
        answers=(Answer(204, "It is forgotten."),),
        problems=("not_found", "job_not_finished"),
    ),
    "cancel_job": Operation(
        tag=TAG,
        summary="Stop a job",
        description=(
            "A queued job ends at once. A running one stops at its provider's next step, and what it had stored is "
            "removed. To say it again changes nothing."
        ),
        parameters=(JOB_ID,),
        reads="nothing",
        answers=(
            Answer(
                200,
                "The job has ended.",
                model=JobView,
                headers=("Cache-Control",),
                examples={"cancelled": examples.CANCELLED_JOB},
            ),
            Answer(
                202,
                "It is being stopped.",
                model=JobView,
                headers=("Cache-Control",),
                examples={"cancelling": examples.STOPPING_JOB},
            ),
        ),
        problems=("not_found",),
    ),
    "erase_me": Operation(
        tag="Account",
        summary="Erase everything of the caller",
        description=(
            "Accepts a job that cancels the caller's unfinished jobs and removes media, jobs and events. It tells the "
            "events of a generation, with an empty `result.media`, and is accepted however many jobs are waiting."
        ),
        reads="nothing",
        answers=(
            Answer(
                202,
                "The erasure is committed.",
                model=JobAccepted,
                headers=("Location", "Cache-Control"),
                examples={"accepted": examples.JOB_ACCEPTED},
                links={"job": JOB_LINKS["job"], "events": JOB_LINKS["events"]},
            ),
        ),
    ),
}
