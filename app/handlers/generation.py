"""`POST /generate/*` and `GET /models`."""

import re

from aiohttp import web

from app.answers import answer
from app.body import fitted, read_json
from app.keys import JOBS, MODELS, URLS, USER
from jobs.errors import FieldError, InvalidRequest
from jobs.inputs import own_paths
from jobs.submitting import Submission
from schema.models import MediaKind
from schema.requests import GenerationBody, ImageBody, VideoBody
from schema.responses import JobAccepted, Models

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def generate_image(request: web.Request) -> web.Response:
    """Accept an image job."""
    return await _generate(request, "image", ImageBody)


async def generate_video(request: web.Request) -> web.Response:
    """Accept a video job."""
    return await _generate(request, "video", VideoBody)


async def _generate(request: web.Request, kind: MediaKind, model: type[GenerationBody]) -> web.Response:
    body = await read_json(request)
    asked = request.app[MODELS].complete(kind, fitted(model, body))
    asked["inputs"] = own_paths(request[USER], asked["inputs"])
    submission = Submission(
        owner=request[USER],
        kind=kind,
        request=asked,
        body=body,
        idempotency_key=idempotency_key(request),
    )
    accepted = await request.app[JOBS].service.submit(submission)
    urls = request.app[URLS].job(accepted.job_id)
    headers = {"Location": urls.self}
    if accepted.is_replay:
        headers["Idempotency-Replayed"] = "true"
    return answer(JobAccepted(job_id=accepted.job_id, urls=urls), status=202, headers=headers)


def idempotency_key(request: web.Request) -> str | None:
    """The request's `Idempotency-Key`. Raises `InvalidRequest`."""
    keys = request.headers.getall("Idempotency-Key", [])
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise InvalidRequest([FieldError("Idempotency-Key", "must be 1 to 255 visible ASCII characters, once")])
    return keys[0]


async def list_models(request: web.Request) -> web.Response:
    """What may be asked for."""
    return answer(Models(items=request.app[MODELS].list()))
