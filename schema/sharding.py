"""Primary keys that grow with time, spread over a CockroachDB cluster.

Ids are UUIDv7: rows that are written at the same time lie next to each other, in one range, which one node would have
to serve alone. A hash-sharded key spreads them (CockroachDB's manual, "Hash-sharded Indexes").
"""

from typing import Any

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.ext.compiler import compiles


class SpreadPrimaryKey(PrimaryKeyConstraint):
    """A primary key that is hash-sharded where the dialect has that, and an ordinary one elsewhere."""


@compiles(SpreadPrimaryKey, "cockroachdb")
def _hash_sharded(element: SpreadPrimaryKey, compiler: Any, **options: Any) -> str:
    ordinary: str = compiler.visit_primary_key_constraint(element, **options)
    return f"{ordinary} USING HASH"
