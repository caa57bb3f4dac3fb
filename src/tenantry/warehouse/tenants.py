"""Add, show, change, disable, enable, reload and drop tenants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from tenantry.core.days import today_utc
from tenantry.core.errors import InputError
from tenantry.loader.events import Silent, Watcher
from tenantry.warehouse.base import Base, Interrupted, limits_or_default

if TYPE_CHECKING:
    from tenantry.core.model import Connection, SourceFacts
    from tenantry.flow.tenant.drop import Goods
    from tenantry.loader.add_tenant import Added, Newcomer
    from tenantry.loader.enable_tenant import Enabled
    from tenantry.loader.reload_tenant import Work
    from tenantry.loader.run import Limits
    from tenantry.observe.status import TenantFacts
    from tenantry.warehouse.results import Disabled, Reloaded, SourceChanged

Step = Callable[[str, str], None]
"""Called with each finished step: its name, and its result."""


def ignore(name: str, told: str) -> None:
    """Ignore a step."""


class Tenants(Base):
    """Methods about tenants and their sources."""

    def tenants(self) -> list[TenantFacts]:
        """Return all tenants by name, with their sources and states."""
        from tenantry.observe import status

        with self.session() as opened:
            return status.tenants(opened)

    def tenant(self, name: str) -> TenantFacts:
        """Return one tenant, with its source and state. Raises InputError if it does not exist."""
        from tenantry.flow.tenant import state
        from tenantry.observe import status

        with self.session() as opened:
            state.get(opened, name)
            (found,) = status.tenants(opened, name)
            return found

    def add_tenant(
        self,
        newcomer: Newcomer,
        *,
        schedule: bool = True,
        limits: Limits | None = None,
        step: Step = ignore,
        watcher: Watcher | None = None,
    ) -> Added:
        """Add a tenant: schema, connection, all days, views, folded years, a comparison with the source, and jobs.

        Without `schedule`, or while days are missing, it gets no jobs. `step` is called with the name and the result of each finished
        step. If it stops, call it again to continue.

        Raises:
            InputError: an invalid name or template.
            SourceError: the source does not answer; nothing was created.
        """
        from tenantry.loader import add_tenant as adding
        from tenantry.schedule import setup

        with self._audited("add_tenant", newcomer.name):
            added = adding.add(self.conninfo, newcomer, limits_or_default(limits), step, watcher or Silent())
            if added.load.interrupted:
                raise Interrupted(added.load, added)
            if schedule and added.load.complete:
                added.jobs = setup.make_jobs(self.conninfo, newcomer.name, step)
            return added

    def connection(self, name: str) -> Connection | None:
        """Return the stored connection of this name, without its password, or None if there is none."""
        from tenantry.flow.source import connection as connections

        with self.session() as opened:
            return connections.find(opened, name)

    def connection_of(self, tenant: str) -> Connection:
        """Return the connection of a tenant, or the connection with this name, without its password.

        Raises InputError if there is none, or if the tenant uses several.
        """
        from tenantry.flow.source import connection as connections

        with self.session() as opened:
            return connections.of_tenant(opened, tenant)

    def try_source(self, name: str) -> SourceFacts:
        """Log in to the source of a tenant or connection, from the warehouse's server, and return what answers.

        Raises:
            InputError: there is no such tenant or connection.
            SourceError: the source refuses, or does not answer within 10 seconds.
        """
        from tenantry.flow.source import connection as connections
        from tenantry.observe import status

        with self.session() as opened:
            tenant = next(iter(status.tenants(opened, name)), None)
            return connections.probe(opened, tenant.connection if tenant else name)

    def change_source(
        self,
        connection: Connection,
        password: str | None = None,
        *,
        test: bool = True,
        safest: bool = False,
    ) -> SourceChanged:
        """Store a source's address, and its password if one is given. It takes effect at once; loads in progress end as they began.

        With `test`, the warehouse must be able to log in to the source; otherwise nothing changes. With `safest` too, an address
        without an sslmode gets the safest one that works.

        Raises SourceError if the source refuses, or does not answer within 10 seconds.
        """
        from tenantry.flow.source import connection as connections
        from tenantry.flow.source import line
        from tenantry.warehouse.results import SourceChanged

        with self._audited("change_source", connection.name), self.session() as opened:
            facts = told = None
            if test and safest:
                connection, facts, told = line.store(opened, connection, password)
            elif test:
                facts = connections.replace(opened, connection, password)
            else:
                connections.put(opened, connection, password)
            return SourceChanged(connection, facts, told, connections.users(opened, connection.name))

    def disable_tenant(self, name: str, reason: str) -> Disabled:
        """Pause a tenant's active jobs, and leave it out of calls for all tenants. Its data stays.

        A tenant that is already disabled does not change. Raises InputError for an unknown tenant, or an empty reason.
        """
        from tenantry.flow.tenant import state as states
        from tenantry.warehouse.results import Disabled

        if not reason.strip():
            raise InputError("the reason is empty", hint="Say why the tenant is disabled.")
        with self._audited("disable_tenant", name), self.session() as opened:
            paused = states.disable(opened, name, reason.strip())
            state = states.get(opened, name)
        jobs = None if paused is None else [str(job) for job in paused]
        return Disabled(name, state.disabled_at, state.reason, jobs)

    def enable_tenant(
        self, name: str, *, limits: Limits | None = None, step: Step = ignore, watcher: Watcher | None = None
    ) -> Enabled:
        """Bring a disabled tenant up to date, compare it with its source, and resume the jobs that were paused.

        If days are missing or differ, the tenant stays disabled: `enabled` is False. A tenant that is not disabled does not change.
        `step` is called with the name and the result of each finished step.

        Raises:
            InputError: the tenant does not exist, or is being dropped.
            Interrupted: Ctrl-C; what was loaded is kept, and the same call continues.
            SourceError: the source does not answer; nothing was changed.
        """
        from tenantry.flow.tenant import state as states
        from tenantry.loader import enable_tenant as enabling

        with self.session() as opened:
            state = states.get_whole(opened, name)
        if state.disabled_at is None:
            return enabling.Enabled(name, enabled=True, already=True)
        with self._audited("enable_tenant", name):
            done = enabling.enable(self.conninfo, state, limits_or_default(limits), step, watcher or Silent())
            if done.loads and done.loads[-1].interrupted:
                raise Interrupted(done.loads[-1], done)
            return done

    def tenant_work(
        self,
        name: str,
        templates: Sequence[str] = (),
        first: date | None = None,
        last: date | None = None,
        *,
        since: datetime | None = None,
    ) -> list[Work]:
        """What `reload_tenant` loads: the days of each feed, and the rows and seconds of their last loads.

        The days range from `first` (default: the first day of the source) to `last` (default: today), without those that were loaded
        after `since`. `templates` are some of the tenant's; none means all.

        Raises:
            InputError: an unknown tenant or template, or days that would be emptied because the source no longer has them.
            SourceError: the source refuses or does not answer.
        """
        from tenantry.loader import reload_tenant

        with self.session() as opened:
            feeds = reload_tenant.tenant_feeds(opened, name, templates)
            spans = [
                (feed, reload_tenant.reload_span(opened, feed, first, last or today_utc())) for feed in feeds
            ]
            return [reload_tenant.reload_work(opened, feed, span, since) for feed, span in spans]

    def reload_tenant(
        self,
        name: str,
        work: Sequence[Work] | None = None,
        *,
        since: datetime | None = None,
        limits: Limits | None = None,
        begun: Callable[[datetime], None] = lambda moment: None,
        watcher: Watcher | None = None,
    ) -> Reloaded:
        """Load every day of a tenant again, or the days of `tenant_work`, then compare them with the source.

        Nothing is dropped: reports see a day's earlier rows until the new ones replace them. `begun` is called with the time from
        which on days count as loaded by this call: to continue after an interruption, give that as `since`.

        Raises what `tenant_work` raises, and Interrupted after Ctrl-C.
        """
        from tenantry.loader import reload_tenant, run, verify
        from tenantry.warehouse.results import Reloaded

        chosen = self.tenant_work(name, since=since) if work is None else work
        how = limits_or_default(limits)
        with self._audited("reload_tenant", name):
            with self.session() as opened:
                begun(since or reload_tenant.begin(opened, name, chosen))
            plans = [item.plan for item in chosen]
            result = run.run(self.conninfo, plans, how, watcher or Silent(), name="tenant reload")
            if result.interrupted:
                raise Interrupted(result, Reloaded(result, ()))
            spans = {item.plan.feed: item.span for item in chosen if result.complete}
            return Reloaded(result, verify.settle(self.conninfo, spans, how, watcher or Silent()))

    def tenant_goods(self, name: str) -> Goods:
        """What `drop_tenant` would drop: jobs, days, rows, bytes, and the connections that no other tenant uses.

        Raises InputError for an unknown tenant, and if other people's objects would be dropped with it.
        """
        from tenantry.flow.tenant import drop as dropping

        with self.session() as opened:
            goods = dropping.look(opened, name)
            dropping.refuse_foreign(goods)
            return goods

    def drop_tenant(
        self,
        name: str,
        *,
        keep_connection: bool = False,
        watch: Callable[[int], None] = lambda relations: None,
    ) -> Goods:
        """Drop a tenant with its jobs, its data and, unless `keep_connection`, its connections. This cannot be undone.

        One transaction takes the tenant out of all reports; the rest of a large tenant is dropped in pieces afterwards, and `watch` is
        called with the number of relations of each. It waits for loads in progress. If it stops, call it again to finish. Returns what was
        dropped.

        Raises what `tenant_goods` raises.
        """
        from tenantry.flow.tenant import drop as dropping

        with self._audited("drop_tenant", name), self._session(name="tenantry drop") as opened:
            goods = dropping.look(opened, name)
            dropping.refuse_foreign(goods)
            dropping.run(
                opened,
                name,
                with_connections=not keep_connection,
                job_ids=[job.jobid for job in goods.jobs],
                watch=watch,
            )
            return goods
