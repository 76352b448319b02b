"""What an upload's opening takes besides the database: a path, and an address for the bytes."""

from jobs.ids import new_id
from jobs.policies import UploadPolicy
from schema.requests import UploadBody
from storage.paths import safe_filename, upload_object
from storage.store import PresignedUpload, Store


def object_path(owner: str, body: UploadBody) -> str:
    """Where in the library the upload will be."""
    try:
        name = safe_filename(body.filename, body.content_type)
    except ValueError:  # nothing but punctuation of some script, or what Unicode has not assigned
        name = safe_filename("file", body.content_type)
    return upload_object(owner, new_id(), name)


async def presign(
    store: Store,
    policy: UploadPolicy,
    path: str,
    body: UploadBody,
    most: int,
    origin: str | None,
    *,
    is_resumable: bool,
) -> PresignedUpload:
    """An address that takes the declared bytes, or up to `most` where none were declared. Raises `StorageError`."""
    least, most = (body.size, body.size) if body.size is not None else (1, most)
    if is_resumable:
        lifetime = policy.session_lifetime.total_seconds()
        return await store.start_resumable(
            path, body.content_type, min_bytes=least, max_bytes=most, expires_in=lifetime, origin=origin
        )
    lifetime = policy.url_lifetime.total_seconds()
    return await store.upload_presigned(path, body.content_type, min_bytes=least, max_bytes=most, expires_in=lifetime)
