"""Uploads and thumbnails.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("object_path", sa.String(length=1024), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("incoming_path", sa.String(length=1024), nullable=False),
        sa.Column("file_key", sa.String(length=43), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("max_bytes", sa.BigInteger(), nullable=False),
        sa.Column("session_url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("object_path", name=op.f("pk_upload")),
        sa.UniqueConstraint("incoming_path", name=op.f("uq_upload_incoming_path")),
        sa.UniqueConstraint("job_id", name=op.f("uq_upload_job_id")),
    )
    op.create_index("ix_upload_expires_at", "upload", ["expires_at"], unique=False)
    op.create_index("ix_upload_owner", "upload", ["owner"], unique=False)
    op.add_column("media", sa.Column("thumbnail_key", sa.String(length=43), nullable=True))
    op.create_index("uq_media_thumbnail_key", "media", ["thumbnail_key"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_media_thumbnail_key", table_name="media")
    op.drop_column("media", "thumbnail_key")
    op.drop_index("ix_upload_owner", table_name="upload")
    op.drop_index("ix_upload_expires_at", table_name="upload")
    op.drop_table("upload")
