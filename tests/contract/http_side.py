"""What stands in for the service's own HTTP handlers where a store's signed URLs are tested without a server."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from storage.content_range import ChunkRefused
from storage.own import OwnStore
from storage.resumable import PutHeaders
from storage.signing import (
    Grant,
    ReadGrant,
    SessionGrant,
    SessionNotFound,
    SignatureRefused,
    TooManyBytes,
    UploadRefused,
    UrlSigner,
    WriteGrant,
)
from storage.store import ObjectNotFound
from tests.clock import ManualClock
from tests.contract.store_kit import Answer, read, stream


class HttpSide:
    """Stands in for the HTTP handlers of `/storage/*`: verifies, acts, and turns errors into statuses."""

    def __init__(self, store: OwnStore, signer: UrlSigner, clock: ManualClock) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock

    async def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        parts = urlsplit(url)
        path = unquote(parts.path).removeprefix("/storage/")
        query = dict(parse_qsl(parts.query, strict_parsing=True))
        try:
            grant = self._signer.verify(method, path, query, headers or {}, self._clock())
            return await self._act(method, grant, headers or {}, body)
        except SignatureRefused:
            return Answer(403)
        except (ObjectNotFound, SessionNotFound):
            return Answer(404)
        except ChunkRefused:
            return Answer(400)
        except TooManyBytes:
            return Answer(413)
        except UploadRefused:
            return Answer(412)

    async def _act(self, method: str, grant: Grant, headers: Mapping[str, str], body: bytes) -> Answer:
        match grant:
            case WriteGrant():
                await self._store.put_signed(grant, stream(body), len(body))
                return Answer(201)
            case SessionGrant() if method == "DELETE":
                await self._store.cancel_session(grant)
                return Answer(499)
            case SessionGrant():
                given = PutHeaders(headers.get("Content-Range"), len(body), headers.get("Content-Type"))
                state = await self._store.put_session(grant, given, stream(body))
                return Answer(200 if state.is_complete else 308, {"range": state.range} if state.range else {})
            case ReadGrant():
                return await self._read(grant)

    async def _read(self, grant: ReadGrant) -> Answer:
        made = await self._store.stat(grant.path)
        attachment = {"content-disposition": f'attachment; filename="{grant.filename}"'} if grant.filename else {}
        return Answer(200, {"content-type": made.content_type, **attachment}, await read(self._store, grant.path))
