"""What `/usage` takes and answers."""

from collections.abc import Mapping

from app.reference import examples
from app.reference.operation import Answer, Operation
from app.reference.schemas import query_of
from schema.requests import UsageFilter
from schema.responses import Usage

OPERATIONS: Mapping[str, Operation] = {
    "show_usage": Operation(
        tag="Account",
        summary="What the caller's generations came to",
        description=(
            "By the day on which a job ended, in UTC, and by the model that was asked for: jobs, outputs, and the cost "
            "in US dollars as the provider told it, else as the model is priced. What made nothing and cost nothing "
            "is not there. Of more than 366 days it is the last ones: `since` in the answer tells the first."
        ),
        parameters=query_of(
            UsageFilter,
            {
                "since": "The first day; by default 29 days before `until`.",
                "until": "The last day; by default today.",
            },
        ),
        answers=(
            Answer(200, "The sums.", model=Usage, headers=("Cache-Control",), examples={"usage": examples.USAGE}),
        ),
    ),
}
