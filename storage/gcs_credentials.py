"""Who the service is to Google: access tokens by gcloud-aio-auth, and what signs URLs."""

import asyncio
import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from gcloud.aio.auth import Token

from schema.settings import SettingsError
from storage.gcs_errors import TryAgain, translated
from storage.gcs_patience import Patience
from storage.gcs_signing import BlobSigner
from storage.store import StorageUnavailable

SETTING: Final = "GCS_SERVICE_ACCOUNT_JSON"
IAM_URL: Final = "https://iamcredentials.googleapis.com/v1"
METADATA_URL: Final = "http://metadata.google.internal/computeMetadata/v1"

SCOPES = ["https://www.googleapis.com/auth/devstorage.read_write", "https://www.googleapis.com/auth/iam"]
_TIMEOUT = aiohttp.ClientTimeout(total=10)


class SharedToken(Token):
    """The access token. Of any number of callers at once one fetches it, and none that gives up ends that.

    gcloud's own `get` awaits the fetching task itself, so that the first caller to be cancelled takes the others along.
    """

    _fetching: asyncio.Task[str | None] | None = None

    async def get(self) -> str | None:
        """The token. Raises `TryAgain`."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(), name="gcs-token")
            self._fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._fetching)

    async def _fetch(self) -> str | None:
        try:
            return await super().get()
        except (aiohttp.ClientError, OSError, KeyError, ValueError) as error:
            raise TryAgain(f"no access token: {type(error).__name__}") from error

    async def close(self) -> None:
        """Stop fetching."""
        for task in (self._fetching, self.acquiring):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])


class KeySigner:
    """Signs with a service account's private key, in this process."""

    def __init__(self, email: str, key: rsa.RSAPrivateKey) -> None:
        self._email = email
        self._key = key

    async def email(self) -> str:
        return self._email

    async def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class IamSigner:
    """Lets Google sign, where there is no private key: one request for each signature.

    The account needs the role `roles/iam.serviceAccountTokenCreator` on itself.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: Token,
        patience: Patience,
        *,
        email: str | None,
        iam_url: str = IAM_URL,
        metadata_url: str = METADATA_URL,
    ) -> None:
        self._session = session
        self._token = token
        self._patience = patience
        self._email = email
        self._iam_url = iam_url
        self._metadata_url = metadata_url

    async def email(self) -> str:
        if self._email is None:
            self._email = await self._patience.run(self._ask_email)
        return self._email

    async def sign(self, data: bytes) -> bytes:
        return await self._patience.run(lambda: self._ask_signature(data))

    async def _ask_email(self) -> str:
        url = f"{self._metadata_url}/instance/service-accounts/default/email"
        with translated(None):
            async with self._session.get(url, headers={"Metadata-Flavor": "Google"}, timeout=_TIMEOUT) as response:
                response.raise_for_status()
                return (await response.text()).strip()

    async def _ask_signature(self, data: bytes) -> bytes:
        account = await self.email()
        url = f"{self._iam_url}/projects/-/serviceAccounts/{account}:signBlob"
        headers = {"Authorization": f"Bearer {await self._token.get()}"}
        body = {"payload": base64.b64encode(data).decode()}
        with translated(None):
            async with self._session.post(url, json=body, headers=headers, timeout=_TIMEOUT) as response:
                response.raise_for_status()
                answer = await response.read()
        return _signature_in(answer)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`token` is None where nobody asks for one: at an emulator."""

    token: SharedToken | None
    signer: BlobSigner


def emulated_credentials() -> Credentials:
    """For an emulator, which asks for no token and checks no signature: a key of this process' own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Credentials(None, KeySigner("nobody@emulator.invalid", key))


def credentials_of(service_account: str | None, session: aiohttp.ClientSession, patience: Patience) -> Credentials:
    """Read a service account (JSON, or the path of a file with it); None stands for where the process runs.

    That is what `GOOGLE_APPLICATION_CREDENTIALS` names, or the account of the machine. Raises `SettingsError`.
    """
    try:
        text = None if service_account is None else _text_of(service_account)
        # gcloud-aio-auth takes what it can't parse for "none", and would go on as the machine's account.
        data = {} if text is None else _fields_of(text)
        untyped: Any = session  # theirs is typed as the session of another library
        token = SharedToken(None if text is None else io.StringIO(text), session=untyped, scopes=SCOPES)
        data = data or token.service_data
        return Credentials(token, _signer_of(data, token, session, patience))
    except OSError as error:
        raise SettingsError(f"{SETTING}: {error.strerror or type(error).__name__}") from error
    except (ValueError, KeyError) as error:
        raise SettingsError(f"{SETTING}: is no credentials file of Google's, or lacks a field") from error


def _signer_of(
    data: dict[str, Any], token: SharedToken, session: aiohttp.ClientSession, patience: Patience
) -> BlobSigner:
    if data.get("type") == "authorized_user":
        raise SettingsError(f"{SETTING}: a person's credentials can't sign URLs, a service account's can")
    if data.get("type") == "service_account":
        key = load_pem_private_key(data["private_key"].encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SettingsError(f"{SETTING}: its private key is no RSA key")
        return KeySigner(data["client_email"], key)
    return IamSigner(session, token, patience, email=_impersonated(token.impersonation_uri))


def _signature_in(answer: bytes) -> bytes:
    try:
        return base64.b64decode(json.loads(answer)["signedBlob"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageUnavailable("the answer to a signature's request has none") from error


def _impersonated(uri: str | None) -> str | None:
    """The account in `…/serviceAccounts/EMAIL:generateAccessToken`."""
    return uri.rpartition("/")[2].partition(":")[0] if uri else None


def _text_of(setting: str) -> str:
    return setting if setting.lstrip().startswith("{") else Path(setting).read_text(encoding="utf-8")


def _fields_of(text: str) -> dict[str, Any]:
    fields = json.loads(text)
    if not isinstance(fields, dict) or "type" not in fields:
        raise ValueError("no object with a type")
    return fields
