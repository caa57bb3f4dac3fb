"""Jobs: the rows of cron.job, in pg_cron's schema or in Tenantry's own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, LiteralString, TypeVar

import psycopg

from tenantry.core.errors import NotInstalled
from tenantry.core.model import OWNER
from tenantry.db.connect import acting, as_login, is_administrators
from tenantry.db.queries import one_row, query
from tenantry.flow.job.subject import Kind, Subject, subject

T = TypeVar("T")

Cron = Literal["pg_cron", "own"]
"""Who stores the jobs: the extension, or Tenantry's own schema, which `tenantry scheduler` serves."""


@dataclass(frozen=True)
class Job:
    """A row of cron.job. `template`, `schema` and `connection` are what its command names, None if unknown."""

    jobid: int
    name: str | None
    schedule: str
    command: str
    active: bool
    database: str
    username: str
    kind: Kind
    template: str | None
    schema: str | None
    connection: str | None

    def __str__(self) -> str:
        return self.name or f"job {self.jobid}"


def cron(session: psycopg.Connection) -> Cron | None:
    """Who stores the jobs of this database; None if it has no schema cron, or one that the session's role may not use."""
    found: Cron | None = one_row(session, query("job", "cron"), {"group": acting(session) != OWNER})[0]
    return found


def by_role(session: psycopg.Connection, name: str) -> LiteralString:
    """The query `name`, or its replacement for a session that acts as a group, which sees whadmin's jobs through functions of `_wh`."""
    return query("job", name if acting(session) == OWNER else f"{name}_of_whadmin")


def all_jobs(session: psycopg.Connection) -> list[Job]:
    """All visible jobs, by jobid; none without cron.

    pg_cron shows a role only its own jobs. Tenantry's jobs are whadmin's, but somebody may have created jobs as another
    role. So both whadmin and the login look for jobs. `hidden_from` tells whether some may be hidden from both.
    """
    found = {job.jobid: job for seen in as_each_role(session, _seen) for job in seen}
    return [found[jobid] for jobid in sorted(found)]


def hidden_from(session: psycopg.Connection) -> str | None:
    """The login from which other roles' jobs may be hidden; None if it, or whadmin, sees all jobs."""
    if cron(session) != "pg_cron":
        return None
    if not all(as_each_role(session, lambda opened: one_row(opened, query("job", "hides"))[0])):
        return None
    login: str = one_row(session, query("session", "login"))[0]
    return login


def as_each_role(session: psycopg.Connection, ask: Callable[[psycopg.Connection], T]) -> list[T]:
    """The results for the session's role, and for the login if that is another role."""
    answers = [ask(session)]
    if _acts_for_another(session):
        with session.transaction(), as_login(session) as login:
            if _may_look(session, login):
                answers.append(ask(login))
    return answers


def _acts_for_another(session: psycopg.Connection) -> bool:
    if is_administrators(session):
        return True
    if acting(session) != OWNER:
        return False
    return session.info.user != OWNER and bool(one_row(session, query("job", "acts_for_another"))[0])


def _may_look(session: psycopg.Connection, login: psycopg.Connection) -> bool:
    """An administrator reads pg_cron's schema, but never whadmin's."""
    return login is session or bool(one_row(login, query("job", "of_extension"))[0])


def _seen(session: psycopg.Connection) -> list[Job]:
    if cron(session) is None:
        return []
    here = session.info.dbname
    found = []
    for jobid, name, schedule, command, active, database, username in session.execute(
        by_role(session, "all")
    ):
        # The names in another database's job refer to that database.
        about = subject(command) if database == here else Subject()
        found.append(
            Job(
                jobid,
                name,
                schedule,
                command,
                active,
                database,
                username,
                about.kind,
                about.template,
                about.schema,
                about.connection,
            )
        )
    return found


def of_tenant(session: psycopg.Connection, schema: str) -> list[Job]:
    """The jobs whose command works on this tenant and no other, whatever their names."""
    return [job for job in all_jobs(session) if job.schema == schema]


def set_active(session: psycopg.Connection, jobids: Collection[int], active: bool) -> list[int]:
    """Pause or resume jobs; return the jobids of those that were changed."""
    return _change(session, "set_active", jobids, active=active)


def remove(session: psycopg.Connection, jobids: Collection[int]) -> list[int]:
    """Remove jobs; return the jobids of those that existed. Running jobs finish, and the records of their runs stay."""
    return _change(session, "remove", jobids)


def _change(session: psycopg.Connection, name: str, jobids: Collection[int], **how: bool) -> list[int]:
    def change(opened: psycopg.Connection, chosen: Collection[int]) -> set[int]:
        rows = opened.execute(by_role(opened, name), {"jobids": list(chosen), **how})
        return {row[0] for row in rows}

    if not jobids:
        return []
    with session.transaction():
        others = set(jobids) - {job.jobid for job in _seen(session)}
        done = change(session, jobids)
        if others and _acts_for_another(session):
            with as_login(session) as login:
                if _may_look(session, login):
                    done |= change(login, others)
    return sorted(done)


def put(session: psycopg.Connection, name: str, schedule: str, command: str) -> int:
    """Create a job of the session's role, or change the job with that name; return its jobid.

    Raises:
        NotInstalled: the database has no cron.
        InputError: the schedule is invalid (through the session's errors).
    """
    if cron(session) is None:
        raise NotInstalled("this database has no schema cron to keep jobs in", hint="Run: tenantry init")
    jobid: int = one_row(
        session, query("job", "put"), {"name": name, "schedule": schedule, "command": command}
    )[0]
    return jobid
