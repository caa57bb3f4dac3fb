"""The demo: three sources, one warehouse, and a report across them. What exists is left alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from tenantry.core.days import Span, today_utc
from tenantry.core.errors import InputError
from tenantry.core.model import OWNER, READER, Connection
from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.db.queries import SQL, one_row, query, sql_text
from tenantry.demo.sources import (
    TENANTS,
    DemoTenant,
    create_source,
    drop_source,
    extend_source,
    source_exists,
)
from tenantry.embedded.server import Server
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice import views
from tenantry.flow.slice.feed import list_feeds
from tenantry.flow.source import connection as connections
from tenantry.flow.template import stored as templates
from tenantry.flow.tenant import drop
from tenantry.loader import add_tenant
from tenantry.loader import run as backfill
from tenantry.loader.events import Watcher

_SOURCE_READER = "demo_source_reader"
_TEMPLATE = "foodlogstats"


@dataclass(frozen=True)
class Report:
    """What the demo shows: rows of `report` and `top_items` in sql/queries/demo.sql, and the total time in seconds."""

    in_place: bool
    tenants: Sequence[tuple[Any, ...]]
    items: Sequence[tuple[Any, ...]]
    seconds: float


def run(server: Server, days: int | None, reset: bool, step: add_tenant.Step, watcher: Watcher) -> Report:
    """Create what is missing of the demo on a running embedded server, and report across its tenants.

    `days` counts back from today; None is last year and this year to date. Existing sources keep their size.

    Raises:
        InputError: a tenant or database with one of the demo's names belongs to somebody else.
    """
    started = datetime.now(UTC)
    _install(server, step)
    if reset:
        _remove(server, step)
    today = today_utc()
    first = date(today.year - 1, 1, 1) if days is None else today - timedelta(days=days - 1)
    made = _make_sources(server, first, step)
    missing = [item for item in TENANTS if not _in_place(server, item)]
    for item in missing:
        _take_in(server, item, step, watcher)
    in_place = not made and not missing
    if in_place:
        step("demo", "everything is in place: three sources, three tenants, all days up to today")
    with session(server.login(user=READER), role=None, path="public, pg_temp") as reports:
        return Report(
            in_place,
            reports.execute(query("reader", "demo_report")).fetchall(),
            reports.execute(query("reader", "demo_top_items")).fetchall(),
            (datetime.now(UTC) - started).total_seconds(),
        )


def _install(server: Server, step: add_tenant.Step) -> None:
    with session(server.login(), role=None) as admin:
        passwords = {
            role: secrets.token_urlsafe(24) for role in (OWNER, READER) if server.password(role) is None
        }
        done = install(admin, passwords)
    for role, password in passwords.items():
        server.save_password(role, password)
    with session(server.login(user=OWNER)) as warehouse:
        if not any(item.name == _TEMPLATE for item in templates.stored(warehouse)):
            # It can be dropped, but the demo is about it.
            warehouse.execute(sql_text(SQL / "templates" / "foodlogstats.sql"))
    if server.password(_SOURCE_READER) is None:
        server.save_password(_SOURCE_READER, secrets.token_urlsafe(24))
    if done:
        step("warehouse", "installed: roles whadmin and phood_ro, schema _wh, template foodlogstats")


def _make_sources(server: Server, first: date, step: add_tenant.Step) -> int:
    """Create the missing sources, two at a time; return how many."""
    password = server.password(_SOURCE_READER) or ""
    with session(server.login(), role=None) as admin:
        wanted = [item for item in TENANTS if not source_exists(admin, item)]

    def make(item: DemoTenant) -> tuple[DemoTenant, int]:
        return item, create_source(
            server.login(),
            item,
            first,
            today_utc(),
            until=datetime.now(UTC),
            reader=_SOURCE_READER,
            password=password,
        )

    with ThreadPoolExecutor(max_workers=2) as pool:
        for item, rows in pool.map(make, wanted):
            step(
                "source",
                f"{item.title}: {rows:,} logged items in {item.stores} stores, database {item.database}",
            )
    return len(wanted)


def _in_place(server: Server, item: DemoTenant) -> bool:
    """Whether the tenant has all of its days. The source of an older demo first gets the rows logged since."""
    with session(server.login(user=OWNER)) as warehouse:
        feed = next((f for f in list_feeds(warehouse, _TEMPLATE) if f.schema == item.name), None)
        stored = connections.find(warehouse, item.name)
        if stored is not None and stored.dbname != item.database:
            raise InputError(
                f'tenant "{item.name}" is not the demo\'s: its source is {stored.dbname}',
                hint="Give the demo a server of its own: tenantry --dsn embedded:DIRECTORY demo",
            )
        if feed is None or stored is None or stored.port != server.port:
            return False
        missing = slices.to_load(warehouse, feed, Span(_first_day(server, item), today_utc()))
    if missing:
        extend_source(server.login(), item, until=datetime.now(UTC))
    return not missing


def _first_day(server: Server, item: DemoTenant) -> date:
    with session(server.login(dbname=item.database), role=None, path="public, pg_temp") as source:
        found: date | None = one_row(source, query("source", "demo_first_day"))[0]
    return found or today_utc()


def _take_in(server: Server, item: DemoTenant, step: add_tenant.Step, watcher: Watcher) -> None:
    """Add the tenant as an operator would, reporting only the end."""
    address = Connection(item.name, "127.0.0.1", server.port or 0, item.database, _SOURCE_READER)
    newcomer = add_tenant.Newcomer(
        item.name, address, server.password(_SOURCE_READER), [_TEMPLATE], _first_day(server, item)
    )
    told: list[tuple[str, str]] = []
    add_tenant.add(
        server.login(user=OWNER),
        newcomer,
        backfill.Limits(),
        lambda name, detail: told.append((name, detail)),
        watcher,
    )
    for name, detail in told:
        if name in ("backfill", "year", "compared"):
            step(name, detail if item.name in detail else f"{item.name}: {detail}")


def _remove(server: Server, step: add_tenant.Step) -> None:
    """Drop the demo's tenants and sources, and nothing else."""
    with session(server.login(user=OWNER)) as warehouse:
        ours = [item for item in TENANTS if _is_ours(warehouse, item)]
        for item in ours:
            drop.run(warehouse, item.name)
            connections.remove(warehouse, item.name)
        views.publish_public(warehouse, _TEMPLATE)
    with session(server.login(), role=None) as admin:
        for item in TENANTS:
            drop_source(admin, item)
    step("reset", "the demo's tenants and sources were removed")


def _is_ours(warehouse: psycopg.Connection, item: DemoTenant) -> bool:
    stored = connections.find(warehouse, item.name)
    return stored is not None and stored.dbname == item.database
