"""What `/events` and its kin take and answer."""

from collections.abc import Mapping

from app.reference import examples
from app.reference.headers import JOB_ID, LAST_EVENT_ID, LAST_EVENT_ID_QUERY
from app.reference.operation import Answer, Operation, Parameter
from app.reference.schemas import reference
from schema.responses import Ticket

TAG = "Events"
STREAM_TYPE = "text/event-stream"

_STREAM = Answer(
    200,
    (
        "A stream of events: `id`, `event`, and in `data` one line of JSON. Each is an `Event` of the components. "
        "A comment comes every 15 seconds, and the stream ends from time to time: reconnect with the last id."
    ),
    contents={STREAM_TYPE: reference("Event")},
    headers=("Cache-Control", "X-Accel-Buffering"),
    examples={"queued": examples.EVENT},
)

OPERATIONS: Mapping[str, Operation] = {
    "stream_events": Operation(
        tag=TAG,
        summary="Everything that happens to the caller's jobs",
        description=(
            "Begins with a `snapshot`, or behind the last id: then no event is missed, repeated or out of order. "
            "Browsers' `EventSource` can't send headers: it opens the stream with a ticket."
        ),
        parameters=(
            Parameter("jobId", "query", "Only events of this job.", {"type": "string"}, example=examples.JOB_ID),
            LAST_EVENT_ID,
            LAST_EVENT_ID_QUERY,
        ),
        answers=(_STREAM,),
        problems=("not_found", "rate_limited", "draining"),
    ),
    "stream_job": Operation(
        tag=TAG,
        summary="One job's events until its end",
        parameters=(JOB_ID, LAST_EVENT_ID, LAST_EVENT_ID_QUERY),
        answers=(
            _STREAM,
            Answer(204, "The last id is that of the event that ended the job: an `EventSource` stops here."),
        ),
        problems=("not_found", "rate_limited", "draining"),
    ),
    "make_ticket": Operation(
        tag=TAG,
        summary="A ticket that opens one stream",
        description="For clients that can't send headers. It works once, in the query of a stream.",
        reads="nothing",
        answers=(
            Answer(
                201,
                "The ticket. `expiresIn` is in seconds.",
                model=Ticket,
                headers=("Cache-Control",),
                examples={"ticket": {"ticket": examples.TICKET, "expiresIn": 60}},
            ),
        ),
    ),
}
