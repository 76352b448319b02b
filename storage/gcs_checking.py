"""Whether a bucket is set up as the service needs it: rights, signatures, CORS, lifecycle rules."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from schema.settings import Settings
from storage.finding import Finding
from storage.gcs_client import Answer, GcsClient, Params
from storage.gcs_cors import fault_of
from storage.gcs_errors import TRANSIENT_STATUSES, error_of
from storage.gcs_lifecycle import faults_of, least_age_days
from storage.gcs_opening import gcs_client_of
from storage.gcs_patience import Patience
from storage.gcs_signing import UrlRequest, signed_url
from storage.store import StorageError

PATIENCE_SECONDS: Final = 10.0
PERMISSIONS: Final = tuple(f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list"))
ROLE: Final = "roles/storage.objectUser"
READING_ROLE: Final = "roles/storage.legacyBucketReader"
SIGNING_ROLE: Final = "roles/iam.serviceAccountTokenCreator"
FIELDS: Final = "name,cors,lifecycle,retentionPolicy,defaultEventBasedHold"
NOTHING_THERE: Final = "storage-check/nothing"
"""The name of an object that nobody makes: where it is asked for by a good signature, it is missing."""

_OK, _FORBIDDEN, _NOT_FOUND = 200, 403, 404


async def check_bucket(settings: Settings, origins: Sequence[str], clock: Callable[[], datetime]) -> list[Finding]:
    """Look at the bucket as `check_store` says."""
    client = gcs_client_of(settings, Patience(PATIENCE_SECONDS))
    try:
        return await _Check(client, settings, origins, clock).findings()
    except StorageError as error:
        return [_wrong("bucket", f"{settings.gcs_endpoint} can't be asked about {client.bucket}: {error}")]
    finally:
        await client.close()


class _Check:
    """The questions to one bucket."""

    def __init__(
        self, client: GcsClient, settings: Settings, origins: Sequence[str], clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._settings = settings
        self._origins = origins
        self._clock = clock
        self._gs = f"gs://{client.bucket}"

    async def findings(self) -> list[Finding]:
        answer = await self._ask(self._client.bucket_url, {"fields": FIELDS})
        if answer.status == _NOT_FOUND:
            return [_wrong("bucket", f"make it: gcloud storage buckets create {self._gs}, or mend GCS_BUCKET")]
        if answer.status not in {_OK, _FORBIDDEN}:
            raise error_of(answer.status, answer.headers, None)
        if self._client.is_emulated:
            return [_right("bucket", "it is an emulator's, which looks at no rights, signatures, CORS or rules")]
        found = [await self._rights(), await self._signature()]
        return [*found, *(self._rules(answer.json()) if answer.status == _OK else [await self._unreadable()])]

    async def _rights(self) -> Finding:
        params = [("permissions", each) for each in PERMISSIONS]
        answer = await self._ask(f"{self._client.bucket_url}/iam/testPermissions", params)
        granted = set(answer.json().get("permissions", [])) if answer.status == _OK else set()
        if missing := [each for each in PERMISSIONS if each not in granted]:
            return _wrong("rights", f"{', '.join(missing)} are missing: {await self._grant(ROLE)}")
        return _right("rights", "objects can be made, read, listed and removed")

    async def _signature(self) -> Finding:
        """Ask for an object as a browser would, by a signed URL."""
        request = UrlRequest(
            method="GET",
            bucket=self._client.bucket,
            object_name=NOTHING_THERE,
            expires_in=60,
            scheme=self._client.scheme,
            host=self._client.host,
        )
        try:
            url = await signed_url(request, self._client.signer, self._clock())
        except StorageError as error:
            hint = f"GCS_SERVICE_ACCOUNT_JSON with a private key, or {SIGNING_ROLE} for the account on itself"
            return _wrong("signatures", f"nothing can be signed ({error}): {hint}")
        answer = await self._send(url, None, {})
        if answer.status not in {_OK, _NOT_FOUND}:
            code = answer.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode("ascii", "replace")[:80]
            hint = "is the key still the account's, its right to read there, and this machine's clock right?"
            return _wrong("signatures", f"a signed URL is refused (HTTP {answer.status} {code}): {hint}")
        return _right("signatures", "signed URLs are accepted")

    async def _unreadable(self) -> Finding:
        text = f"CORS and lifecycle can't be read; for this check alone: {await self._grant(READING_ROLE)}"
        return _wrong("rules", text)

    def _rules(self, bucket: Mapping[str, Any]) -> list[Finding]:
        found = [self._cors(bucket.get("cors", [])), self._lifecycle(bucket.get("lifecycle", {}).get("rule", []))]
        if bucket.get("retentionPolicy") or bucket.get("defaultEventBasedHold"):
            found.append(_wrong("retention", "take the retention policy and holds away: media could not be removed"))
        return found

    def _cors(self, rules: Sequence[Mapping[str, Any]]) -> Finding:
        faults = [fault for origin in self._origins if (fault := fault_of(rules, origin)) is not None]
        if faults:
            command = f"gcloud storage buckets update {self._gs} --cors-file=deploy/gcs-cors.json"
            return _wrong("CORS", f"{'; '.join(faults)} ({command}, with these origins in the file)")
        return _right("CORS", f"pages of {', '.join(self._origins)} can read and send")

    def _lifecycle(self, rules: Sequence[Mapping[str, Any]]) -> Finding:
        if faults := list(faults_of(rules, least_age_days(self._settings))):
            command = f"gcloud storage buckets update {self._gs} --lifecycle-file=deploy/gcs-lifecycle.json"
            return _wrong("lifecycle", f"{'; '.join(faults)} ({command})")
        return _right("lifecycle", "what was never finished goes, and what the library owns stays")

    async def _grant(self, role: str) -> str:
        member = f"serviceAccount:{await self._email()}"
        return f"gcloud storage buckets add-iam-policy-binding {self._gs} --member={member} --role={role}"

    async def _email(self) -> str:
        try:
            return await self._client.signer.email()
        except StorageError:
            return "ACCOUNT"

    async def _ask(self, url: str, params: Params | None = None) -> Answer:
        return await self._send(url, params, None)

    async def _send(self, url: str, params: Params | None, headers: Mapping[str, str] | None) -> Answer:
        """Ask as the service, or with the `headers` given; what passes is waited for."""

        async def attempt() -> Answer:
            known = await self._client.authorization() if headers is None else headers
            answer = await self._client.send("GET", url, headers=known, params=params)
            if answer.status in TRANSIENT_STATUSES:
                raise error_of(answer.status, answer.headers, None)
            return answer

        return await Patience(PATIENCE_SECONDS).run(attempt)


def _right(subject: str, text: str) -> Finding:
    return Finding(subject, is_right=True, text=text)


def _wrong(subject: str, text: str) -> Finding:
    return Finding(subject, is_right=False, text=text)
