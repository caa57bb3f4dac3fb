"""Restoring a backup into an empty warehouse: everything except the tenants' data, which their sources still have."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from tenantry.core.errors import InputError, TenantryError, WarehouseUnreachable
from tenantry.core.model import OWNER, READER
from tenantry.core.words import count
from tenantry.db import log
from tenantry.db.errors import translated
from tenantry.db.install import fill, prepare
from tenantry.db.migrations import applied
from tenantry.db.passing_login import passing_session
from tenantry.db.passwords import verifier
from tenantry.db.queries import one_row, query
from tenantry.db.roles import on_all_nodes
from tenantry.flow.job import function
from tenantry.flow.job import table as jobs
from tenantry.flow.job.subject import is_plain
from tenantry.flow.tenant import reader
from tenantry.flow.tenant import schema as tenant
from tenantry.recovery.backup import OURS
from tenantry.recovery.content import Content
from tenantry.recovery.form import LOGS, TRAIL
from tenantry.recovery.rows import (
    batches,
    go_on_counting,
    insertion,
    keys,
    names,
    with_jobs,
    with_short_description,
)

_LEFT_OUT = {"slices", "actions"}
"""Tables that only older backups hold: about present data, of which there is none after a restore; and what was asked
for: a worker would do it again, as whadmin, without anybody having checked who asks and for what.
"""

_MAY_JOIN = {"pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"}
"""Roles that a restored reader may be a member of: they monitor the server, and give access to no table and no file."""

_VERIFIER = re.compile(r"SCRAM-SHA-256\$\d+:[\w+/=]+\$[\w+/=]+:[\w+/=]+|md5[0-9a-f]{32}", re.ASCII)
"""A password as PostgreSQL stores it."""

_LISTS = {"search_path", "temp_tablespaces"}
"""Settings that are stored as a list of quoted names."""


@dataclass(frozen=True)
class LeftOut:
    """Something in a backup that could not be created here."""

    what: str
    reason: str


@dataclass
class Restored:
    """What was restored. `generated` are passwords, by role, that the backup did not hold.

    `kept` roles existed and keep their passwords; `lost` jobs cannot be stored here. `without_cluster` has the storage of
    templates that were distributed over a Citus cluster, which this database is not. `left_out` is what could not be
    created, with the reason; everything else was.
    """

    tenants: list[str]
    connections: int
    jobs: int
    generated: dict[str, str] = field(default_factory=dict, repr=False)
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    without_cluster: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    @contextmanager
    def item(self, session: psycopg.Connection, what: str) -> Iterator[None]:
        """Create one thing in a savepoint; if that fails, continue without it."""
        try:
            with translated(), session.transaction():
                yield
        except WarehouseUnreachable:
            raise
        except TenantryError as error:
            self.left_out.append(LeftOut(what, error.message))


def run(
    session: psycopg.Connection,
    content: Content,
    passwords: Mapping[str, str],
    *,
    other_jobs: bool = False,
    keep: Callable[[Mapping[str, str]], None] = lambda _: None,
) -> Restored:
    """Turn the session's database into the warehouse of a backup, as its administrator.

    In one transaction, the administrator installs the warehouse and creates the roles. In another, a login with
    whadmin's rights and no others does everything else, so that nothing in a file runs with more rights. Until that one
    has ended, the warehouse is empty, and a restore can be run again.

    What cannot be created here is left out and reported (`Restored.left_out`); each thing has its own savepoint.

    `passwords` are for new roles whose passwords should not be the backup's; `keep` gets the generated ones before
    anybody needs them. Jobs are paused until the tenants' data has been loaded again; `_wh.rebuilds` says what each
    feed held. A job whose command is more than calls of Tenantry's functions is created only with `other_jobs`.

    Raises:
        InputError: the database already holds tenants, or a role that is not Tenantry's has a reader's name.
        NotInstalled: the warehouse here is newer than the program.
    """
    reader.require_administrator(session)
    names = sorted(row["schema_name"] for row in content.rows("table tenants"))
    readers = {row["reader_name"]: row["tenants"] for row in content.rows("table readers")}
    workspaces = {row["reader_name"]: row.get("workspace") for row in content.rows("table readers")}
    if session.execute(query("recovery", "a_role"), {"name": OWNER}).fetchone():
        with passing_session(session) as owner:
            _require_empty(owner)
    _require_room(session, names, list(readers))
    result = Restored([], len(content.lines.get("table tenant_connections", [])), 0)
    with session.transaction():
        there = {row[0] for row in session.execute("SELECT rolname::text FROM pg_roles")}
        prepare(session, passwords)
        with on_all_nodes(session):
            made = _make_roles(session, content, readers, (there, passwords), result)
        _keep_trail(session, content, result)
        # A workspace is given below, where its name is checked.
        rows = [
            json.dumps(row | {"workspace": None})
            for row in content.rows("table readers")
            if row["reader_name"] in made
        ]
        content = replace(content, lines=content.lines | {"table readers": rows})
        keep(result.generated)
    with passing_session(session) as owner, owner.transaction():
        fill(owner)
        owner.execute(query("recovery", "one_restore_at_a_time"))
        _require_empty(owner)
        result.left_out += [
            LeftOut(what, "a backup does not hold it") for what in content.about.get("not_held", [])
        ]
        owner.execute("SET LOCAL check_function_bodies = off")
        _fill(owner, content, _schedule(owner, content, result, other_jobs=other_jobs), result)
        result.without_cluster = dict(owner.execute(query("recovery", "without_cluster")).fetchall())
        for name in names:
            with result.item(owner, f"schema {name}"):
                tenant.create_schema(owner, name)
                result.tenants.append(name)
        for definition in content.rows("function"):
            with result.item(owner, function.label(definition)):
                function.create(owner, definition)
        for name in made:
            with result.item(owner, f"reader {name}"):
                owner.execute(query("reader", "set_reader"), {"name": name, "tenants": readers[name]})
            if workspaces[name] is not None:
                with result.item(owner, f"workspace of reader {name}"):
                    owner.execute(
                        query("reader", "give_workspace"), {"name": name, "workspace": workspaces[name]}
                    )
        _note(owner, content, result)
    return result


def _make_roles(
    session: psycopg.Connection,
    content: Content,
    readers: Mapping[str, Any],
    known: tuple[set[str], Mapping[str, str]],
    result: Restored,
) -> list[str]:
    """Create the readers' roles, and set up those that did not exist before; return the readers that have a role now."""
    there, passwords = known
    made = []
    for name, tenants in readers.items():
        with result.item(session, f"reader {name}"):
            _make_reader(session, name, everything=tenants is None)
            made.append(name)
    for role in content.rows("role"):
        if role["name"] in passwords or role["name"] not in {OWNER, READER, *made}:
            continue
        if role["name"] in there:
            result.kept.append(role["name"])
        else:
            with result.item(session, f"role {role['name']}"):
                _set_up(session, role, result)
    return made


def _keep_trail(session: psycopg.Connection, content: Content, result: Restored) -> None:
    """Store the backup's audit trail beside the one here, into which it never goes.

    The table belongs to the administrator, as does everything in its schema: whadmin writes nothing there.
    """
    name = f"{content.about['database']}, {content.about['made_at']}"
    for batch in batches(content.texts(TRAIL)):
        with result.item(session, f"entries of the audit trail: {len(batch)}"):
            session.execute(query("audit", "keep"), {"backup": name, "entries": f"[{','.join(batch)}]"})


def _make_reader(session: psycopg.Connection, name: str, *, everything: bool) -> None:
    mark = session.execute(query("recovery", "a_role"), {"name": name}).fetchone()
    if mark is not None and mark[0] != reader.MARK:
        raise InputError("a role of that name exists and is not a reader")
    reader.put_role(session, name, exists=mark is not None)
    # The administrator must not open schemas whose names come from a file.
    reader.let_in(session, name, None if everything else [])


def _note(session: psycopg.Connection, content: Content, result: Restored) -> None:
    """Record in the log what was left out; for functions and jobs with their text, to be run once somebody has read it."""
    says = {function.label(text): text for text in content.rows("function")}
    says |= {_label(job): f"{job['schedule']} {job['command']}" for job in content.rows("job")}
    for left in result.left_out:
        context = {"definition": says[left.what]} if left.what in says else {}
        log.write(session, "restore", "WARNING", f"left out: {left.what}: {left.reason}", **context)


def _label(job: Mapping[str, Any]) -> str:
    return f"job {job['name'] or job['command']}"


def _require_empty(owner: psycopg.Connection) -> None:
    # A database that never was a warehouse has no table to ask.
    if not applied(owner):
        return
    occupant = one_row(owner, query("recovery", "occupied"))[0]
    if occupant:
        raise InputError(
            f'the warehouse holds tenants or connections already, such as "{occupant}"',
            hint="Restore into an empty database.",
        )


def _require_room(session: psycopg.Connection, tenants: list[str], readers: list[str]) -> None:
    """By PostgreSQL's own catalogs, which are all that an administrator's session reads here."""
    schema = one_row(session, query("recovery", "a_schema_of"), {"tenants": tenants})[0]
    if schema:
        raise InputError(f'schema "{schema}" already exists', hint="Restore into an empty database.")
    strange = session.execute(
        query("recovery", "strange_roles"), {"names": readers, "mark": reader.MARK}
    ).fetchone()
    if strange:
        raise InputError(
            f'role "{strange[0]}" exists and was not made by tenantry reader',
            hint=f"Rename it: ALTER ROLE {strange[0]} RENAME TO ….",
        )


def _fill(session: psycopg.Connection, content: Content, jobids: Mapping[int, int], result: Restored) -> None:
    """Insert the rows. Columns that the backup does not know get their defaults."""
    session.execute(query("source", "hide_parameters"))
    order = session.execute(query("recovery", "insertion_order")).fetchall()
    held = {row[0] for row in session.execute(query("recovery", "tables"), OURS | {"without": []})}
    theirs = {kind.removeprefix("table ") for kind in content.kinds() if kind.startswith("table ")}
    result.left_out += [
        LeftOut(f"table _wh.{name}", f"backups do not hold it; {content.count(f'table {name}')} rows")
        for name in sorted(theirs - held - _LEFT_OUT)
    ]
    for table, columns in order:
        if not content.count(f"table {table}") or table not in held:
            continue
        lines = content.texts(f"table {table}")
        if table == "tenants":
            lines = (with_jobs(line, jobids) for line in lines)
        if table == "mv_templates":
            # The delivered ones become what they were in the backup.
            session.execute(
                query("recovery", "make_room_for_templates"),
                {"names": names(content, table, "template_name")},
            )
            lines = (with_short_description(line) for line in lines)
        into: tuple[str, list[str]] | None = None
        for batch in batches(lines):
            into = into or (table, [name for name in columns if name in keys(batch[0])])
            _insert(session, into, batch, result)
        go_on_counting(session, table)
    connections = content.rows("table tenant_connections")
    ages = {row["tenant_name"]: row.get("password_set_at") for row in connections}
    for secret in content.rows("secret"):
        with result.item(session, f"password of connection {secret['name']}"):
            session.execute(query("recovery", "set_secret"), secret)
            session.execute(
                query("recovery", "keep_age"), {"name": secret["name"], "set_at": ages.get(secret["name"])}
            )
    for line in content.lines.get("feed", []):
        feed = json.loads(line)
        with result.item(session, f"what {feed['schema_name']}.{feed['template_name']} held"):
            session.execute(query("recovery", "expect"), {"feeds": f"[{line}]"})


def _insert(
    session: psycopg.Connection, into: tuple[str, list[str]], lines: list[str], result: Restored
) -> None:
    """Insert rows into the columns of a table together, or if one does not fit, one by one."""
    statement = insertion(*into)
    try:
        with translated(), session.transaction():
            session.execute(statement, (f"[{','.join(lines)}]",))
    except WarehouseUnreachable:
        raise
    except TenantryError:
        table, columns = into
        # A primary key is one name or number, or begins with two names.
        key = [column for column in columns[:2] if column == columns[0] or column.endswith("_name")]
        before = len(result.left_out)
        for line in lines:
            row = {} if table == LOGS else json.loads(line)
            with result.item(session, f"_wh.{table} {'.'.join(str(row.get(column)) for column in key)}"):
                session.execute(statement, (f"[{line}]",))
        if table == LOGS:
            # There may be millions, and none is worth a line.
            refused = result.left_out[before:]
            result.left_out[before:] = (
                [LeftOut(f"{count(len(refused), 'row')} of _wh.{table}", refused[0].reason)]
                if refused
                else []
            )


def _schedule(
    session: psycopg.Connection, content: Content, result: Restored, *, other_jobs: bool
) -> dict[int, int]:
    """Create the jobs again, all paused, and record which were active, so that they can be resumed. Returns new numbers by old ones."""
    found = content.rows("job")
    if found and jobs.cron(session) is None:
        result.lost = [job["name"] or job["command"] for job in found]
        return {}
    jobids = {}
    for job in found:
        with result.item(session, _label(job)):
            if not other_jobs and not is_plain(job["command"]):
                raise InputError(f"its command does more than call Tenantry's functions: {job['command']}")
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
    """Set the password, limit and settings of a role that was created now."""
    name = sql.Identifier(role["name"])
    if role["verifier"] is None or not _VERIFIER.fullmatch(role["verifier"]):
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
            grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name)
            if group not in _MAY_JOIN:
                raise InputError(
                    f"it may grant more than a backup should grant; to do it by hand: {grant.as_string()}"
                )
            session.execute(grant)


def _set(session: psycopg.Connection, whose: sql.Composable, setting: str) -> None:
    key, _, value = setting.partition("=")
    if not one_row(session, query("recovery", "may_set_for_itself"), {"name": key})[0]:
        raise InputError("only an administrator may set it, or this server does not know it")
    values = [value]
    if key.lower() in _LISTS:
        # Written as for SET, with names in quotes where they need them; a literal would quote everything as
        # one.
        names = re.findall(r'\s*("(?:[^"]|"")*"|[^",]+)\s*(?:,|$)', value)
        values = [name[1:-1].replace('""', '"') if name.startswith('"') else name.strip() for name in names]
    literals = sql.SQL(", ").join(map(sql.Literal, values))
    session.execute(sql.SQL("{} SET {} TO {}").format(whose, sql.Identifier(key), literals))
