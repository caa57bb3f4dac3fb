"""Jobs whose commands call what an adopted warehouse no longer has, and what to put in their place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus

from tenantry.core import syntax
from tenantry.db.queries import query

_TODAY = sql.SQL(
    "SELECT _wh.update_mv_by_template({template}, {connection}, {schema}, _wh.current_date_utc());"
)
_WINDOW = sql.SQL(
    "CALL _wh.refresh_window({template}, {connection}, {schema}, {days}, only_changed => true);"
)
_YEAR = sql.SQL(
    "SELECT _wh.create_combined_table_from_template_by_year({template}, {schema},"
    " EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL '1 year')::integer);"
)


@dataclass(frozen=True)
class Broken:
    """A job whose command cannot run any longer, why, and the command that does the same; None if that cannot be told."""

    jobid: int
    name: str
    command: str
    error: str
    replacement: str | None


def broken(session: psycopg.Connection, owner: psycopg.Connection) -> list[Broken]:
    """The jobs of before whose commands do not fit what there is now. whadmin's session parses them, and runs none."""
    feeds = owner.execute(query("install", "adopt_feeds")).fetchall()
    jobs = session.execute(query("install", "adopt_jobs")).fetchall()
    return [
        Broken(jobid, name, command, error, _replacement(owner, command, feeds))
        for jobid, name, command in jobs
        if (error := _error(owner, command))
    ]


def fix(session: psycopg.Connection, jobs: Sequence[Broken]) -> list[Broken]:
    """Put the replacements in place, as the administrator; returns the jobs that were changed."""
    fixed = [job for job in jobs if job.replacement]
    with session.transaction():
        for job in fixed:
            session.execute(
                query("install", "adopt_fix_job"), {"jobid": job.jobid, "command": job.replacement}
            )
    return fixed


def _error(owner: psycopg.Connection, command: str) -> str | None:
    """What PostgreSQL says to a command when it only analyses it; None if it finds all that it names."""
    try:
        parsed = syntax.parse(command)
    except syntax.Unreadable as error:
        return error.message
    for statement in parsed:
        begin = statement.stmt_location or 0
        text = command[begin : begin + statement.stmt_len] if statement.stmt_len else command[begin:]
        with owner.transaction(force_rollback=True):
            owner.execute(query("scheduler", "path_of_the_role"))
            # The server takes one statement, and runs nothing: no EXPLAIN, which computes what it can while it plans.
            result = owner.pgconn.prepare(b"", text.encode())
            if result.status == ExecStatus.FATAL_ERROR:
                return result.get_error_message().splitlines()[0].removeprefix("ERROR:").strip()
    return None


def _replacement(
    owner: psycopg.Connection, command: str, feeds: Sequence[tuple[str, str, str]]
) -> str | None:
    """The command for what an old one did, by the names that it holds and the name of the function that it calls."""
    named = set(re.findall(r"'((?:[^']|'')*)'", command))
    found = [feed for feed in feeds if feed[0] in named and feed[2] in named]
    called = re.findall(r"_wh\.(\w+)\s*\(", command)
    if len(found) != 1 or not called:
        return None
    names = dict(zip(("template", "connection", "schema"), map(sql.Literal, found[0]), strict=True))
    if re.search("combin|fold|year", called[0]):
        return _YEAR.format(**names).as_string(owner)
    days = re.search(r"(\d+)\s*days?\b", command)
    if days or re.search("window|week", called[0]):
        return _WINDOW.format(**names, days=sql.Literal(int(days[1]) if days else 14)).as_string(owner)
    return _TODAY.format(**names).as_string(owner)
