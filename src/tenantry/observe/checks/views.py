"""Views that do not show what is stored."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from tenantry.core.words import some
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry


def _views(examined: Examined) -> Iterator[Finding]:
    to_move = {(row[0], row[1]) for row in examined.unfit if row[2] == "place"}
    for feed in examined.feeds:
        if (not feed.parts and feed.last_load is None) or (feed.schema, feed.template) in to_move:
            continue
        mend = _call("update_tenant_union_view_by_template", feed.template, feed.connection, feed.schema)
        if feed.steady and not feed.parts:
            yield Finding(
                Severity.ERROR,
                str(feed),
                "the tenant's table is gone, and its rows with it",
                tenantry("backfill", feed.template, "--tenant", feed.schema, "--reload"),
            )
        elif feed.kind is None:
            yield Finding(Severity.ERROR, str(feed), "the tenant's view is missing", mend, safe=True)
        elif unread := feed.unread():
            reason = f"the view does not read {len(unread):,} of its slices: {some(unread)}"
            yield Finding(Severity.ERROR, str(feed), reason, mend, safe=True)
        elif feed.reshaped:
            reason = "the view has other columns than its template"
            yield Finding(Severity.WARNING, str(feed), reason, mend, safe=True)
    for template, kind, unshown in examined.rows("public_views"):
        reason = (
            "it is missing"
            if kind is None
            else f"it does not show {some(unshown)}, so reports across tenants lack their rows"
        )
        mend = _call("update_public_view_by_template", template)
        yield Finding(Severity.ERROR, f"public.{template}", reason, mend, safe=True)


def _call(function: str, *arguments: str) -> str:
    literals = ", ".join(sql.Literal(argument).as_string() for argument in arguments)
    return f"SELECT _wh.{function}({literals});"


VIEWS = Check("views", "Do the tenants' views and the public views show all data?", True, _views)
