"""`/media/upload/*`: opening, completing and aborting uploads; their bytes go to storage by themselves."""

from aiohttp import hdrs, web

from app.answers import answer
from app.body import fitted, read_json
from app.keys import JOBS, URLS, USER
from schema.requests import UploadBody, UploadReference


async def open_upload(request: web.Request) -> web.Response:
    """Give a URL that takes the bytes."""
    body = fitted(UploadBody, await read_json(request))
    opened = await request.app[JOBS].uploads.open(request[USER], body, request.headers.get(hdrs.ORIGIN))
    return answer(opened, status=201, headers={"Location": request.app[URLS].job(opened.job_id).self})


async def complete_upload(request: web.Request) -> web.Response:
    """Have what arrived verified."""
    reference = fitted(UploadReference, await read_json(request))
    accepted = await request.app[JOBS].uploads.complete(request[USER], reference.object_path)
    return answer(accepted, status=202, headers={"Location": request.app[URLS].job(accepted.job_id).self})


async def abort_upload(request: web.Request) -> web.Response:
    """Give an upload up."""
    reference = fitted(UploadReference, await read_json(request))
    job_id = await request.app[JOBS].uploads.unfinished_job(request[USER], reference.object_path)
    await request.app[JOBS].service.cancel(request[USER], job_id)
    return web.Response(status=204)
