"""The first tables.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from schema.sharding import SpreadPrimaryKey

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql", "cockroachdb")


def upgrade() -> None:
    op.create_table(
        "cleanup",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("prefix", sa.String(length=1024), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        SpreadPrimaryKey("id", name=op.f("pk_cleanup")),
    )
    op.create_index("ix_cleanup_due_at", "cleanup", ["due_at"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("is_terminal", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_id", sa.String(length=64), nullable=True),
        SpreadPrimaryKey("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_created_at", "event", ["created_at"], unique=False)
    op.create_index(
        "ix_event_unpublished",
        "event",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("published_id IS NULL"),
        postgresql_where=sa.text("published_id IS NULL"),
    )
    op.create_index("uq_event_job_id_seq", "event", ["job_id", "seq"], unique=True)
    op.create_index(
        "uq_event_job_id_terminal",
        "event",
        ["job_id"],
        unique=True,
        sqlite_where=sa.text("is_terminal"),
        postgresql_where=sa.text("is_terminal"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("request", json, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("lost_workers", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("message", sa.String(length=200), nullable=True),
        sa.Column("error", json, nullable=True),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("woken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_job_status"),
        ),
        SpreadPrimaryKey("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_finished_at", "job", ["finished_at"], unique=False)
    op.create_index("ix_job_owner_id", "job", ["owner", "id"], unique=False)
    op.create_index("ix_job_owner_status", "job", ["owner", "status"], unique=False)
    op.create_index("ix_job_status_kind_run_at", "job", ["status", "kind", "run_at"], unique=False)
    op.create_index("ix_job_status_lease_until", "job", ["status", "lease_until"], unique=False)
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("file_key", sa.String(length=43), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        sa.Column("placeholder", sa.String(length=100), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("output_index", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        SpreadPrimaryKey("id", name=op.f("pk_media")),
        sa.UniqueConstraint("file_key", name=op.f("uq_media_file_key")),
        sa.UniqueConstraint("path", name=op.f("uq_media_path")),
    )
    op.create_index("ix_media_job_id", "media", ["job_id"], unique=False)
    op.create_index("ix_media_owner_id", "media", ["owner", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_media_owner_id", table_name="media")
    op.drop_index("ix_media_job_id", table_name="media")
    op.drop_table("media")
    op.drop_index("ix_job_status_lease_until", table_name="job")
    op.drop_index("ix_job_status_kind_run_at", table_name="job")
    op.drop_index("ix_job_owner_status", table_name="job")
    op.drop_index("ix_job_owner_id", table_name="job")
    op.drop_index("ix_job_finished_at", table_name="job")
    op.drop_table("job")
    op.drop_index("ix_idempotency_key_created_at", table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(
        "uq_event_job_id_terminal",
        table_name="event",
        sqlite_where=sa.text("is_terminal"),
        postgresql_where=sa.text("is_terminal"),
    )
    op.drop_index("uq_event_job_id_seq", table_name="event")
    op.drop_index(
        "ix_event_unpublished",
        table_name="event",
        sqlite_where=sa.text("published_id IS NULL"),
        postgresql_where=sa.text("published_id IS NULL"),
    )
    op.drop_index("ix_event_created_at", table_name="event")
    op.drop_table("event")
    op.drop_index("ix_cleanup_due_at", table_name="cleanup")
    op.drop_table("cleanup")
