"""One bucket over HTTP: the session, the tokens and where requests go, for all that talks to Google Cloud Storage."""

import io
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
from gcloud.aio.auth import Token
from gcloud.aio.storage import Storage
from yarl import URL

from storage.gcs_credentials import Credentials
from storage.gcs_errors import error_of, translated
from storage.store import ObjectExists, StorageError, StorageUnavailable

# The time that one request may be silent; how long it may take in all is its caller's patience.
TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30)
# Nothing limits the silence while a body is sent but the total: at 70 kB/s a chunk takes two minutes.
SENDING_TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=5, sock_read=30)

GCLOUD_TIMEOUT: Final[Any] = TIMEOUT
"""The same for gcloud-aio-storage, which hands it on to aiohttp as it is, though its types speak of seconds."""

Params = Mapping[str, str] | Sequence[tuple[str, str]]

CREATED: Final = frozenset({200, 201})
_PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body is small, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object that the body is. Raises `StorageUnavailable`."""
        try:
            read = json.loads(self.body)
        except ValueError as error:
            raise StorageUnavailable("the store answered with no JSON") from error
        return read if isinstance(read, dict) else {}

    def refusal(self, path: str) -> StorageError:
        """What it means for the making of an object at `path` that this is the answer."""
        if self.status == _PRECONDITION_FAILED:
            return ObjectExists(path)
        return error_of(self.status, self.headers, None)

    def location(self, path: str) -> str:
        """The URI of the session that was asked for, to make an object at `path`. Raises `refusal`."""
        if self.status not in CREATED or "Location" not in self.headers:
            raise self.refusal(path)
        return self.headers["Location"]


class GcsClient:
    """Requests to one bucket. To be made, used and closed on one event loop.

    `storage` is gcloud-aio-storage's, for what that does well; what it holds in memory whole, does not resume or can't
    pin to a generation goes through `send` and `read`. Each error leaves as one of the port's.
    """

    def __init__(self, session: aiohttp.ClientSession, credentials: Credentials, *, bucket: str, endpoint: str) -> None:
        self.bucket = bucket
        self.scheme, self.host = urlsplit(endpoint)[:2]
        self.signer = credentials.signer
        self._endpoint = endpoint
        self._session = session
        self._token = credentials.token
        untyped: Any = session  # theirs is typed as the session of another library
        self.storage = Storage(
            session=untyped,
            token=credentials.token or Token(io.StringIO("{}"), session=untyped),
            api_root=endpoint,
            api_is_dev=credentials.token is None,
        )

    @property
    def is_emulated(self) -> bool:
        """Whether nobody asks who the service is."""
        return self._token is None

    @property
    def upload_url(self) -> str:
        """Where the JSON API opens upload sessions."""
        return f"{self._endpoint}/upload/storage/v1/b/{self.bucket}/o"

    @property
    def bucket_url(self) -> str:
        """The bucket in the JSON API."""
        return f"{self._endpoint}/storage/v1/b/{self.bucket}"

    def xml_url(self, path: str) -> str:
        """The object in the XML API, where what the browser will send can be bounded."""
        return f"{self._endpoint}/{self.bucket}/{quote(path, safe='/')}"

    async def authorization(self) -> dict[str, str]:
        """The headers that say who asks. Raises `TryAgain`."""
        return {} if self._token is None else {"Authorization": f"Bearer {await self._token.get()}"}

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Params | None = None,
        data: Any = None,
        timeout: aiohttp.ClientTimeout = TIMEOUT,  # noqa: ASYNC109  # of the connection, and not of the call
    ) -> Answer:
        """Send one request, and give the answer whatever it is. Raises `TryAgain`."""
        with translated(None):
            async with self._session.request(
                method,
                _exact(url),
                params=params,
                headers=headers,
                data=data,
                timeout=timeout,
                allow_redirects=False,  # 308 is an answer here
            ) as response:
                return Answer(response.status, response.headers, await response.read())

    async def read(self, path: str, generation: str, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """Yield one generation's bytes from `start` to `stop` (exclusive), in a single request.

        Raises `TryAgain` where the answer breaks off, and `ObjectNotFound` where the generation is gone.
        """
        headers = {
            **await self.authorization(),
            "Range": f"bytes={start}-{stop - 1}",
            # Without it Google would unpack what a client uploaded with `Content-Encoding: gzip`.
            "Accept-Encoding": "gzip",
        }
        params = {"alt": "media", "generation": generation}
        url = f"{self.bucket_url}/o/{quote(path, safe='')}"
        with translated(path):
            async with self._session.get(
                _exact(url), params=params, headers=headers, timeout=TIMEOUT, auto_decompress=False
            ) as response:
                if response.status != 206:  # noqa: PLR2004  # partial content
                    raise error_of(response.status, response.headers, path)
                async for piece in response.content.iter_any():
                    yield piece

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        if self._token is not None:
            await self._token.close()
        await self._session.close()


def new_session() -> aiohttp.ClientSession:
    """The connections of one process to a bucket, on the event loop that runs.

    Callers bound how many there are at once: to wait for one of a hundred would look like a bucket that is silent.
    """
    return aiohttp.ClientSession(timeout=TIMEOUT, connector=aiohttp.TCPConnector(limit=0))


def _exact(url: str) -> URL:
    """The URL as it is: an object's name is percent-encoded already, and no step may decode any of it."""
    return URL(url, encoded=True)
