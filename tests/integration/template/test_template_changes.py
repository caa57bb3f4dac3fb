"""A template's change times what is there already: each cell is right at once, or says what mends it, which then does.

What is said is what `template load` prints, or where the template was changed by SQL what doctor does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import LiteralString

import pytest
from psycopg import sql

from tenantry.core.days import today_utc
from tenantry.core.model import Template
from tenantry.flow.template import file as template_file
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

KEY: LiteralString = "CREATE UNIQUE INDEX {VIEW_NAME}_key ON {SCHEMA}.{VIEW_NAME} (%s);"
FORMER: LiteralString = "CREATE INDEX {VIEW_NAME}_amount ON {SCHEMA}.{VIEW_NAME} (amount);"
TEMPLATE = Template(
    "sales",
    "SELECT id, item, amount, sold_at, paid_at FROM sale WHERE sold_at >= '{START_TIME}' AND sold_at < '{END_TIME}'",
    "id int, item int, amount int, sold_at timestamptz, paid_at timestamptz",
    indexes=KEY % "id" + FORMER,
    time_column="sold_at",
)


@dataclass(frozen=True)
class Change:
    """A template's next text, what happens at the source before it, and the index by which rows are told apart then."""

    template: Template
    at_source: LiteralString = ""
    key: str = "(id)"


CHANGES = {
    "query": Change(replace(TEMPLATE, query=TEMPLATE.query.replace("amount", "amount * 10"))),
    "column added": Change(
        replace(
            TEMPLATE,
            query=TEMPLATE.query.replace("paid_at", "paid_at, extra"),
            columns=TEMPLATE.columns + ", extra text",
        )
    ),
    "column widened": Change(
        replace(TEMPLATE, columns=TEMPLATE.columns.replace("amount int", "amount bigint")),
        "ALTER TABLE sale ALTER amount TYPE bigint; UPDATE sale SET amount = 5000000000 WHERE id % 7 = 0",
    ),
    "column dropped": Change(
        replace(
            TEMPLATE,
            query=TEMPLATE.query.replace("item, ", ""),
            columns=TEMPLATE.columns.replace("item int, ", ""),
        )
    ),
    "key": Change(
        replace(TEMPLATE, indexes=KEY % "id, item"),
        "INSERT INTO sale SELECT id, item + 1, amount, sold_at, paid_at, extra FROM sale WHERE id % 5 = 0",
        "(id, item)",
    ),
    "time column": Change(
        replace(
            TEMPLATE,
            query=TEMPLATE.query.replace("WHERE sold_at", "WHERE paid_at").replace(
                "AND sold_at", "AND paid_at"
            ),
            time_column="paid_at",
        )
    ),
}


@pytest.fixture
def selling(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `sales`, whose source has six sales on each of the last five days; each fourth was
    paid on the next day. Nothing is loaded.
    """
    source.run(
        "CREATE TABLE sale (id int, item int, amount int, sold_at timestamptz, paid_at timestamptz, extra text)"
    )
    source.run("GRANT SELECT ON sale TO source_reader")
    source.run(
        "INSERT INTO sale SELECT d * 10 + n, n, n * 100, at, CASE WHEN n = 4 AND d < 4 THEN at + interval '1 day' ELSE at END, 'x' || n"
        " FROM generate_series(0, 4) d, generate_series(1, 6) n,"
        " LATERAL (SELECT (%s::date + d)::timestamp AT TIME ZONE 'UTC' + n * interval '1 second' AS at) a",
        (today_utc() - timedelta(days=4),),
    )
    store(acme, TEMPLATE)
    return acme


def store(warehouse: Warehouse, template: Template) -> None:
    """Write a template as an operator does by SQL."""
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes, time_column, storage)"
        " VALUES (%(name)s, %(query)s, %(columns)s, %(indexes)s, %(time_column)s, 'matview') ON CONFLICT (template_name) DO UPDATE"
        " SET query_template = excluded.query_template, column_definitions = excluded.column_definitions,"
        " indexes = excluded.indexes, time_column = excluded.time_column",
        vars(template),  # type: ignore[arg-type]
    )


def load(warehouse: Warehouse, name: str = "acme") -> None:
    today = today_utc()
    by_loader(warehouse, today - timedelta(days=4), today, template="sales", name=name)


def daily(warehouse: Warehouse, source: Source) -> None:
    load(warehouse)


def folded(warehouse: Warehouse, source: Source) -> None:
    """As a year is folded that is complete."""
    load(warehouse)
    warehouse.run(
        "SELECT _wh_internal.matview_fold(f, t, %s, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)",
        ((today_utc() - timedelta(days=4)).year,),
    )


def partitions(warehouse: Warehouse, source: Source) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    load(warehouse)


def open_year(warehouse: Warehouse, source: Source) -> None:
    partitions(warehouse, source)
    warehouse.run("CALL _wh.set_storage('sales', 'matview')")
    warehouse.run("CALL _wh.drop_old_storage('sales', 'acme')")


def mixed(warehouse: Warehouse, source: Source) -> None:
    load(warehouse)
    warehouse.connect_to(source, "globex")
    warehouse.make_schema("globex")
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    load(warehouse, "globex")


STATES: dict[str, Callable[[Warehouse, Source], None]] = {
    "daily views": daily,
    "folded year": folded,
    "open year": open_year,
    "partitions": partitions,
    "mixed fleet": mixed,
}


def columns(template: Template) -> list[list[str]]:
    return [c.split() for c in template.columns.split(", ")]


def compare(warehouse: Warehouse, source: Source, change: Change) -> None:
    """Every row, column and type of what reports read with the source, and the indexes of all relations."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns(change.template))
    query = change.template.query.replace("{START_TIME}", "-infinity").replace("{END_TIME}", "infinity")
    with source.connect() as session:
        wanted = sorted(map(str, session.execute(query.encode()).fetchall()))
    tenants = [row[0] for row in warehouse.rows("SELECT schema_name FROM _wh.feeds ORDER BY 1")]
    types = warehouse.rows(
        "SELECT column_name, data_type FROM _wh.template_columns WHERE template_name = 'sales' ORDER BY position"
    )
    with warehouse.reader.connect() as session:
        for schema in tenants:
            for view, where in ((schema, "true"), ("public", "schema_name = %s")):
                rows = session.execute(
                    sql.SQL("SELECT {} FROM {} WHERE {}").format(
                        names,
                        sql.Identifier(view, "sales"),
                        sql.SQL(where),
                    ),
                    (schema,) if view == "public" else (),
                ).fetchall()
                assert sorted(map(str, rows)) == wanted, f"{view} of {schema}"
    for view in (*tenants, "public"):
        there = dict(
            warehouse.rows(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = format('%%I.sales', %s::text)::regclass",
                (view,),
            )
        )
        assert {name: there.get(name) for name, _ in types} == dict(types), view
    relations = warehouse.rows(
        "SELECT r.relid::regclass::text, array_agg(pg_get_indexdef(i.indexrelid)) FROM _wh.feeds f"
        " CROSS JOIN LATERAL _wh_internal.feed_relations(f) r JOIN pg_index i ON i.indrelid = r.relid GROUP BY 1"
    )
    assert relations
    for relation, found in relations:
        unique = [line.rpartition(" USING btree ")[2] for line in found if "UNIQUE" in line]
        assert unique == [change.key], relation
        assert len(found) == change.template.indexes.count("CREATE"), relation  # type: ignore[union-attr]


def named(told: str) -> list[list[str]]:
    """The commands of this program in what was printed."""
    return [
        shlex.split(line)[1:]
        for line in re.findall(r"(?:^|: )\s*(tenantry backfill .*)$", told, re.MULTILINE)
    ]


CELLS = [
    pytest.param(change, state, number % 2 == 0, id=f"{change}, {state}")
    for number, (change, state) in enumerate(product(CHANGES, STATES))
]


@pytest.mark.parametrize("change, state, by_program", CELLS)
def test_a_change_is_right_at_once_or_says_what_mends_it(
    selling: Warehouse, source: Source, tmp_path: Path, change: str, state: str, by_program: bool
) -> None:
    STATES[state](selling, source)
    after = CHANGES[change]
    if after.at_source:
        source.run(after.at_source)
    if by_program:
        file = tmp_path / "sales.sql"
        file.write_text(template_file.as_file(after.template))
        told = succeed(selling, "template", "load", file).out
    else:
        store(selling, after.template)
        told = run(selling, "doctor", "--only", "slices", "--only", "templates").out
    commands = named(told)
    assert commands
    for command in commands:
        succeed(selling, *command)
    compare(selling, source, after)
    assert not named(succeed(selling, "doctor", "--only", "slices", "--only", "templates", "--strict").out)
    assert {feed["outdated"] for feed in succeed(selling, "status", "--json").json["feeds"]} == {0}
