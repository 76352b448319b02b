"""Making the store at Google Cloud Storage from the settings."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import aiohttp

from schema.settings import Settings, SettingsError
from storage.gcs import GCSStore
from storage.gcs_client import GcsClient, new_session
from storage.gcs_credentials import Credentials, credentials_of, emulated_credentials
from storage.gcs_patience import Patience

MOVING_SECONDS: Final = 60.0
"""How long a bucket may take or give no byte of an object: what is given up is begun again from the job's start."""


def gcs_store_of(settings: Settings, clock: Callable[[], datetime], *, patience_seconds: float) -> GCSStore:
    """The store in `GCS_BUCKET`; to be called on the event loop that will use it, and closed there.

    `patience_seconds` is for what moves no bytes. Raises `SettingsError`. Makes no request.
    """
    asking = Patience(patience_seconds)
    return GCSStore(gcs_client_of(settings, asking), clock, asking=asking, moving=Patience(MOVING_SECONDS))


def gcs_client_of(settings: Settings, patience: Patience) -> GcsClient:
    """The bucket that the settings name. Raises `SettingsError`."""
    if settings.gcs_bucket is None:
        raise SettingsError("GCS_BUCKET: needed to keep media at Google Cloud Storage")
    session = new_session()
    try:
        credentials = _credentials(settings, session, patience)
    except SettingsError:
        session.detach()  # it has no connections yet, and to close it would take a coroutine
        raise
    return GcsClient(session, credentials, bucket=settings.gcs_bucket, endpoint=settings.gcs_endpoint)


def _credentials(settings: Settings, session: aiohttp.ClientSession, patience: Patience) -> Credentials:
    secret = settings.gcs_service_account_json
    if secret is None and settings.gcs_endpoint.startswith("http://"):
        # Nobody but an emulator is reached without encryption, and one asks for no credentials.
        return emulated_credentials()
    return credentials_of(secret.get_secret_value() if secret else None, session, patience)
