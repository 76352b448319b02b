"""The built studio: its page, its assets, and the policy that the browser holds it to."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import PurePath

from app.documents import Document, document

_BUILT = resources.files("app") / "static" / "studio"
_CONTENT_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""Not by `mimetypes`: it reads what the machine has, and a browser runs no script of another type."""


@cache
def page(*, has_users: bool) -> Document:
    """The page, which names its assets by what is in them, and says whether the service has users who need a token."""
    body = (_BUILT / "index.html").read_bytes()
    return document(body.replace(b"<html", b'<html data-sign-in="token"', 1) if has_users else body, "text/html")


@cache
def assets() -> Mapping[str, Document]:
    """The page's scripts, styles and icons by their names: some files, read once."""
    files = (_BUILT / "assets").iterdir()
    return {file.name: document(file.read_bytes(), _CONTENT_TYPES[PurePath(file.name).suffix]) for file in files}


def policy(public_url: str, bucket_origin: str | None) -> str:
    """Code and style from the service alone, nothing inline; bytes also from and to where the API's URLs lead."""
    elsewhere = " ".join(filter(None, ("'self'", public_url, bucket_origin)))
    return (
        f"default-src 'self'; connect-src {elsewhere}; img-src {elsewhere}; media-src {elsewhere}; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
