"""The query that a session may run: whadmin's, or the one in its place for operators, who have functions of `_wh` instead of tables."""

from __future__ import annotations

from typing import LiteralString

import psycopg

from tenantry.core.model import OPERATOR
from tenantry.db.connect import acting
from tenantry.db.queries import query


def by_role(session: psycopg.Connection, file: str, name: str) -> LiteralString:
    """The query `name` of sql/queries/FILE.sql; for a session that acts as an operator, that of operators.sql."""
    return query("operators" if acting(session) == OPERATOR else file, name)
