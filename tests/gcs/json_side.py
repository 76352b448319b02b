"""The JSON API of the fake: what the service itself asks, always with a token."""

from urllib.parse import quote

from aiohttp import web

from tests.gcs.accounts import EMAIL
from tests.gcs.bucket import Refusal
from tests.gcs.serving import STATE, State, admit, generation_of, send_object, serve_session

BUCKET = "/storage/v1/b/{bucket}"
OBJECT = BUCKET + "/o/{name:[^/]+}"
UPLOAD = "/upload" + BUCKET + "/o"
PERMISSIONS = frozenset(f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list"))


def routes() -> list[web.RouteDef]:
    return [
        web.get(BUCKET, show_bucket, name="bucket"),
        web.get(BUCKET + "/iam/testPermissions", show_permissions, name="permissions"),
        web.get(BUCKET + "/o", list_objects, name="list"),
        web.get(OBJECT, get_object, name="stat", allow_head=False),
        web.delete(OBJECT, delete_object, name="delete"),
        web.post(BUCKET + "/o/{name:[^/]+}/rewriteTo/b/{bucket_2}/o/{target:[^/]+}", rewrite, name="copy"),
        web.post(UPLOAD, start_upload, name="start"),
        web.put(UPLOAD, send_chunk, name="put"),
        web.delete(UPLOAD, send_chunk, name="cancel"),
        web.post("/token", give_token, name="token"),
        web.post("/iam/projects/-/serviceAccounts/{email}:signBlob", sign_blob, name="sign"),
        web.get("/computeMetadata/v1/instance/service-accounts/default/email", tell_email, name="email"),
    ]


async def show_bucket(request: web.Request) -> web.Response:
    return web.json_response(admit(request).bucket.resource)


async def show_permissions(request: web.Request) -> web.Response:
    state = admit(request, "permissions")
    granted = state.bucket.config.get("granted", PERMISSIONS)
    asked = request.query.getall("permissions", [])
    return web.json_response({"permissions": [each for each in asked if each in granted]})


async def list_objects(request: web.Request) -> web.Response:
    state = admit(request, "prefix", "maxResults", "pageToken")
    most = min(int(request.query.get("maxResults", "1000")), state.most_of_page)
    found, token = state.bucket.page(request.query.get("prefix", ""), request.query.get("pageToken", ""), most)
    page = {"kind": "storage#objects"}
    items = {"items": [each.resource for each in found]} if found else {}
    return web.json_response({**page, **items, **({"nextPageToken": token} if token else {})})


async def get_object(request: web.Request) -> web.StreamResponse:
    state = admit(request, "alt", "generation")
    stored = state.bucket.get(request.match_info["name"], generation_of(request.query, "generation"))
    if request.query.get("alt") == "media":
        return await send_object(request, stored, {"x-goog-generation": str(stored.generation)})
    return web.json_response(stored.resource)


async def delete_object(request: web.Request) -> web.Response:
    state = admit(request, "ifGenerationMatch")
    state.bucket.delete(request.match_info["name"], generation_of(request.query, "ifGenerationMatch"))
    return web.Response(status=204)


async def rewrite(request: web.Request) -> web.Response:
    state = admit(request, "ifSourceGenerationMatch")
    source = state.bucket.get(request.match_info["name"])
    expected = generation_of(request.query, "ifSourceGenerationMatch")
    if expected not in {None, source.generation}:
        raise Refusal(412, "At least one of the pre-conditions you specified did not hold.")
    changes = await request.json() if request.can_read_body else {}
    if set(changes) - {"contentType"}:
        raise Refusal(400, f"Unknown fields: {sorted(changes)}")
    # With metadata of its own a copy takes none of the source's.
    kind = changes.get("contentType") if changes else source.content_type
    made = state.bucket.put(request.match_info["target"], source.data, kind)
    return web.json_response({"kind": "storage#rewriteResponse", "done": True, "resource": made.resource})


async def start_upload(request: web.Request) -> web.Response:
    state = admit(request, "uploadType", "name", "ifGenerationMatch")
    if request.query.get("uploadType") != "resumable" or not request.query.get("name"):
        raise Refusal(400, "uploadType and name are needed.")
    metadata = await request.json()
    if set(metadata) - {"contentType"}:
        raise Refusal(400, f"Unknown fields: {sorted(metadata)}")
    if metadata.get("contentType") != request.headers.get("X-Upload-Content-Type"):
        raise Refusal(400, "The content type contradicts itself.")
    name = request.query["name"]
    key = state.sessions.start(
        name,
        metadata.get("contentType"),
        if_generation=generation_of(request.query, "ifGenerationMatch"),
        origin=request.headers.get("Origin"),
    )
    target = f"{request.url.origin()}{request.path}?uploadType=resumable&name={quote(name, safe='')}&upload_id={key}"
    return web.Response(headers={"Location": target})


async def send_chunk(request: web.Request) -> web.Response:
    return await serve_session(request, request.query.get("upload_id", ""))


async def give_token(request: web.Request) -> web.Response:
    form = {name: str(value) for name, value in (await request.post()).items()}
    return web.json_response(_state(request).account.exchange(form, str(request.url)))


async def sign_blob(request: web.Request) -> web.Response:
    state = _state(request)
    state.account.check(request.headers.get("Authorization"))
    if request.match_info["email"] != EMAIL:
        raise Refusal(403, "Permission 'iam.serviceAccounts.signBlob' denied.")
    return web.json_response(state.account.sign((await request.json())["payload"]))


async def tell_email(request: web.Request) -> web.Response:
    if request.headers.get("Metadata-Flavor") != "Google":
        raise Refusal(403, "The header Metadata-Flavor is missing.")
    return web.Response(text=EMAIL)


def _state(request: web.Request) -> State:
    return request.app[STATE]
