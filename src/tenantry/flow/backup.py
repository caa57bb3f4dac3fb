"""Backups: all that a warehouse knows, and none of the tenants' data."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from tenantry import __version__
from tenantry.core.errors import InputError, NotInstalled
from tenantry.core.model import OWNER
from tenantry.db.build import function_files
from tenantry.db.connect import owner_session
from tenantry.db.migrations import applied, known
from tenantry.db.migrations import tables as own_tables
from tenantry.db.queries import one_row, query
from tenantry.flow import jobs
from tenantry.flow.reader import MARK

FORMAT = 1
"""Of the file, once it is decrypted: gzip; a line of JSON about the backup, then lines `kind<TAB>JSON`."""

LOGS = "function_logs"

OURS = {"tables": own_tables()}
"""The tables of `_wh` that a backup holds, as an argument of queries."""


@dataclass(frozen=True)
class Content:
    """What a backup holds. `about` is its first line; `lines` are JSON texts by kind.

    Kinds: `table NAME` (rows of `_wh.NAME`), `secret` (of connections), `feed` (what each held), `role`, `job`,
    `function` (of the operators' own).
    """

    about: dict[str, Any]
    lines: dict[str, list[str]]

    def rows(self, kind: str) -> list[Any]:
        """The values of one kind."""
        return [json.loads(line) for line in self.lines.get(kind, [])]

    def packed(self) -> bytes:
        """As bytes, not encrypted yet."""
        lines = [f"{kind}\t{line}" for kind, texts in self.lines.items() for line in texts]
        return gzip.compress("\n".join([json.dumps(self.about), *lines, ""]).encode(), mtime=0)


@dataclass(frozen=True)
class Summary:
    """What a backup holds, in numbers and without secrets. `passwords` are roles whose password is in it.

    `row_count` rows were in the feeds; they are not in the backup. `jobs_left_out` belong to other roles or databases;
    `not_held` is what operators put into `_wh` that a backup cannot hold, such as tables of their own.
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
    not_held: list[str]


def unpack(packed: bytes) -> Content:
    """The content of `Content.packed`.

    Raises:
        InputError: it is no backup.
        NotInstalled: a newer program made it.
    """
    try:
        # Not splitlines: that breaks at letters which JSON may hold as they are.
        first, *rest = gzip.decompress(packed).decode().removesuffix("\n").split("\n")
        about = json.loads(first)
        newer = about["tenantry_backup"] > FORMAT or max(about["migrations"]) > known()[-1].version
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        raise InputError("the file is no backup of Tenantry") from None
    if newer:
        raise NotInstalled(
            f"the backup is newer than this program: Tenantry {about['version']} made it",
            hint="Upgrade the program: pip install --upgrade tenantry.",
        )
    lines: dict[str, list[str]] = {}
    for line in rest:
        kind, _, text = line.partition("\t")
        lines.setdefault(kind, []).append(text)
    return Content(about, lines)


def read(session: psycopg.Connection, *, logs: bool = True) -> Content:
    """All that the warehouse knows, as of one moment. The session is the administrator's, or whadmin's.

    Passwords of roles are in it only if a superuser is logged in; all else is read in a session of whadmin's.
    """
    with owner_session(session) as owner:
        content = _read(owner, logs=logs)
    if one_row(session, query("recovery", "administrator"))[1]:
        roles = content.rows("role")
        names = {"names": [role["name"] for role in roles], "mark": MARK}
        verifiers: dict[str, str] = dict(session.execute(query("recovery", "verifiers"), names).fetchall())
        content.lines["role"] = [
            json.dumps(role | {"verifier": verifiers.get(role["name"])}) for role in roles
        ]
    return content


def _read(session: psycopg.Connection, *, logs: bool) -> Content:
    with session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
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
        lines = _tables(session, [] if logs else [LOGS])
        for kind, name in (("secret", "secrets"), ("feed", "contents")):
            lines[kind] = [row[0] for row in session.execute(query("recovery", name))]
        ours = {"ours": [file.name.removesuffix(".sql") for file in function_files()]}
        own = session.execute(query("recovery", "own_functions"), ours)
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
    return Content(about, lines)


def summary(content: Content) -> Summary:
    """What the content is, without secrets."""

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
        logs=len(content.lines.get(f"table {LOGS}", [])),
        not_held=content.about.get("not_held", []),
    )


def _tables(session: psycopg.Connection, without: list[str]) -> dict[str, list[str]]:
    lines = {}
    for (table,) in session.execute(query("recovery", "tables"), OURS | {"without": without}).fetchall():
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
