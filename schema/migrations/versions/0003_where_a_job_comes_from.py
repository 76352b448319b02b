"""Where a job comes from: the request that asked for it, and the trace that goes on with it.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql", "cockroachdb")
    op.add_column("job", sa.Column("origin", json, nullable=True))


def downgrade() -> None:
    op.drop_column("job", "origin")
