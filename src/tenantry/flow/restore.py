"""Restoring a backup into an empty warehouse: everything but the tenants' data, which their sources still have."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from tenantry.core.errors import InputError, TenantryError, WarehouseUnreachable
from tenantry.core.model import OWNER
from tenantry.db.errors import translated
from tenantry.db.install import install
from tenantry.db.migrations import applied
from tenantry.db.passwords import verifier
from tenantry.db.queries import one_row, query
from tenantry.flow import jobs, log, reader, tenant
from tenantry.flow.backup import Content

_AT_ONCE = 1000
"""Rows in one INSERT."""

_LEFT_OUT = {"slices", "template_columns", "template_indexes"}
"""Tables that say what data there are, of which there are none after a restore, and what is read out of the templates anew."""


@dataclass(frozen=True)
class LeftOut:
    """A thing of a backup that could not be made here."""

    what: str
    reason: str


@dataclass
class Restored:
    """What was restored. `generated` are passwords, by role, that the backup did not hold.

    `kept` roles were there and have the password that they had; `lost` jobs cannot be kept here. `left_out` is what could
    not be made, with the reason: everything else was.
    """

    tenants: list[str]
    connections: int
    jobs: int
    generated: dict[str, str] = field(default_factory=dict, repr=False)
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @contextmanager
    def item(self, session: psycopg.Connection, what: str) -> Iterator[None]:
        """Make one thing in a savepoint; if that cannot be, go on without it."""
        try:
            with translated(), session.transaction():
                yield
        except WarehouseUnreachable:
            raise
        except TenantryError as error:
            self.left_out.append(LeftOut(what, error.message))


def run(session: psycopg.Connection, content: Content, passwords: Mapping[str, str]) -> Restored:
    """Make the session's database the warehouse of a backup, as its administrator, in one transaction.

    What cannot be made here is left out and told of (`Restored.left_out`); each thing has a savepoint of its own.

    `passwords` are for roles that are made now and whose passwords are not to be the backup's. Jobs are paused until the
    tenants' data are pulled again; what each feed held is in `_wh.rebuilds`.

    Raises:
        InputError: the database holds tenants already, or a role that is not Tenantry's is in a reader's place.
        NotInstalled: the warehouse here is newer than the program.
    """
    reader.require_administrator(session)
    names = sorted(row["schema_name"] for row in content.rows("table tenants"))
    readers = {row["reader_name"]: row["tenants"] for row in content.rows("table readers")}
    with session.transaction():
        _require_room(session, names, list(readers))
        there = {row[0] for row in session.execute("SELECT rolname FROM pg_roles")}
        install(session, passwords)
        result = Restored([], len(content.lines.get("table tenant_connections", [])), 0)
        result.left_out += [
            LeftOut(what, "a backup does not hold it") for what in content.about.get("not_held", [])
        ]
        session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(OWNER)))
        session.execute("SET LOCAL check_function_bodies = off")
        _fill(session, content, _schedule(session, content, result), result)
        for name in names:
            with result.item(session, f"schema {name}"):
                tenant.create_schema(session, name)
                result.tenants.append(name)
        for definition in content.rows("function"):
            with result.item(session, _function(definition)):
                session.execute(definition)
        session.execute("RESET ROLE")
        for name, tenants in readers.items():
            with result.item(session, f"reader {name}"):
                reader.put(session, name, tenants, None)
        present = {row[0] for row in session.execute("SELECT rolname FROM pg_roles")}
        for role in content.rows("role"):
            if role["name"] in passwords or role["name"] not in present:
                continue
            if role["name"] in there:
                result.kept.append(role["name"])
            else:
                with result.item(session, f"role {role['name']}"):
                    _set_up(session, role, result)
        _note(session, content, result)
    return result


def _function(definition: str) -> str:
    """A function's name, as its definition begins."""
    found = re.search(r"(FUNCTION|PROCEDURE) (.*)", definition)
    return f"{found[1].lower()} {found[2].strip()}" if found else "function"


def _note(session: psycopg.Connection, content: Content, result: Restored) -> None:
    """Keep what was left out in the log; of functions the definitions, to be run when what they need is there."""
    session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(OWNER)))
    definitions = {_function(definition): definition for definition in content.rows("function")}
    for left in result.left_out:
        context = {"definition": definitions[left.what]} if left.what in definitions else {}
        log.write(session, "restore", "WARNING", f"left out: {left.what}: {left.reason}", **context)
    session.execute("RESET ROLE")


def _require_room(session: psycopg.Connection, tenants: list[str], readers: list[str]) -> None:
    # In a database that never was a warehouse there is no table to ask.
    if applied(session):
        occupant, schema = one_row(session, query("recovery", "occupied"), {"tenants": tenants})
        if occupant:
            raise InputError(
                f'the warehouse holds tenants or connections already, such as "{occupant}"',
                hint="Restore into an empty database.",
            )
    else:
        schema = one_row(session, query("recovery", "a_schema_of"), {"tenants": tenants})[0]
    if schema:
        raise InputError(f'schema "{schema}" is there already', hint="Restore into an empty database.")
    strange = session.execute(
        query("recovery", "strange_roles"), {"names": readers, "mark": reader.MARK}
    ).fetchone()
    if strange:
        raise InputError(
            f'role "{strange[0]}" is there and was not made by tenantry reader',
            hint=f"Rename it: ALTER ROLE {strange[0]} RENAME TO ….",
        )


def _fill(session: psycopg.Connection, content: Content, jobids: Mapping[int, int], result: Restored) -> None:
    """Insert the rows. Columns that the backup does not know get their defaults."""
    order = session.execute(query("recovery", "insertion_order")).fetchall()
    theirs = {kind.removeprefix("table ") for kind in content.lines if kind.startswith("table ")}
    result.left_out += [
        LeftOut(f"table _wh.{name}", f"it is not Tenantry's; {len(content.lines[f'table {name}'])} rows")
        for name in sorted(theirs - {table for table, _ in order})
    ]
    for table, columns in order:
        lines = content.lines.get(f"table {table}", [])
        if not lines or table in _LEFT_OUT:
            continue
        if table == "tenants":
            lines = [_with_jobs(line, jobids) for line in lines]
        if table == "mv_templates":
            # The delivered ones are as they were in the backup.
            session.execute(
                query("recovery", "make_room_for_templates"),
                {"names": _names(content, table, "template_name")},
            )
        known = [name for name in columns if name in content.rows(f"table {table}")[0]]
        statement = sql.SQL(
            "INSERT INTO _wh.{table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"
            " FROM jsonb_populate_recordset(NULL::_wh.{table}, %s::jsonb) ON CONFLICT DO NOTHING"
        ).format(table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, known)))
        for start in range(0, len(lines), _AT_ONCE):
            _insert(session, statement, (table, known), lines[start : start + _AT_ONCE], result)
        _go_on_counting(session, table)
    session.execute(query("flow", "hide_parameters"))
    for secret in content.rows("secret"):
        with result.item(session, f"password of connection {secret['name']}"):
            session.execute(query("recovery", "set_secret"), secret)
    for line in content.lines.get("feed", []):
        feed = json.loads(line)
        with result.item(session, f"what {feed['schema_name']}.{feed['template_name']} held"):
            session.execute(query("recovery", "expect"), {"feeds": f"[{line}]"})


def _insert(
    session: psycopg.Connection,
    statement: sql.Composed,
    into: tuple[str, list[str]],
    lines: list[str],
    result: Restored,
) -> None:
    """Insert rows into the columns of a table at once, or if one does not fit, each by itself."""
    try:
        with translated(), session.transaction():
            session.execute(statement, (f"[{','.join(lines)}]",))
    except WarehouseUnreachable:
        raise
    except TenantryError:
        table, columns = into
        # A primary key is one name or number, or begins with two names.
        key = [column for column in columns[:2] if column == columns[0] or column.endswith("_name")]
        for line in lines:
            row = json.loads(line)
            with result.item(session, f"_wh.{table} {'.'.join(str(row[column]) for column in key)}"):
                session.execute(statement, (f"[{line}]",))


def _with_jobs(line: str, jobids: Mapping[int, int]) -> str:
    """A tenant whose paused jobs are named by their new numbers."""
    row = json.loads(line)
    if row.get("paused_jobs"):
        row["paused_jobs"] = [jobids[old] for old in row["paused_jobs"] if old in jobids]
    return json.dumps(row)


def _names(content: Content, table: str, column: str) -> list[str]:
    return [row[column] for row in content.rows(f"table {table}")]


def _go_on_counting(session: psycopg.Connection, table: str) -> None:
    """Let identity columns go on after the highest number."""
    for column, sequence in session.execute(
        query("recovery", "identity_columns"), {"table": table}
    ).fetchall():
        session.execute(
            sql.SQL("SELECT setval(%s, max({column})) FROM _wh.{table}").format(
                column=sql.Identifier(column), table=sql.Identifier(table)
            ),
            (sequence,),
        )


def _schedule(session: psycopg.Connection, content: Content, result: Restored) -> dict[int, int]:
    """Make the jobs again, all paused; those that were active are noted, to be resumed. New numbers by old ones."""
    found = content.rows("job")
    if found and jobs.cron(session) is None:
        result.lost = [job["name"] or job["command"] for job in found]
        return {}
    jobids = {}
    for job in found:
        with result.item(session, f"job {job['name'] or job['command']}"):
            if job["name"] is None:
                jobids[job["jobid"]] = one_row(session, query("recovery", "schedule_unnamed"), job)[0]
            else:
                jobids[job["jobid"]] = jobs.put(session, job["name"], job["schedule"], job["command"])
    jobs.set_active(session, list(jobids.values()), False)
    waiting = [jobids[job["jobid"]] for job in found if job["active"] and job["jobid"] in jobids]
    session.execute(query("recovery", "keep_waiting"), {"jobids": waiting})
    result.jobs = len(jobids)
    return jobids


def _set_up(session: psycopg.Connection, role: Mapping[str, Any], result: Restored) -> None:
    """Give a role that was made now its password, limit and settings."""
    name = sql.Identifier(role["name"])
    if role["verifier"] is None:
        result.generated[role["name"]] = secrets.token_urlsafe(24)
        password = verifier(session, role["name"], result.generated[role["name"]])
    else:
        password = sql.Literal(role["verifier"])
    session.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, password))
    session.execute(
        sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}").format(name, sql.Literal(role["connections"]))
    )
    if role.get("valid_until"):
        session.execute(
            sql.SQL("ALTER ROLE {} VALID UNTIL {}").format(name, sql.Literal(role["valid_until"]))
        )
    here = sql.SQL(" IN DATABASE {}").format(sql.Identifier(session.info.dbname))
    settings = [(setting, sql.SQL("")) for setting in role["settings"]]
    for setting, place in settings + [(setting, here) for setting in role.get("settings_here", [])]:
        with result.item(session, f"setting {setting} of role {role['name']}"):
            _set(session, sql.SQL("ALTER ROLE {}").format(name) + place, setting)
    for group in role.get("member_of", []):
        with result.item(session, f"membership of role {role['name']} in {group}"):
            session.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name))


def _set(session: psycopg.Connection, whose: sql.Composable, setting: str) -> None:
    # A value is kept as SET would take it, lists with their quotes; FROM CURRENT takes it over as it is.
    key, _, value = setting.partition("=")
    former = one_row(session, query("recovery", "swap_setting"), {"name": key, "value": value})[0]
    session.execute(sql.SQL("{} SET {} FROM CURRENT").format(whose, sql.Identifier(key)))
    one_row(session, query("recovery", "swap_setting"), {"name": key, "value": former})
