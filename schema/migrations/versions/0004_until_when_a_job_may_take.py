"""Until when a job may take, at most.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from schema.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("deadline_at", Instant(), nullable=True))
    op.create_index("ix_job_status_deadline_at", "job", ["status", "deadline_at"])


def downgrade() -> None:
    op.drop_index("ix_job_status_deadline_at", table_name="job")
    op.drop_column("job", "deadline_at")
