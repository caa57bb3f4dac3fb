"""Backups: everything that a warehouse knows, and none of the tenants' data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from tenantry import __version__
from tenantry.core.model import OWNER
from tenantry.core.words import count
from tenantry.db import audit
from tenantry.db.connect import owner_session
from tenantry.db.migrations import applied
from tenantry.db.migrations import tables as own_tables
from tenantry.db.queries import one_row, query
from tenantry.flow.job import function
from tenantry.flow.job import table as jobs
from tenantry.flow.job.subject import is_plain
from tenantry.flow.tenant.reader import MARK
from tenantry.recovery.content import Content
from tenantry.recovery.form import FORMAT, LOGS, TRAIL, is_record

OURS = {"tables": own_tables()}
"""The tables of `_wh` that a backup holds, as an argument for queries."""

_AT_ONCE = 500
"""Rows of a long table in memory."""


@dataclass(frozen=True)
class Summary:
    """What a backup holds, in numbers and without secrets. `passwords` are the roles whose password is in it.

    `own_functions` are the definitions of operators' functions, and `other_jobs` are those whose commands are more than
    calls of Tenantry's functions: what a restore would run, or let run, as whadmin. `row_count` rows were in the feeds;
    they are not in the backup. `jobs_left_out` belong to other roles or databases; `not_held` is what operators have
    put into `_wh` and a backup cannot hold, such as their own tables.
    """

    made_at: str
    version: str
    database: str
    migration: int
    connections: list[str]
    secrets: int
    templates: list[str]
    tenants: list[str]
    feeds: int
    row_count: int
    readers: list[str]
    passwords: list[str]
    jobs: int
    jobs_left_out: int
    functions: int
    logs: int
    audit: int
    not_held: list[str]
    own_functions: list[str]
    other_jobs: list[dict[str, Any]]


@contextmanager
def reading(session: psycopg.Connection, *, logs: bool = True) -> Iterator[Content]:
    """Read everything that the warehouse knows, in one snapshot. The session is the administrator's, or whadmin's.

    It includes roles' passwords only if a superuser is logged in; everything else is read in a session of whadmin's. The
    log and the audit trail are not in memory: they can only be read before the block ends, each as often as needed.
    """
    with owner_session(session) as owner, owner.transaction():
        owner.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        content = _read(owner, logs=logs)
        if one_row(session, query("session", "administrator"))[1]:
            roles = content.rows("role")
            names = {"names": [role["name"] for role in roles], "mark": MARK}
            verifiers: dict[str, str] = dict(
                session.execute(query("recovery", "verifiers"), names).fetchall()
            )
            content.lines["role"] = [
                json.dumps(role | {"verifier": verifiers.get(role["name"])}) for role in roles
            ]
        yield content


def _read(session: psycopg.Connection, *, logs: bool) -> Content:
    found = jobs.all_jobs(session)
    waiting = {row[0] for row in session.execute(query("recovery", "waiting_jobs"))}
    mine = [job for job in found if job.database == session.info.dbname and job.username == OWNER]
    about = {
        "tenantry_backup": FORMAT,
        "version": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": session.info.dbname,
        "migrations": sorted(applied(session)),
        "jobs_left_out": len(found) - len(mine),
        "not_held": [row[0] for row in session.execute(query("recovery", "not_held"), OURS)],
    }
    lines = _tables(session)
    lines["secret"] = [row[0] for row in session.execute(query("recovery", "secrets"))]
    lines["feed"] = [row[0] for row in session.execute(query("recovery", "contents"))]
    own = session.execute(query("recovery", "own_functions"), {"ours": function.delivered()})
    lines["function"] = [json.dumps(row[0]) for row in own]
    lines["job"] = [
        json.dumps(
            {
                "jobid": job.jobid,
                "name": job.name,
                "schedule": job.schedule,
                "command": job.command,
                "active": job.active or job.jobid in waiting,
            }
        )
        for job in mine
    ]
    lines["role"] = _roles(session)
    if not logs:
        return Content(about, lines)
    snapshot = _Snapshot(session)
    return Content(about, lines, snapshot.counted(), snapshot)


@dataclass(frozen=True)
class _Snapshot:
    """The long kinds, as the session's transaction sees them."""

    session: psycopg.Connection

    def counted(self) -> dict[str, int]:
        """The number of records of each kind."""
        return {kind: sum(map(self._count, tables)) for kind, tables in self._tables().items()}

    def texts(self, kind: str) -> Iterator[str]:
        """The rows of a kind's tables, some at a time."""
        for table in self._tables()[kind]:
            rows = sql.SQL("SELECT (to_jsonb(t) - '{{restored_at,restored_by}}'::text[])::text FROM {} t")
            with self.session.cursor(name="tenantry_backup") as cursor:
                cursor.itersize = _AT_ONCE
                for row in cursor.execute(rows.format(table)):
                    yield row[0]

    def _count(self, table: sql.Identifier) -> int:
        row = self.session.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
        return int(row[0]) if row else 0

    def _tables(self) -> dict[str, list[sql.Identifier]]:
        """The tables of each kind: of the trail, the entries made here and those that were restored."""
        return {
            f"table {LOGS}": [sql.Identifier("_wh", LOGS)],
            TRAIL: [sql.Identifier("_wh_audit", table) for table in audit.readable(self.session)],
        }


def note(session: psycopg.Connection, size: int) -> None:
    """Record in the warehouse that a backup of that many bytes was written."""
    session.execute(query("recovery", "put_backup"), {"bytes": size})


def summary(content: Content) -> Summary:
    """Summarize the content, without secrets."""

    def names(table: str, column: str) -> list[str]:
        return sorted(row[column] for row in content.rows(f"table {table}"))

    feeds = content.rows("feed")
    return Summary(
        made_at=content.about["made_at"],
        version=content.about["version"],
        database=content.about["database"],
        migration=max(content.about["migrations"]),
        connections=names("tenant_connections", "tenant_name"),
        secrets=len(content.lines.get("secret", [])),
        templates=names("mv_templates", "template_name"),
        tenants=names("tenants", "schema_name"),
        feeds=len(feeds),
        row_count=sum(feed["row_count"] for feed in feeds),
        readers=names("readers", "reader_name"),
        passwords=sorted(role["name"] for role in content.rows("role") if role["verifier"]),
        jobs=len(content.lines.get("job", [])),
        jobs_left_out=content.about["jobs_left_out"],
        functions=len(content.lines.get("function", [])),
        logs=content.count(f"table {LOGS}"),
        audit=content.count(TRAIL),
        not_held=content.about.get("not_held", []),
        own_functions=content.rows("function"),
        other_jobs=[
            {key: job[key] for key in ("name", "schedule", "command")}
            for job in content.rows("job")
            if not is_plain(job["command"])
        ],
    )


def problems(content: Content) -> dict[str, str]:
    """Find what no warehouse would accept from a backup, and why, as far as that is clear without one: it reads every record."""
    found = {
        function.label(definition): reason
        for definition in content.rows("function")
        if (reason := function.refusal(definition))
    }
    for kind in content.kinds():
        table = kind.removeprefix("table ")
        if table != kind and table not in OURS["tables"]:
            found[f"table _wh.{table}"] = f"backups do not hold it; {count(content.count(kind), 'row')}"
        elif kind in content.counted:
            odd = sum(not is_record(text) for text in content.texts(kind))
            if odd:
                name = "the audit trail" if kind == TRAIL else f"table _wh.{table}"
                found[name] = f"{odd} of {content.count(kind)} rows are not valid"
    return found


def _tables(session: psycopg.Connection) -> dict[str, list[str]]:
    lines = {}
    for (table,) in session.execute(query("recovery", "tables"), OURS | {"without": [LOGS]}).fetchall():
        rows = session.execute(
            sql.SQL("SELECT to_jsonb(t)::text FROM _wh.{} t").format(sql.Identifier(table))
        )
        lines[f"table {table}"] = [row[0] for row in rows]
    return lines


def _roles(session: psycopg.Connection) -> list[str]:
    roles = session.execute(query("recovery", "roles")).fetchall()
    return [
        json.dumps(
            {
                "name": name,
                "connections": limit,
                "settings": settings,
                "settings_here": here,
                "valid_until": until,
                "member_of": groups,
                "verifier": None,
            }
        )
        for name, limit, settings, here, until, groups in roles
    ]
