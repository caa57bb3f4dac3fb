"""Values of every type come into the warehouse as they were at the source, whatever the way and the storage."""

from __future__ import annotations

from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.property.values import SOURCE_TYPES, TYPES, XML
from tests.support.databases import Database, Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.samples.small_template import define

DAY = date(2024, 1, 15)
EXAMPLES, ROWS = 400, 2000
"""Values come together in the rows anew five times: making them takes longer than loading them."""

QUERY: LiteralString = "SELECT * FROM things WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"

Row = tuple[str | None, ...]


def generated(types: dict[str, tuple[str, st.SearchStrategy[str]]]) -> list[Row]:
    """Rows of hypothesis' making; the same in each run."""
    rows: list[Row] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*(st.one_of(values, values, values, st.none()) for _, values in types.values())))
    def collect(row: Row) -> None:
        rows.append(row)

    collect()
    return [
        tuple(rows[(n + n // len(rows) * place) % len(rows)][place] for place in range(len(types)))
        for n in range(ROWS)
    ]


def make_things(source: Source, types: dict[str, tuple[str, st.SearchStrategy[str]]], rows: list[Row]) -> str:
    """A table of these rows at the source, spread over the day; returns the columns to declare."""
    source.run(SOURCE_TYPES)
    columns = [f"c{n} {name}" for n, name in enumerate(types)]
    with source.connect() as session:
        session.execute(f"CREATE TABLE things (id int, at timestamptz, {', '.join(columns)})".encode())
        session.execute("GRANT SELECT ON things TO source_reader")
        with session.cursor().copy("COPY things FROM STDIN") as copy:
            for n, row in enumerate(rows):
                copy.write_row((n, f"2024-01-15 00:{n // 60 % 60:02}:{n % 60:02}Z", *row))
    return "id int, at timestamptz, " + ", ".join(
        f"c{n} {declared}" for n, (declared, _) in enumerate(types.values())
    )


def digests(database: Database, relation: str, columns: int) -> dict[int, str]:
    """A digest of the text of each row."""
    listed = sql.SQL(", ").join(sql.Identifier(f"c{n}") for n in range(columns))
    with exact(database) as session:
        statement = sql.SQL("SELECT id, md5(ROW(id, at, {})::text) FROM {}").format(
            listed, sql.Identifier(*relation.split("."))
        )
        return dict(session.execute(statement).fetchall())


def exact(database: Database) -> psycopg.Connection:
    """A session that writes every value in full, and alike wherever it is."""
    session = database.connect()
    for setting in (
        "TimeZone = 'UTC'",
        "DateStyle = 'ISO'",
        "IntervalStyle = 'postgres'",
        "extra_float_digits = 3",
    ):
        session.execute(f"SET {setting}".encode())
    return session


def differences(source: Source, warehouse: Warehouse, names: list[str]) -> list[Any]:
    """The first values that differ: id, type, what the source has and what the warehouse."""
    here, there = digests(warehouse, "acme.things", len(names)), digests(source, "things", len(names))
    assert here.keys() == there.keys()
    found: list[Any] = []
    with exact(source) as before, exact(warehouse) as after:
        for key in [key for key in here if here[key] != there[key]][:10]:
            for n, name in enumerate(names):
                old, new = (
                    session.execute(
                        sql.SQL("SELECT {}::text FROM {} WHERE id = %s").format(
                            sql.Identifier(f"c{n}"), sql.Identifier(*relation)
                        ),
                        (key,),
                    ).fetchone()
                    for session, relation in ((before, ("things",)), (after, ("acme", "things")))
                )
                if old != new:
                    found.append((key, name, old, new))
    return found


def with_xml(source: Source) -> bool:
    """Whether the servers were built with XML."""
    try:
        source.run("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        return False
    return True


def use_storage(warehouse: Warehouse, storage: str) -> None:
    """Begin anew: tenant acme without anything, in that storage."""
    warehouse.run("SELECT _wh_internal.drop_tenant_slices('acme', 500), _wh_internal.drop_tenant('acme')")
    warehouse.make_schema()
    warehouse.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))


def test_2000_rows_of_all_types_come_through_unchanged(acme: Warehouse, source: Source) -> None:
    types = dict(TYPES)
    if with_xml(source):
        types["xml"] = ("xml", XML)
    columns = make_things(source, types, generated(types))
    define(acme, "things", query=QUERY, columns=columns)
    acme.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    for pull, storage in ((by_loader, "partition"), (by_sql, "partition"), (by_sql, "matview")):
        use_storage(acme, storage)
        pull(acme, DAY, DAY, template="things")
        assert differences(source, acme, list(types)) == [], (pull, storage)
        # What was read the one way is, in its binary image, what is read the other way: so nothing is written.
        if storage == "partition":
            for other in (by_sql, by_loader):
                before = written(acme)
                other(acme, DAY, DAY, template="things")
                assert written(acme) == before, (pull, other)


def written(warehouse: Warehouse) -> int:
    """Rows inserted, updated or deleted in the table of 2024."""
    warehouse.settle()
    count: int = warehouse.value(
        "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = 'acme.things_2024'"
    )
    return count


WAYS = pytest.mark.parametrize(
    "pull, storage", [(by_loader, "partition"), (by_sql, "partition"), (by_sql, "matview")]
)

OTHER_TYPES = [
    ("integer", "2147483647", "bigint", "2147483647"),
    ("smallint", "-5", "numeric", "-5"),
    ("varchar(10)", "ten\\chars\t", "text", "ten\\chars\t"),
    ("char(5)", "ab", "text", "ab   "),
    ("text", "abc", "char(5)", "abc"),
    ("varchar(2)", "DE", "char(2)", "DE"),
    ("text", "1010101", "bit(7)", "1010101"),
    ("bit(3)", "101", "bit varying", "101"),
    ("text", "abcdef", '"char"', "a"),
    ("text", "1.50", "numeric", "1.50"),
    ("numeric", "7", "integer", "7"),
    ("numeric", "1.005", "numeric(10,2)", "1.01"),
    ("timestamp", "2024-01-15 23:59:59.999999", "timestamptz", "2024-01-15 23:59:59.999999+00"),
    ("timestamptz", "2024-01-15 23:59:59.999999-05", "timestamp", "2024-01-16 04:59:59.999999"),
    ("date", "0044-03-15 BC", "timestamptz", "0044-03-15 00:00:00+00 BC"),
    ("real", "0.1", "double precision", "0.1"),
    ("double precision", "0.1", "numeric", "0.1"),
    ("jsonb", '{"b": 1, "a": [1.10]}', "json", '{"a": [1.10], "b": 1}'),
    ("json", '{"b":1,"b" : 2}', "text", '{"b":1,"b" : 2}'),
    ("uuid", "00000000-0000-0000-0000-000000000001", "text", "00000000-0000-0000-0000-000000000001"),
    ("boolean", "t", "text", "t"),
    ("inet", "10.0.0.1", "text", "10.0.0.1"),
    ("integer[]", "[3:4]={1,NULL}", "bigint[]", "[3:4]={1,NULL}"),
    ("pair", "(,)", "text", "(,)"),
]
"""Type and value at the source, the declared type, and what the warehouse then shows."""


def make_one_row(source: Source, *values: tuple[str, str]) -> None:
    """A table of one row with these types and values."""
    columns = ", ".join(f"c{n} {there}" for n, (there, _) in enumerate(values))
    with source.connect() as session:
        session.execute(SOURCE_TYPES)
        session.execute(f"CREATE TABLE things (id int, at timestamptz, {columns})".encode())
        session.execute("GRANT SELECT ON things TO source_reader")
        with session.cursor().copy("COPY things FROM STDIN") as copy:
            copy.write_row((1, "2024-01-15 12:00Z", *(value for _, value in values)))


@WAYS
def test_other_types_than_the_sources_may_be_declared(
    acme: Warehouse, source: Source, pull: Pull, storage: str
) -> None:
    make_one_row(source, *((there, value) for there, value, _, _ in OTHER_TYPES))
    columns = ", ".join(f"c{n} {declared}" for n, (_, _, declared, _) in enumerate(OTHER_TYPES))
    define(acme, "things", query=QUERY, columns=f"id int, at timestamptz, {columns}")
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    pull(acme, DAY, DAY, template="things")
    texts = ", ".join(f"c{n}::text" for n in range(len(OTHER_TYPES)))
    with exact(acme) as session:
        (row,) = session.execute(f"SELECT {texts} FROM acme.things".encode()).fetchall()
    assert dict(enumerate(row)) == {n: here for n, (_, _, _, here) in enumerate(OTHER_TYPES)}


@pytest.mark.parametrize(
    "there, value, declared, reason",
    [
        ("numeric", "1.5", "integer", "invalid input syntax for type integer"),
        ("double precision", "1.5", "bigint", "invalid input syntax for type bigint"),
        ("bigint", "2147483648", "integer", "out of range for type integer"),
        ("text", "x", "date", "invalid input syntax for type date"),
        ("text", "eleven chars", "varchar(10)", "value too long for type character varying"),
        ("varchar(3)", "DEU", "char(2)", "value too long for type character"),
        ("numeric", "100000", "numeric(5,2)", "numeric field overflow"),
    ],
)
@WAYS
def test_a_value_that_does_not_fit_the_declared_type_fails(
    acme: Warehouse,
    source: Source,
    pull: Pull,
    storage: str,
    there: str,
    value: str,
    declared: str,
    reason: str,
) -> None:
    make_one_row(source, (there, value))
    define(acme, "things", query=QUERY, columns=f"id int, at timestamptz, c0 {declared}")
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    with pytest.raises((AssertionError, psycopg.Error), match=reason):
        pull(acme, DAY, DAY, template="things")


@WAYS
def test_a_text_of_ten_million_letters_comes_through(
    acme: Warehouse, source: Source, pull: Pull, storage: str
) -> None:
    make_one_row(source, ("text", ""))
    source.run("UPDATE things SET c0 = repeat('0123456789', 1000000) || E'\\\\\\t\\nä'")
    define(acme, "things", query=QUERY, columns="id int, at timestamptz, c0 text")
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    for _ in range(2):
        pull(acme, DAY, DAY, template="things")
        assert acme.rows("SELECT length(c0), md5(c0) FROM acme.things") == source.rows(
            "SELECT length(c0), md5(c0) FROM things"
        )
