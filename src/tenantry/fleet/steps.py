"""What is done for each kind of change. Each step can be repeated, and interrupted at any point."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import SliceError
from tenantry.db.queries import query
from tenantry.embedded.server import Server
from tenantry.fleet.change import Change, Kind
from tenantry.fleet.model import Tenant
from tenantry.fleet.plan import Plan
from tenantry.flow.alert import route
from tenantry.flow.job import subject, table
from tenantry.flow.slice import move
from tenantry.flow.slice.feed import open_feed
from tenantry.flow.source import connection as connections
from tenantry.flow.template import drop as template_drop
from tenantry.flow.template import load, override
from tenantry.flow.tenant import drop, reader
from tenantry.flow.tenant import jobs as tenant_jobs
from tenantry.flow.tenant import schema as tenant
from tenantry.flow.tenant import state as states
from tenantry.loader import enable_tenant
from tenantry.loader import run as backfill
from tenantry.loader.events import Watcher


@dataclass(frozen=True)
class Means:
    """What steps need besides their session: the conninfo for loads, who watches those, and a session of the
    administrator.

    With `test`, log in to a source before its address or password is stored, and try a tenant's own query there.
    """

    conninfo: str
    watcher: Watcher
    administrator: Callable[[], AbstractContextManager[tuple[psycopg.Connection, Server | None]]]
    test: bool = True


class Steps:
    """The steps of one plan."""

    def __init__(self, session: psycopg.Connection, plan: Plan, means: Means) -> None:
        self._session = session
        self._wanted = plan.wanted
        self._live = plan.live
        self._means = means
        self._making: dict[Kind, Callable[[Change], None]] = {
            "template": self._put_template,
            "connection": self._put_connection,
            "tenant": self._put_tenant,
            "feed": self._put_feed,
            "query": self._put_query,
            "storage": self._move,
            "job": self._put_job,
            "state": self._set_state,
            "reader": self._put_reader,
            "alert": self._put_alerts,
        }
        self._removing: dict[Kind, Callable[[Change], None]] = {
            "alert": self._drop_alerts,
            "job": self._remove_job,
            "reader": self._remove_reader,
            "feed": self._remove_feed,
            "tenant": self._remove_tenant,
            "connection": self._remove_connection,
            "template": self._remove_template,
        }

    def run(self, change: Change) -> None:
        """Make one change, in its own transaction, or in several that can be repeated."""
        steps = self._removing if change.action == "remove" else self._making
        steps[change.kind](change)

    def _tenant(self, name: str) -> Tenant:
        return (self._wanted.tenants or {})[name]

    # Making -----------------------------------------------------------------------------------------------------------

    def _put_template(self, change: Change) -> None:
        load.load(self._session, [(self._wanted.templates or {})[change.name]])

    def _put_connection(self, change: Change) -> None:
        source = self._wanted.connections[change.name]
        password = source.password.get_secret_value() if source.password else None
        store = connections.replace if self._means.test else connections.put
        store(self._session, source.connection, password)

    def _put_tenant(self, change: Change) -> None:
        there = (self._live.fleet.tenants or {}).get(change.name)
        with self._session.transaction():
            tenant.create_schema(self._session, change.name)
            for name, feed in self._tenant(change.name).feeds.items():
                if there and name in there.feeds:
                    open_feed(self._session, name, feed.connection, change.name)
            self._name_connection(change.name)

    def _put_feed(self, change: Change) -> None:
        name = change.template or ""
        with self._session.transaction():
            open_feed(self._session, name, self._tenant(change.name).feeds[name].connection, change.name)
            self._name_connection(change.name)

    def _name_connection(self, name: str) -> None:
        """The main connection of a tenant whose feeds use several."""
        self._session.execute(
            query("fleet", "put_tenant"), {"schema": name, "connection": self._tenant(name).connection}
        )

    def _put_query(self, change: Change) -> None:
        template, text = change.template or "", self._tenant(change.name).feeds[change.template or ""].query
        if text is None:
            override.drop(self._session, template, change.name)
        elif self._means.test:
            override.put(self._session, template, change.name, text)
        else:
            override.put_untried(self._session, template, change.name, text)

    def _move(self, change: Change) -> None:
        (storage,) = change.details
        move.run(self._session, change.template or "", storage.new or "", change.name, lambda step: None)

    def _put_job(self, change: Change) -> None:
        job = (self._wanted.jobs or {})[change.name]
        with self._session.transaction():
            jobid = table.put(self._session, job.name, job.schedule, job.command)
            schema = subject.subject(job.command).schema
            rests = self._session.execute(
                query("fleet", "rest_job"), {"schema": schema, "jobid": jobid, "active": job.active}
            ).fetchone()
            restored = (jobid,) in self._session.execute(query("recovery", "waiting_jobs")).fetchall()
            table.set_active(self._session, [jobid], job.active and not rests and not restored)

    def _set_state(self, change: Change) -> None:
        reason = self._tenant(change.name).disabled
        if reason is None:
            self._enable(change.name)
        elif states.disable(self._session, change.name, reason) is None:
            self._session.execute(query("fleet", "set_reason"), {"schema": change.name, "reason": reason})

    def _enable(self, name: str) -> None:
        state = states.get_whole(self._session, name)
        done = enable_tenant.enable(
            self._means.conninfo, state, backfill.Limits(), lambda step, told: None, self._means.watcher
        )
        if not done.enabled:
            raise SliceError(
                f"{name} stays disabled, because days are missing or differ from the source",
                hint=f"To see which: tenantry tenant enable {name}. What was loaded is kept.",
            )

    def _put_reader(self, change: Change) -> None:
        wanted = (self._wanted.readers or {})[change.name]
        password = wanted.password.get_secret_value() if wanted.password else None
        with self._means.administrator() as (session, server):
            reader.put(
                session,
                wanted.name,
                wanted.tenants,
                password,
                connections=wanted.connections,
                statement_timeout=wanted.statement_timeout,
            )
            if password is not None and server:
                server.save_password(wanted.name, password)

    def _put_alerts(self, change: Change) -> None:
        wanted = (self._wanted.alerts or {})[change.name]
        route.put(self._session, wanted.route, wanted.secret)

    # Removing ---------------------------------------------------------------------------------------------------------

    def _drop_alerts(self, change: Change) -> None:
        route.drop(self._session, change.name)

    def _remove_job(self, change: Change) -> None:
        table.remove(self._session, [self._live.jobs[change.name].jobid])

    def _remove_reader(self, change: Change) -> None:
        with self._means.administrator() as (session, _):
            reader.drop(session, change.name)

    def _remove_feed(self, change: Change) -> None:
        # They would create it again.
        its = [job for job in tenant_jobs.find(self._session, change.name) if job.template == change.template]
        tenant_jobs.remove(self._session, [job.jobid for job in its])
        template_drop.drop_feed(self._session, change.template or "", change.name)

    def _remove_tenant(self, change: Change) -> None:
        goods = drop.look(self._session, change.name)
        drop.run(self._session, change.name, job_ids=[job.jobid for job in goods.jobs])

    def _remove_connection(self, change: Change) -> None:
        connections.remove(self._session, change.name)

    def _remove_template(self, change: Change) -> None:
        template_drop.drop(self._session, change.name, [])
