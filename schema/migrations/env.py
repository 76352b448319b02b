"""Runs migrations on the connection that the caller hands over in the configuration's attributes."""

from typing import Any

from alembic import context
from sqlalchemy import Integer, String, Text

from schema.tables import Base


def compare_type(
    _context: object, _inspected: object, _metadata: object, inspected_type: object, metadata_type: Any
) -> bool | None:
    """What CockroachDB reflects by another name is no difference: its integers have 64 bits, its texts any length."""
    if context.get_context().dialect.name != "cockroachdb":
        return None
    if isinstance(inspected_type, Integer) and isinstance(metadata_type, Integer):
        return False
    return False if isinstance(inspected_type, String) and isinstance(metadata_type, Text) else None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=compare_type,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
