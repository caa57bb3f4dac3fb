"""New columns of a template in its tables and views, in steps that lock few relations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import DatabaseError
from tenantry.core.words import count
from tenantry.db.queries import one_row, query
from tenantry.flow.slice import room


@dataclass(frozen=True)
class Behind:
    """Views that lack columns of their template: the public one, and those of `tenants`. `in_steps`: they can get them one after
    the other.
    """

    in_steps: bool
    public: bool
    tenants: Sequence[str]


def behind(session: psycopg.Connection, template: str) -> Behind:
    """Return which views of a template lack columns."""
    return Behind(*one_row(session, query("template", "behind"), {"template": template}))


def widen(session: psycopg.Connection, template: str) -> None:
    """Give the tables of all tenants a template's new columns. In `partition` storage, PostgreSQL changes them all in one
    statement, because they are partitions of one table.

    Raises DatabaseError if the server has no room for so many locks.
    """
    names = {"template": template}
    try:
        with session.transaction():
            session.execute(query("template", "widen"), names)
    except psycopg.errors.OutOfMemory as error:
        (tables,) = one_row(session, query("template", "widened"), names)
        raise DatabaseError(
            f"a new column of {template} locks {count(tables, 'table')} of all tenants at once, for which the server has no room",
            hint=room.room(session).advice(template, tables),
            sqlstate=error.sqlstate,
        ) from error


def show(session: psycopg.Connection, template: str) -> None:
    """Give the views that lack columns of a template these columns, each in its own transaction: first the public view, so that
    loads find it finished and do not change the views of all tenants themselves.
    """
    names = {"template": template}
    todo = behind(session, template)
    if not todo.in_steps:
        return
    if todo.public:
        session.execute(query("template", "show_public"), names)
    for tenant in todo.tenants:
        session.execute(query("template", "show_tenant"), {**names, "schema": tenant})
