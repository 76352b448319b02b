"""Opening the store that the settings name, and closing it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from schema.settings import Settings
from storage.memory import MemoryStore
from storage.secrets import kept_secret
from storage.signing import UrlSigner
from storage.store import Store

OwnStore = tuple[MemoryStore, UrlSigner]
"""A store whose objects the service serves itself, and what its URLs are signed with."""


@asynccontextmanager
async def open_store(
    settings: Settings, base_url: str, clock: Callable[[], datetime]
) -> AsyncIterator[tuple[Store, OwnStore | None]]:
    """The store, and the same again where it is one whose URLs lead to `base_url`."""
    secret = settings.storage_secret
    key = secret.get_secret_value() if secret else kept_secret(settings.data_dir, "storage-secret")
    signer = UrlSigner(key.encode(), base_url, clock)
    store = MemoryStore(signer, max_total_bytes=settings.storage_memory_bytes, clock=clock)
    try:
        yield store, (store, signer)
    finally:
        await store.close()
