"""Erasure: everything of a user goes, but for the job that does it, which shows that it was done."""

from actors.work import Refused, Run
from jobs.eraser import Eraser, StillRunning
from jobs.job import Media
from schema.problems import PROBLEMS

RETRY_SECONDS = 2.0


class ErasureWork:
    """Implements `Work`; a unit is one object of the library, and one for all the rest."""

    def __init__(self, eraser: Eraser) -> None:
        self._eraser = eraser

    async def __call__(self, run: Run) -> list[Media]:
        try:
            await self._eraser.erase(run.job, run.report.units)
        except StillRunning as error:
            # A cancelled job of the user stops at its next step; until then it can still store something.
            code = "dependency_unavailable"
            raise Refused(code, PROBLEMS[code].title, retryable=True, retry_after=RETRY_SECONDS) from error
        return []
