"""Idempotency keys expire by themselves where the database can do that.

The sweeper removes them in time everywhere; this is for what it leaves while no process runs.
Revision: 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The expression has to be immutable, which a sum with a zoned timestamp is not (CockroachDB's manual, "Row-Level TTL").
EXPIRES = "((created_at AT TIME ZONE 'UTC') + INTERVAL '2 days') AT TIME ZONE 'UTC'"


def upgrade() -> None:
    if op.get_bind().dialect.name == "cockroachdb":
        quoted = EXPIRES.replace("'", "''")
        op.execute(f"ALTER TABLE idempotency_key SET (ttl_expiration_expression = '{quoted}', ttl_job_cron = '@daily')")


def downgrade() -> None:
    if op.get_bind().dialect.name == "cockroachdb":
        op.execute("ALTER TABLE idempotency_key RESET (ttl)")
