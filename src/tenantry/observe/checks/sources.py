"""Whether each source answers, how fast, and whether its clock is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenantry.core.errors import TenantryError
from tenantry.core.model import OWNER
from tenantry.core.model import Feed as Source
from tenantry.core.words import some
from tenantry.db.connect import acting
from tenantry.observe.checks import asked
from tenantry.observe.checks.feeds import Feed
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry

_SLOW = 1.0
"""Seconds for a login and a query from which hourly loads become noticeably slow."""

_SKEW = 5.0
"""Seconds. Rows that a fast clock stamps after midnight land in a day that has not begun."""


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
    feeds = dict[str, list[Feed]]()
    for feed in examined.feeds:
        if feed.has_time_column and not feed.disabled:
            feeds.setdefault(feed.connection, []).append(feed)
    sources = {name: [_source(feed) for feed in feeds.get(name, [])] for name in users}
    for name, answer in asked.ask(examined.conninfo, sources, limit):
        yield from _judged(name, users[name], answer, limit)
        if isinstance(answer, asked.Answer):
            yield from _left_out(feeds.get(name, []), answer.ahead)


def _source(feed: Feed) -> Source:
    return Source(feed.schema, feed.template, feed.connection)


def _left_out(feeds: Sequence[Feed], ahead: Sequence[int]) -> Iterator[Finding]:
    for feed, count in zip(feeds, ahead, strict=True):
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
    name: str, schemas: list[str], answer: asked.Answer | TenantryError | None, limit: float
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


def _line(name: str, answer: asked.Answer) -> Iterator[Finding]:
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
