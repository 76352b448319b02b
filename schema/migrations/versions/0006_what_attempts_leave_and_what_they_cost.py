"""What attempts leave for the next one, what generations cost, and whose turn was last.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from schema.tables import Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("record", Json, nullable=True))
    op.create_index("ix_job_owner_kind_started_at", "job", ["owner", "kind", "started_at"])
    op.create_table(
        "usage",
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("outputs", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "day", "model", name=op.f("pk_usage")),
    )


def downgrade() -> None:
    op.drop_table("usage")
    op.drop_index("ix_job_owner_kind_started_at", table_name="job")
    op.drop_column("job", "record")
