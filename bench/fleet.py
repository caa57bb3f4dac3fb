"""A warehouse of many tenants, quickly: tables by the functions that a load uses, rows and records by SQL."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.stage import TEMPLATE, TENANT, Stage
from tenantry.core.days import Span
from tenantry.db.connect import session
from tenantry.flow.slice.feed import find_feed, open_feed
from tenantry.flow.source import connection
from tenantry.flow.tenant import schema
from tenantry.loader import planning, run
from tenantry.loader.events import Silent

SECOND = "foodlogs_again"
"""A second template, with the text of the first."""
TEMPLATES = (TEMPLATE, SECOND)
_AT_ONCE = 2
"""Sessions that fill a warehouse."""
_TABLES = 200
"""Tables of one statement."""


def begin(stage: Stage, conninfo: str, storage: str) -> None:
    """Give an installed warehouse both templates in that storage, and load all days of the stage's tenant."""
    with session(conninfo) as owner:
        owner.execute(
            "UPDATE _wh.mv_templates SET storage = %s WHERE template_name = %s", (storage, TEMPLATE)
        )
        owner.execute("UPDATE _wh.feeds SET storage = %s", (storage,))
        owner.execute(
            "INSERT INTO _wh.mv_templates SELECT (jsonb_populate_record(t, %s)).*"
            " FROM _wh.mv_templates t WHERE t.template_name = %s",
            (Jsonb({"template_name": SECOND}), TEMPLATE),
        )
        open_feed(owner, SECOND, TENANT, TENANT)
        feeds = [find_feed(owner, template, TENANT) for template in TEMPLATES]
    run.run(
        conninfo,
        planning.plan(conninfo, feeds, Span(stage.size.first, stage.size.last)),
        run.Limits(),
        Silent(),
    )


def add(stage: Stage, conninfo: str, names: Sequence[str]) -> None:
    """Add tenants with the rows and the records of the stage's tenant, in that tenant's storage, two at a time."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(_add, stage, conninfo, names[n::_AT_ONCE]) for n in range(_AT_ONCE)]:
            done.result()


def _add(stage: Stage, conninfo: str, names: Sequence[str]) -> None:
    columns = stage.template().column_names
    years = range(stage.size.first.year, stage.size.last.year + 1)
    with session(conninfo) as owner:
        owner.execute("SET synchronous_commit = off")
        record = _record(owner)
        for name in names:
            connection.put(owner, stage.address(name), stage.source_password)
            schema.create_schema(owner, name)
            for template in TEMPLATES:
                open_feed(owner, template, name, name)
                key = {"tenant": name, "template": template, "original": TENANT}
                for year in years:
                    owner.execute(_PREPARE, {**key, "first": date(year, 1, 1)})
                ((table, shared),) = owner.execute(_TABLE, key).fetchall()
                shown: dict[str, sql.Composable] = {column: sql.Identifier(column) for column in columns}
                shown["client"] = sql.Literal(name)
                if shared:
                    shown["schema_name"] = sql.Literal(name)
                owner.execute(
                    sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
                        sql.SQL(table),
                        sql.SQL(", ").join(map(sql.Identifier, shown)),
                        sql.SQL(", ").join(shown.values()),
                        sql.Identifier(TENANT, template),
                    )
                )
                owner.execute(record, key)


def _record(owner: psycopg.Connection) -> sql.Composed:
    """The statement that copies records: without the digests, which are those of the source's rows. Shared tables are also
    those of the original.
    """
    names = owner.execute(
        "SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = '_wh.slices'::regclass AND a.attnum > 0"
        " AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> 'digest'"
    )
    shown: dict[str, sql.Composable] = {name: sql.Identifier("x", name) for (name,) in names}
    shown |= {
        "schema_name": sql.SQL("%(tenant)s"),
        "filenode": sql.SQL("coalesce(f.node, x.filenode)"),
    }
    return sql.SQL(
        "INSERT INTO _wh.slices ({}) SELECT {} FROM _wh.slices x"
        " LEFT JOIN (SELECT l.first_day, l.last_day, pg_relation_filenode(l.relid) AS node{}) f"
        " ON x.slice_date BETWEEN f.first_day AND f.last_day"
        " WHERE x.schema_name = %(original)s AND x.template_name = %(template)s"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, shown)), sql.SQL(", ").join(shown.values()), sql.SQL(_HELD)
    )


def tidy(administrator: str) -> None:
    """Do what autovacuum would have done: vacuum and analyze each table by itself. A statement for the whole database also
    analyzes the table of all tenants, for which it locks every partition.
    """
    with psycopg.connect(administrator, autocommit=True) as admin:
        tables = admin.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND NOT relisshared"
        )
        names = [name for (name,) in tables]
        for begin in range(0, len(names), _TABLES):
            admin.execute(f"VACUUM (ANALYZE) {', '.join(names[begin : begin + _TABLES])}".encode())
        admin.execute("CHECKPOINT")


_FEED: LiteralString = (
    " FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
    " JOIN _wh.storages s ON s.storage = f.storage"
    " WHERE f.schema_name = %(tenant)s AND f.template_name = %(template)s"
)
_PREPARE: LiteralString = "SELECT _wh_internal.storage_stream_prepare(f, t, %(first)s, false)" + _FEED
_TABLE: LiteralString = "SELECT _wh_internal.storage_table(f)::regclass::text, s.shared" + _FEED
_HELD: LiteralString = _FEED.replace(
    " WHERE", " CROSS JOIN LATERAL _wh_internal.storage_relations(f, false) l WHERE"
)
