"""The service's HTTP API as a client sees it: one method for each thing that is asked for."""

import hashlib
import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, BinaryIO

import aiohttp
from yarl import URL

from schema.models import MediaKind

ANSWER_SECONDS = 30.0
SILENCE_SECONDS = 60.0
"""A stream has a comment every 15 seconds: one that is silent for longer is dead."""

NETWORK_ERRORS = (aiohttp.ClientError, OSError, TimeoutError)


class Unreachable(Exception):
    """Nothing answers there, or nothing that is this service."""


class Refused(Exception):
    """The service said no, in a sentence for a person."""

    def __init__(self, status: int, sentence: str, *, is_retryable: bool) -> None:
        super().__init__(sentence)
        self.status = status
        self.is_retryable = is_retryable


class ServiceClient:
    """One user of the service at `base`; without a token one that it will not know."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str | None) -> None:
        self.base = base
        self._session = session
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def generate(self, kind: MediaKind, body: Mapping[str, Any]) -> str:
        """Ask for media; the job's id. Raises `Unreachable`, `Refused`."""
        accepted = await self._ask("POST", f"/generate/{kind}", body)
        return str(accepted["jobId"])

    async def job(self, job_id: str) -> dict[str, Any]:
        """The job as it is now. Raises `Unreachable`, `Refused`."""
        return await self._ask("GET", f"/jobs/{job_id}")

    async def cancel(self, job_id: str) -> None:
        """Have the job stopped. Raises `Unreachable`, `Refused`."""
        await self._ask("POST", f"/jobs/{job_id}/cancel")

    async def stream(self, job_id: str, last_id: str) -> aiohttp.ClientResponse:
        """The open stream of a job's events; whoever asks closes it. Raises `Refused`, and what the network does."""
        headers = self._headers | ({"Last-Event-ID": last_id} if last_id else {})
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_SECONDS, sock_read=SILENCE_SECONDS)
        response = await self._session.get(
            self._url(f"/jobs/{job_id}/events"), headers=headers, timeout=timeout, allow_redirects=False
        )
        if response.status >= HTTPStatus.BAD_REQUEST:
            async with response:
                raise await _refusal(response)
        return response

    async def download(self, url: str, file: BinaryIO) -> str:
        """Write what a permanent URL leads to into `file`; its SHA-256 in hexadecimal. Raises `Unreachable`, `Refused`.

        No token goes with it: the URL is all that it takes, and may lead to another host.
        """
        digest = hashlib.sha256()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_SECONDS, sock_read=SILENCE_SECONDS)
        try:
            async with self._session.get(URL(url, encoded=True), timeout=timeout) as response:
                if response.status != HTTPStatus.OK:
                    raise await _refusal(response)
                async for chunk in response.content.iter_any():
                    digest.update(chunk)
                    file.write(chunk)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"{url} can't be read: {_reason(error)}") from error
        return digest.hexdigest()

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self._session.request(
                method, self._url(path), headers=self._headers, json=body, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status >= HTTPStatus.BAD_REQUEST:
                    raise await _refusal(response)
                answer = json.loads(await response.read())
        except NETWORK_ERRORS as error:
            raise Unreachable(f"no service answers at {self.base}: {_reason(error)}") from error
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Unreachable(f"what answers at {self.base} is not this service")
        return answer

    def _url(self, path: str) -> URL:
        return URL(self.base + path, encoded=True)


async def _refusal(response: aiohttp.ClientResponse) -> Refused:
    """What a problem document says, or the status where there is none."""
    try:
        document = json.loads(await response.read())
        sentences = [str(document["detail"] or document["title"])]
        sentences += [f"{each['field']}: {each['message']}" for each in document.get("errors") or []]
        is_retryable = bool(document["retryable"])
    except (ValueError, LookupError, TypeError):
        sentences = [f"the answer was {response.status} {response.reason}"]
        is_retryable = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    sentence = "; ".join(each.rstrip(".") for each in sentences)
    return Refused(response.status, sentence, is_retryable=is_retryable)


def _reason(error: BaseException) -> str:
    match error:
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number)
        case OSError(strerror=str(words)):
            return words
        case TimeoutError():
            return "it takes too long"
        case _:
            return type(error).__name__
