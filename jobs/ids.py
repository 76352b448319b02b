"""Identifiers: time-ordered ids of rows, and unguessable keys."""

import re
import secrets

from uuid_utils import uuid7

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7): ids made later sort later."""
    return str(uuid7())


def is_id(text: str) -> bool:
    """Whether `text` is written as this service writes ids."""
    return _UUID.fullmatch(text) is not None


def new_key() -> str:
    """256 unguessable bits in URL-safe characters."""
    return secrets.token_urlsafe(32)
