"""Every setting: its name in the environment, its type, its default and what it is for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    model_validator,
)

from schema.database_url import driver_url
from schema.provider_keys import ProviderKeys

MEBIBYTE = 2**20


_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SettingsError(Exception):
    """A setting is wrong; the message begins with its name."""


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _base_path(value: object) -> object:
    if not isinstance(value, str) or not value.strip("/"):
        return ""
    return "/" + value.strip("/")


def _key_set_url(value: str) -> str:
    parts = urlsplit(value)
    if not parts.hostname or parts.username is not None or parts.fragment or any(each.isspace() for each in value):
        raise ValueError("is no URL such as https://issuer.example/.well-known/jwks.json")
    if parts.port == 0 or (parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ValueError("must begin with https://, or be of this machine (http://127.0.0.1:…)")
    return value


DatabaseUrl = Annotated[SecretStr, BeforeValidator(driver_url)]
Secrets = Annotated[tuple[Annotated[SecretStr, Field(min_length=32)], ...], BeforeValidator(_split)]
KeySetUrl = Annotated[str, AfterValidator(_key_set_url)]
UploadType = Literal[
    "image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "video/mp4", "video/webm", "video/quicktime"
]
UploadTypes = Annotated[tuple[UploadType, ...], BeforeValidator(_split), Field(min_length=1)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(_split)]
Origins = Annotated[tuple[str, ...], BeforeValidator(_split)]
BasePath = Annotated[str, BeforeValidator(_base_path), Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$")]


class Settings(ProviderKeys):
    """The whole configuration. The environment's name of a field is the field's name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#]+$",
        description="Scheme and authority under which browsers reach the service; by default http://HOST:PORT.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Addresses or networks, separated by commas, of proxies whose `X-Forwarded-For` is believed.",
    )
    base_path: BasePath = Field(default="", description="Path prefix of every URL but health, readiness and metrics.")
    data_dir: Path = Field(
        default=Path(".data"), description="Directory of the database file and of secrets made once."
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="CockroachDB (cockroachdb://…) or PostgreSQL (postgresql://…); by default SQLite in DATA_DIR.",
    )
    database_pool_size: int = Field(
        default=10, ge=2, le=200, description="The most connections of one process to the database of DATABASE_URL."
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="The Redis that processes share; without it one process is everything. "
        "It needs DATABASE_URL, and GCS_BUCKET or STORAGE_DIR.",
    )
    gcs_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$",
        description="The bucket at Google Cloud Storage that media are kept in.",
    )
    gcs_service_account_json: SecretStr | None = Field(
        default=None,
        description="The service account to use the bucket with, as JSON or as the path of a file with it; "
        "by default the one that the process runs as.",
    )
    gcs_endpoint: str = Field(
        default="https://storage.googleapis.com",
        pattern=r"^https?://[^/?#@\s]+$",
        description="Where the service and browsers reach the bucket; another one than Google's is for emulators.",
    )
    storage_dir: Path | None = Field(
        default=None, description="Directory that media are kept in, on a disk or a volume that all processes see."
    )
    web_processes: int = Field(default=1, ge=1, le=64, description="Web processes on the one port.")
    worker_processes: int = Field(default=2, ge=1, le=64, description="Processes of one `python -m actors`.")
    worker_host: str = Field(
        default="127.0.0.1", description="The address that a worker tells its health and metrics on."
    )
    worker_port: int = Field(
        default=9090, ge=0, le=65535, description="The port that a worker tells its health and metrics on."
    )
    worker_memory_bytes: int = Field(
        default=1024 * MEBIBYTE,
        ge=64 * MEBIBYTE,
        description="Resident memory beyond which a worker process finishes its jobs and makes room for a fresh one.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least level logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="Form of the log; auto is console on a terminal, else json."
    )

    otel_exporter_otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$",
        description="Where traces go, by OTLP over HTTP; needs the extra `otel`.",
    )
    otel_service_name: str = Field(default="media-pipeline", description="What traces say that they come from.")

    auth_secret: Secrets = Field(
        default=(),
        min_length=1,
        description="Secrets of HS256 tokens, separated by commas: the first signs, each of them is taken.",
    )
    auth_jwks_url: KeySetUrl | None = Field(
        default=None,
        description="Where an issuer publishes its keys, for tokens signed with RS256, ES256 or EdDSA.",
    )
    auth_issuer: str | None = Field(default=None, description="The `iss` that tokens must have.")
    auth_audience: str | None = Field(default=None, description="The `aud` that tokens must have.")
    storage_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Key of the signatures on /storage/ URLs; made once when absent.",
    )
    cors_origins: Origins = Field(default=(), description="Origins, separated by commas, that browsers may call from.")

    storage_memory_bytes: int = Field(
        default=2048 * MEBIBYTE, ge=MEBIBYTE, description="The most bytes that the in-memory store holds."
    )
    url_seconds: int = Field(default=900, ge=10, le=604800, description="Seconds for which a signed storage URL works.")

    upload_types: UploadTypes = Field(
        default=get_args(UploadType), description="The content types that may be uploaded, separated by commas."
    )
    max_image_bytes: int = Field(default=50 * MEBIBYTE, ge=1, description="The most bytes that an uploaded image has.")
    max_video_bytes: int = Field(
        default=2048 * MEBIBYTE, ge=1, description="The most bytes that an uploaded video has."
    )
    max_bytes_per_user: int = Field(
        default=100 * 1024 * MEBIBYTE, ge=1, description="Bytes that one user's library and pending uploads may have."
    )
    upload_seconds: int = Field(default=900, ge=10, le=604800, description="Seconds for which an upload URL works.")
    resumable_seconds: int = Field(
        default=86400, ge=60, le=604800, description="Seconds for which a resumable upload session works."
    )
    resumable_bytes: int = Field(
        default=64 * MEBIBYTE, ge=1, description="Declared size beyond which an upload gets a resumable session."
    )
    keep_metadata: bool = Field(
        default=False, description="Whether uploads keep their private metadata, such as where a photograph was taken."
    )

    models_file: Path | None = Field(
        default=None, description="A YAML file of the models to offer; by default those that are shipped."
    )

    worker_threads: int = Field(
        default=4, ge=1, le=64, description="Jobs of each kind that one worker process runs at once."
    )
    image_threads: int | None = Field(
        default=None, ge=1, le=64, description="The same for images alone; by default WORKER_THREADS."
    )
    video_threads: int | None = Field(
        default=None, ge=1, le=64, description="The same for videos alone; by default WORKER_THREADS."
    )
    upload_threads: int | None = Field(
        default=None, ge=1, le=64, description="The same for uploads alone; by default WORKER_THREADS."
    )
    render_processes: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="Child processes that render at once; by default one per processor.",
    )
    lease_seconds: float = Field(
        default=30, gt=0, le=3600, description="Seconds after which a silent worker loses its job."
    )
    max_attempts: int = Field(default=3, ge=1, le=100, description="Attempts after which a job has failed for good.")
    image_deadline_seconds: float = Field(
        default=3600, gt=0, description="Seconds from its acceptance within which a job for images must have ended."
    )
    video_deadline_seconds: float = Field(
        default=14_400, gt=0, description="The same for videos. A request may ask for less or more: `deadlineSeconds`."
    )
    upload_deadline_seconds: float = Field(
        default=3600, gt=0, description="Seconds within which an upload must have been verified once it is complete."
    )
    sweep_seconds: float = Field(default=5, gt=0, le=3600, description="Seconds between two repairs of what got stuck.")
    drain_seconds: float = Field(default=20, ge=0, le=3600, description="Seconds that running jobs get at shutdown.")

    max_queued_per_user: int = Field(default=100, ge=1, description="Unfinished jobs that one user may have.")
    max_queued: int = Field(default=10_000, ge=1, description="Unfinished jobs that all users may have together.")
    job_retention_days: float = Field(default=90, gt=0, description="Days for which finished jobs are kept.")

    event_log_seconds: int = Field(default=900, ge=10, description="Seconds for which the event log keeps an event.")
    event_log_entries: int = Field(
        default=20_000, ge=100, description="The most events of one user that the log keeps."
    )
    max_connections: int = Field(
        default=4096, ge=1, le=1_000_000, description="Connections that may be open; idle ones make room for new ones."
    )
    head_seconds: float = Field(
        default=20, gt=0, le=3600, description="Seconds within which the head of a request must have come."
    )
    keep_alive_seconds: float = Field(
        default=75, gt=0, le=86400, description="Seconds for which a connection is kept for the next request."
    )
    body_seconds: float = Field(
        default=30, gt=0, le=3600, description="Seconds within which a body must bring 256 bytes for each of them."
    )
    write_seconds: float = Field(
        default=60, gt=0, le=3600, description="Seconds after which a client that reads nothing is cut off."
    )
    stream_seconds: float = Field(
        default=600, gt=0, description="Seconds after which an event stream is ended, ± 20 %."
    )
    heartbeat_seconds: float = Field(default=15, gt=0, description="Seconds between comments on an event stream.")
    stream_buffer_bytes: int = Field(
        default=256 * 1024,
        ge=16 * 1024,
        description="Unsent bytes beyond which a client that does not read is dropped.",
    )
    max_streams_per_user: int = Field(default=32, ge=1, description="Event streams that one user may have open.")

    @model_validator(mode="after")
    def _origins_are_exact(self) -> Self:
        for origin in self.cors_origins:
            scheme, _, authority = origin.partition("://")
            if scheme not in {"http", "https"} or not authority or "/" in authority or "*" in authority:
                raise ValueError(f"CORS_ORIGINS: {origin!r} is no exact origin such as https://app.example")
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings that are there; an empty value counts as absent. Raises `SettingsError`."""
        values: dict[str, Any] = {
            name: environment[name.upper()] for name in cls.model_fields if environment.get(name.upper())
        }
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    @property
    def bucket_origin(self) -> str | None:
        """Where signed URLs of a bucket lead; None where the store is one of our own."""
        return None if self.gcs_bucket is None else self.gcs_endpoint

    @property
    def has_auth(self) -> bool:
        """Whether somebody decided who may use the service."""
        return bool(self.auth_secret) or self.auth_jwks_url is not None


def _explain(error: ValidationError) -> str:
    """One line per wrong setting, its name first; the value is left out, for it may be a secret."""
    lines = []
    for each in error.errors():
        name = str(each["loc"][0]).upper() if each["loc"] else ""
        message = each["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return "\n".join(lines)
