"""Whether each source answers, how fast, and whether its clock is right."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Timer

import psycopg

from tenantry.core.errors import TenantryError
from tenantry.core.model import OWNER
from tenantry.core.model import Feed as Source
from tenantry.db.connect import acting, cut, session
from tenantry.db.queries import one_row, query
from tenantry.flow.slice import at_source
from tenantry.flow.source.connection import asking
from tenantry.observe.checks.feeds import Feed
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, some, tenantry

_AT_ONCE = 8
"""How many sources are asked at a time; each needs a session on the warehouse."""

_SLOW = 1.0
"""Seconds for a login and a query from which hourly loads become noticeably slow."""

_SKEW = 5.0
"""Seconds. Rows that a fast clock stamps after midnight land in a day that has not begun."""


@dataclass(frozen=True)
class _Answer:
    """`seconds` for login and query; `skew` is the minimum number of seconds by which the source's clock is ahead.

    `encrypted` is what the source reports about the session, None if nothing; `local` if the connection does not leave
    the warehouse's host.
    """

    seconds: float
    skew: float
    encrypted: bool | None
    sslmode: str | None
    local: bool


def _ask(conninfo: str, name: str, limit: float) -> _Answer | TenantryError | None:
    """What a source answered, or why it cannot be used, or None if it did not answer within `limit` seconds."""
    late = Event()

    def give_up() -> None:
        late.set()
        cut(opened)

    try:
        with session(conninfo, name="tenantry doctor") as opened:
            opened.execute(query("health", "find_dblink"))
            # A server that waits for a source may not even notice a cancel.
            alarm = Timer(limit, give_up)
            alarm.start()
            try:
                with asking(opened, name):
                    row = one_row(opened, query("health", "ask_source"), {"name": name})
            finally:
                alarm.cancel()
    except TenantryError as error:
        return None if late.is_set() else error
    before, there, after, *line = row
    return _Answer((after - before).total_seconds(), _ahead(before, there, after), *line)


def _count_ahead(conninfo: str, feed: Feed, limit: float) -> int:
    """How many rows of a feed's source are dated after the last day that is loaded; 0 if it does not answer in time."""
    try:
        with session(conninfo, name="tenantry doctor") as opened:
            alarm = Timer(limit, cut, (opened,))
            alarm.start()
            try:
                return at_source.rows_ahead(opened, Source(feed.schema, feed.template, feed.connection))
            finally:
                alarm.cancel()
    except (TenantryError, psycopg.Error):
        return 0


def _ahead(before: datetime, there: datetime, after: datetime) -> float:
    """By how many seconds a clock is certainly ahead (or, negative, behind), read between two readings of another."""
    if there > after:
        return (there - after).total_seconds()
    return min((there - before).total_seconds(), 0.0)


def _sources(examined: Examined) -> Iterator[Finding]:
    users = dict[str, list[str]]()
    for name, there, schemas, at_work in examined.rows("connections"):
        if there:
            users[name] = at_work
        else:
            yield Finding(
                Severity.ERROR,
                name,
                f"the connection is missing, and {some(schemas)} is loaded through it",
                tenantry(
                    "tenant", "add", schemas[0], "--connection", name, "--source", "host=… dbname=… user=…"
                ),
            )
    if acting(examined.session) != OWNER:
        yield Finding(Severity.NOTE, "sources", f"the sources were not contacted: that needs {OWNER}")
        return
    limit = examined.source_limit
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(lambda name: _ask(examined.conninfo, name, limit), users)
        silent = set()
        for (name, schemas), answer in zip(users.items(), answers, strict=True):
            if not isinstance(answer, _Answer):
                silent.add(name)
            yield from _judged(name, schemas, answer, limit)
        asked = [f for f in examined.feeds if f.has_time_column and not f.disabled and f.connection in users]
        asked = [feed for feed in asked if feed.connection not in silent]
        counts = pool.map(lambda feed: _count_ahead(examined.conninfo, feed, limit), asked)
        for feed, count in zip(asked, counts, strict=True):
            if count:
                few = count == 1
                yield Finding(
                    Severity.NOTE,
                    str(feed),
                    f"{count:,} {'row is' if few else 'rows are'} dated after the last day that is loaded, and "
                    f"{'was' if few else 'were'} left out",
                    f"{tenantry('template', 'edit', feed.template)} # and add, say, ahead: 30",
                )


def _judged(
    name: str, schemas: list[str], answer: _Answer | TenantryError | None, limit: float
) -> Iterator[Finding]:
    test = tenantry("tenant", "test", name)
    # A source that no tenant uses harms nobody.
    severity = Severity.ERROR if schemas else Severity.NOTE
    if answer is None:
        yield Finding(severity, name, f"the source does not answer within {limit:g} s", test)
    elif isinstance(answer, TenantryError):
        yield Finding(severity, name, answer.message, test)
    else:
        if answer.seconds > _SLOW:
            reason = f"a login and a query take {answer.seconds:.1f} s"
            yield Finding(Severity.WARNING, name, reason, test)
        if abs(answer.skew) > _SKEW:
            way = "ahead of" if answer.skew > 0 else "behind"
            yield Finding(
                Severity.WARNING,
                name,
                f"the source's clock is {abs(answer.skew):.0f} s {way} the warehouse's: rows near midnight come late or in the wrong day",
                "sudo chronyc makestep # on the host whose clock is wrong",
            )
        yield from _line(name, answer)


def _line(name: str, answer: _Answer) -> Iterator[Finding]:
    """What an attacker between the warehouse and a source could do."""
    if answer.local or answer.encrypted is None:
        return
    verify = tenantry("tenant", "edit", name, "--option", "sslmode=verify-full")
    if not answer.encrypted:
        reason = "the session with the source is not encrypted: anyone on the network path can read and change its rows"
        yield Finding(Severity.WARNING, name, reason, verify)
    elif answer.sslmode != "verify-full":
        reason = f"the session is encrypted, but with sslmode={answer.sslmode or 'prefer'} anyone on the network path can impersonate the source"
        yield Finding(Severity.NOTE, name, reason, verify)


SOURCES = Check(
    "sources",
    "Does every source answer in time, with the right clock, and over a safe connection?",
    True,
    _sources,
)
