"""Runs migrations on the connection that the caller hands over in the configuration's attributes."""

from typing import Any

from alembic import context
from sqlalchemy import BigInteger, Integer

from schema.tables import Base


def compare_type(
    _context: object, _inspected: object, _metadata: object, inspected_type: object, metadata_type: Any
) -> bool | None:
    """CockroachDB's INTEGER has 64 bits and reflects as BigInteger: that is no difference."""
    if isinstance(inspected_type, BigInteger) and isinstance(metadata_type, Integer):
        return False
    return None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=compare_type,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
