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

_NAME = re.compile(r"^-- name: (\w+)\n(?:-- .*\n)*", re.MULTILINE)
"""The head of a query: its name, and its description, which is for people and is not sent."""


def sql_text(resource: Traversable) -> LiteralString:
    """The text of a file that came with the program, which is as good as a literal."""
    return resource.read_text(encoding="utf-8")


@cache
def _named(noun: str) -> dict[str, LiteralString]:
    parts = _NAME.split((SQL / "queries" / f"{noun}.sql").read_text(encoding="utf-8"))
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def query(noun: str, name: str) -> LiteralString:
    """The statement called `name` in sql/queries/<noun>.sql. Raises KeyError if there is none."""
    return _named(noun)[name]


def one_row(
    session: psycopg.Connection, statement: LiteralString, parameters: Params = None
) -> tuple[Any, ...]:
    """The one row of a statement that always gives one. Raises NotInstalled if it does not: the SQL is not ours."""
    row = session.execute(statement, parameters).fetchone()
    if row is None:
        raise NotInstalled(
            f"the warehouse gave no row for: {statement.splitlines()[0]}",
            hint="Its functions differ from this program's. Run: tenantry init",
        )
    return row
