"""What is stored: the tables, their indexes and their column types, for SQLite, PostgreSQL and CockroachDB."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

OWNER_LENGTH = 128
PATH_LENGTH = 1024


class Instant(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite keeps it as text without a zone, which sorts as the moments do."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments, whose meaning would depend on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back what was stored, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql", "cockroachdb")


class Base(DeclarativeBase):
    """The metadata of all tables, with constraint names that migrations can refer to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class JobRow(Base):
    """One job: the queue's entry, the lease and the outcome in one row."""

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    owner: Mapped[str] = mapped_column(String(OWNER_LENGTH))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    request: Mapped[dict[str, Any]] = mapped_column(Json)
    priority: Mapped[int] = mapped_column(default=0)
    claims: Mapped[int] = mapped_column(default=0)
    """How often a worker took it; numbers the runs, of which a release at shutdown is one."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How many of the runs count towards `max_attempts`."""
    max_attempts: Mapped[int]
    lost_workers: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float | None] = mapped_column(Float)
    message: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    run_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it may be claimed; null while it may not (an upload whose bytes are not there)."""
    woken_at: Mapped[datetime | None] = mapped_column(Instant)
    lease_token: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    deadline_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it fails if it has not ended; null: never, or not before it is complete."""
    origin: Mapped[dict[str, str] | None] = mapped_column(Json)
    """The id of the request that asked for it, and the W3C trace context of the span that did."""
    record: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What its attempts left for the next one, and what they came to (`jobs.record`)."""

    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')", "status"),
        Index("ix_job_owner_id", "owner", "id"),
        Index("ix_job_owner_status", "owner", "status"),
        Index("ix_job_owner_kind_started_at", "owner", "kind", "started_at"),
        Index("ix_job_status_kind_run_at", "status", "kind", "run_at"),
        Index("ix_job_status_lease_until", "status", "lease_until"),
        Index("ix_job_status_deadline_at", "status", "deadline_at"),
        Index("ix_job_finished_at", "finished_at"),
    )


class EventRow(Base):
    """One lifecycle event, written with the state change that it tells; progress is no row."""

    __tablename__ = "event"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    owner: Mapped[str] = mapped_column(String(OWNER_LENGTH))
    job_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(40))
    payload: Mapped[str] = mapped_column(Text)
    """The JSON text as it goes over the wire."""
    is_terminal: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    published_id: Mapped[str | None] = mapped_column(String(64))
    """The id that the event log gave it; null until it was published."""

    __table_args__ = (
        Index("uq_event_job_id_seq", "job_id", "seq", unique=True),
        Index(
            "uq_event_job_id_terminal",
            "job_id",
            unique=True,
            sqlite_where=text("is_terminal"),
            postgresql_where=text("is_terminal"),
        ),
        Index(
            "ix_event_unpublished",
            "created_at",
            sqlite_where=text("published_id IS NULL"),
            postgresql_where=text("published_id IS NULL"),
        ),
        Index("ix_event_created_at", "created_at"),
    )


class MediaRow(Base):
    """One object of a user's library."""

    __tablename__ = "media"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    owner: Mapped[str] = mapped_column(String(OWNER_LENGTH))
    path: Mapped[str] = mapped_column(String(PATH_LENGTH), unique=True)
    file_key: Mapped[str] = mapped_column(String(43), unique=True)
    """The unguessable name under which `/files/` serves it."""
    thumbnail_key: Mapped[str | None] = mapped_column(String(43))
    """The same for its thumbnail; null where there is none."""
    kind: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    placeholder: Mapped[str | None] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    output_index: Mapped[int] = mapped_column(default=0)
    prompt: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(String(200))
    seed: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_media_owner_id", "owner", "id"),
        Index("ix_media_job_id", "job_id"),
        Index("uq_media_thumbnail_key", "thumbnail_key", unique=True),
    )


class UploadRow(Base):
    """An upload: where its bytes go, what they were declared to be, and what arrived."""

    __tablename__ = "upload"

    object_path: Mapped[str] = mapped_column(String(PATH_LENGTH), primary_key=True)
    owner: Mapped[str] = mapped_column(String(OWNER_LENGTH))
    job_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), unique=True)
    incoming_path: Mapped[str] = mapped_column(String(PATH_LENGTH), unique=True)
    """Where the client's bytes go; nobody reads them but the one who verifies them."""
    file_key: Mapped[str] = mapped_column(String(43))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int | None] = mapped_column(BigInteger)
    max_bytes: Mapped[int] = mapped_column(BigInteger)
    session_url: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """What had arrived when the client said that it was complete; null until then."""

    __table_args__ = (Index("ix_upload_owner", "owner"), Index("ix_upload_expires_at", "expires_at"))


class IdempotencyRow(Base):
    """The first use of an Idempotency-Key: what was asked, and the job that it made."""

    __tablename__ = "idempotency_key"

    owner: Mapped[str] = mapped_column(String(OWNER_LENGTH), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_idempotency_key_created_at", "created_at"),)


class UsageRow(Base):
    """What an owner's generations by one model came to on one day, in UTC; `cost` in US dollars."""

    __tablename__ = "usage"

    owner: Mapped[str] = mapped_column(String(OWNER_LENGTH), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    jobs: Mapped[int] = mapped_column(BigInteger)
    outputs: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[float] = mapped_column(Float)


class CleanupRow(Base):
    """Objects to be removed from storage: written with the change that made them garbage, worked off by sweepers."""

    __tablename__ = "cleanup"

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(PATH_LENGTH))
    """Every object whose path starts so goes, unless a row of the library owns it."""
    due_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_cleanup_due_at", "due_at"),)
