"""SQL by name, from the files beside this package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, LiteralString

import psycopg

from tenantry.core.errors import NotInstalled

SQL = files("tenantry") / "sql"

Params = Mapping[str, Any] | Sequence[Any] | None

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def sql_text(resource: Traversable) -> LiteralString:
    """The text of a file that comes with the program, which is as safe as a literal."""
    return resource.read_text(encoding="utf-8")


@cache
def _named(module: str) -> dict[str, LiteralString]:
    parts = _NAME.split((SQL / "queries" / f"{module}.sql").read_text(encoding="utf-8"))
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def query(module: str, name: str) -> LiteralString:
    """The statement `name` from sql/queries/<module>.sql. Raises KeyError if it does not exist."""
    return _named(module)[name]


def one_row(
    session: psycopg.Connection, statement: LiteralString, parameters: Params = None
) -> tuple[Any, ...]:
    """The row of a statement that always returns one. Raises NotInstalled if it does not: the SQL in the database is not Tenantry's."""
    row = session.execute(statement, parameters).fetchone()
    if row is None:
        raise NotInstalled(
            f"the warehouse gave no row for: {statement.splitlines()[0]}",
            hint="Its functions differ from this program's. Run: tenantry init",
        )
    return row
