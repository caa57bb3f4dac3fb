"""Dead rows, statistics, and leftovers."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from tenantry.core.words import count
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry


def _vacuum(examined: Examined) -> Iterator[Finding]:
    for relation, dead, live, last, ours, bloated in examined.rows("tables"):
        if bloated:
            when = f"{last:%Y-%m-%d %H:%M} UTC" if last else "never"
            reason = f"{count(dead, 'dead row')} next to {live:,}; last vacuumed: {when}"
            who = "" if ours else " -- as the administrator"
            yield Finding(Severity.WARNING, relation, reason, f"VACUUM (ANALYZE) {relation};{who}")
        else:
            reason = f"the planner has no statistics on its {count(live, 'row')}"
            yield Finding(Severity.NOTE, relation, reason, f"ANALYZE {relation};", safe=True)
    for age, multi_age, limit, multi_limit in examined.rows("transaction_age"):
        for what, old, most in (("transaction", age, limit), ("multixact", multi_age, multi_limit)):
            # Autovacuum begins at the limit, whatever else is set; the server stops near two thousand
            # million.
            if old > 1.5 * most:
                yield Finding(
                    Severity.ERROR if old > 1_200_000_000 else Severity.WARNING,
                    f"{what} numbers",
                    f"the oldest is {old:,} behind; autovacuum should have frozen it at {most:,}",
                    "VACUUM (FREEZE); -- as the administrator",
                )


def _leftovers(examined: Examined) -> Iterator[Finding]:
    moving = examined.rows("moving")[0][0]
    for schema, template, target, prefix, relations, size in examined.rows("aside"):
        mib = size / 1048576
        if prefix == "tenantry_old_":
            yield Finding(
                Severity.NOTE,
                f"{schema}.{template}",
                f"its storage from before the move still exists: {count(relations, 'relation')}, {mib:,.0f} MiB",
                tenantry("template", "drop-old", template, "--tenant", schema),
            )
        elif not moving:
            yield Finding(
                Severity.WARNING,
                f"{schema}.{template}",
                f"a move to another storage was interrupted and left {count(relations, 'relation')}, {mib:,.0f} MiB",
                tenantry("template", "set-storage", template, target, "--tenant", schema),
            )
    for schema, since in examined.rows("half_dropped"):
        reason = f"a drop was started at {since:%Y-%m-%d %H:%M} UTC and has not ended"
        yield Finding(Severity.WARNING, schema, reason, tenantry("tenant", "drop", schema, "--yes"))
    for schema, template, year, views in examined.rows("unfinished_folds"):
        yield Finding(
            Severity.WARNING,
            f"{schema}.{template}",
            f"folding {year} was interrupted and left {count(views, 'daily view')}",
            tenantry("year", "fold", template, year, "--tenant", schema),
        )
    for schema, template, table in examined.rows("unindexed"):
        reason = "an interrupted load left it without its indexes: reports and refreshes read all of it"
        yield Finding(Severity.WARNING, table, reason, tenantry("backfill", template, "--tenant", schema))
    if examined.tenant:
        return
    for (index,) in examined.rows("invalid_indexes"):
        reason = "the index is invalid: it costs every load, and no report uses it"
        yield Finding(Severity.WARNING, index, reason, f"REINDEX INDEX {index};")
    for (table,) in examined.rows("unowned_tables"):
        reason = "no tenant has this table, and a new one of that name would get its rows"
        yield Finding(Severity.WARNING, table, reason, f"DROP TABLE {table}; -- once nobody needs its rows")
    for (server,) in examined.rows("orphan_servers"):
        yield Finding(
            Severity.WARNING,
            server,
            "the foreign server of a connection that was deleted still holds its password",
            f"DROP SERVER {sql.Identifier(server).as_string()} CASCADE;",
        )


VACUUM = Check("vacuum", "Are dead rows removed, and are there statistics?", False, _vacuum)
LEFTOVERS = Check(
    "leftovers", "Is anything left of moves, folds, tables, indexes and connections?", True, _leftovers
)
