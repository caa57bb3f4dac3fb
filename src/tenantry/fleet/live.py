"""The warehouse as a Fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from pydantic import SecretStr

from tenantry.core.model import OWNER, Connection
from tenantry.core.model import Feed as FeedRow
from tenantry.db.queries import query
from tenantry.fleet.model import Alerts, Feed, Fleet, Job, Reader, Source, Tenant
from tenantry.flow.alert import route
from tenantry.flow.job import table as jobs
from tenantry.flow.job.table import Cron
from tenantry.flow.job.table import Job as JobRow
from tenantry.flow.template import stored
from tenantry.flow.tenant import reader


@dataclass(frozen=True)
class Live:
    """What a warehouse has. Besides the fleet: its jobs as they are, and those that no file can declare; who stores
    them (None: there is no cron); the tenants whose drop has begun; and tenant and template of feeds whose drop was
    interrupted.
    """

    fleet: Fleet
    jobs: Mapping[str, JobRow]
    others: Sequence[JobRow]
    cron: Cron | None
    dropping: Sequence[str]
    leftovers: Sequence[tuple[str, str]]


def read(session: psycopg.Connection, *, secrets: bool = True) -> Live:
    """Return everything that a file could declare, in one snapshot, with the passwords of the sources or without.

    It leaves out jobs without a name, jobs of other roles or for other databases, and feeds without a template. A job
    that is paused until its tenant is enabled, or loaded again after a restore, counts as active.
    """
    with session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        names = [row[0] for row in session.execute(query("template", "names"))]
        connections = {
            row[0]: _source(row[:5], row[5], row[6])
            for row in session.execute(
                query("fleet", "connections") if secrets else query("fleet", "addresses")
            )
        }
        queries = {(own.tenant, own.template): own.query for own in stored.overrides(session)}
        feeds: dict[str, dict[str, Feed]] = {}
        for schema, of_template, connection, storage in session.execute(query("fleet", "feeds")):
            feeds.setdefault(schema, {})[of_template] = Feed(
                connection, storage, queries.get((schema, of_template))
            )
        rows = session.execute(query("fleet", "tenants")).fetchall()
        resting = {jobid for row in rows for jobid in row[3]}
        resting |= {row[0] for row in session.execute(query("recovery", "waiting_jobs"))}
        cron = jobs.cron(session)
        every = jobs.all_jobs(session)
        found = {
            job.name: job
            for job in every
            if job.name and job.username == OWNER and job.database == session.info.dbname
        }
        declarable = {job.jobid for job in found.values()}
        others = [job for job in every if job.jobid not in declarable]
        hidden = route.secrets(session) if secrets else {}
        leftovers = session.execute(query("fleet", "leftovers")).fetchall()
        fleet = Fleet(
            templates={name: stored.get(session, name) for name in names},
            connections=connections,
            other_connections=False,
            tenants={row[0]: Tenant(row[0], row[1], feeds.get(row[0], {}), row[2]) for row in rows},
            readers={known.name: _reader(known) for known in reader.readers(session) if known.exists},
            jobs={
                name: Job(name, job.schedule, job.command, job.active or job.jobid in resting)
                for name, job in found.items()
            },
            alerts={one.name: Alerts(one, hidden.get(one.name)) for one in route.every(session)},
        )
    return Live(fleet, found, others, cron, [row[0] for row in rows if row[4]], leftovers)


def unloaded(session: psycopg.Connection) -> dict[FeedRow, int]:
    """Feeds of enabled tenants that were never loaded (0) or have missing days, with the number of those."""
    return {FeedRow(*row[:6]): row[6] for row in session.execute(query("fleet", "unloaded"))}


def _source(
    address: tuple[str, str, int, str, str], options: dict[str, object], password: str | None
) -> Source:
    texts = {key: _text(value) for key, value in sorted(options.items())}
    return Source(Connection(*address, options=texts), None if password is None else SecretStr(password))


def _text(value: object) -> str:
    """A value of `options` as libpq gets it: one written by hand may be a number or a Boolean."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reader(known: reader.Reader) -> Reader:
    limit = None if known.connections < 0 else known.connections
    tenants = None if known.tenants is None else tuple(sorted(known.tenants))
    return Reader(known.name, tenants, limit, known.statement_timeout)
