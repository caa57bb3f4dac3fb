"""What sources have and templates ask for that no warehouse can keep: said early, in one line, with the next step."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tenantry.core.errors import DatabaseError, SourceError
from tenantry.core.model import Connection
from tenantry.db.connect import session
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.feed import find_feed
from tenantry.flow.source import connection as connections
from tenantry.flow.template import draft as template_draft
from tenantry.loader import planning
from tests.support.databases import SECRET, Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import address, run, succeed
from tests.support.samples.small_template import define, make_ticks

DAY = date(2024, 3, 10)
NEXT = date(2024, 3, 11)
PLAIN: LiteralString = (
    "SELECT id, at, value::int AS value FROM ticks"
    " WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz"
)


@pytest.fixture(params=[by_loader, by_sql])
def pull(request: pytest.FixtureRequest) -> Pull:
    way: Pull = request.param
    return way


def store(warehouse: Warehouse, columns: str, *, time_column: str | None = "at") -> str:
    """Load a template with these columns; what the warehouse says against it."""
    with pytest.raises(psycopg.Error) as refused:
        define(warehouse, columns=columns, time_column=time_column)
    return f"{refused.value.diag.message_primary} {refused.value.diag.message_hint}"


def test_years_that_nobody_can_mean_are_named_and_keep_no_good_day_out(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, DAY, 2)
    source.run(
        "INSERT INTO ticks VALUES (1, '0044-03-15 12:00Z BC', 1), (2, '-infinity', 1), (3, '0202-03-10 12:00Z', 1),"
        " (4, '20261-01-01 12:00Z', 1), (5, '1899-12-31 23:59Z', 1)"
    )
    define(acme, query=PLAIN)
    by_loader(acme, NEXT, NEXT, template="ticks")
    done = run(acme, "backfill", "ticks", "--tenant", "acme", "--to", "2024-03-12")
    assert done.code == 0, done
    told = " ".join(done.err.split())
    assert "acme.ticks: 5 rows are of years before 1900 or after 9999 and left out" in told
    assert "-infinity to 20261-01-01 12:00:00+00): fix them at the source, or give --from" in told
    assert acme.rows("SELECT slice_date, row_count FROM _wh.slices ORDER BY 1") == [
        (DAY, 2),
        (NEXT, 2),
        (date(2024, 3, 12), 0),
    ]


def test_whoever_takes_in_a_tenant_without_a_first_day_is_told_of_years_that_nobody_can_mean(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    make_ticks(source, today, 1)
    source.run("INSERT INTO ticks VALUES (3, '0202-03-10 12:00Z', 1)")
    define(warehouse, query=PLAIN)
    add = ("tenant", "add", "acme", "--source", address(source), "--template", "ticks")
    first = succeed(warehouse, *add, "--from", today, env={"TENANTRY_SOURCE_PASSWORD": SECRET})
    assert "of years before 1900" not in first.err
    # Its first day is on record now.
    again = " ".join(succeed(warehouse, *add).err.split())
    assert "ticks: 1 row is of years before 1900 or after 9999 and left out" in again


def test_a_source_with_nothing_but_odd_years_has_no_days_to_load(acme: Warehouse, source: Source) -> None:
    make_ticks(source, DAY, 0)
    source.run("INSERT INTO ticks VALUES (1, '0202-03-10 12:00Z', 1)")
    define(acme, query=PLAIN)
    by_loader(acme, DAY, DAY, template="ticks")
    with session(acme.conninfo) as opened:
        feed = find_feed(opened, "ticks", "acme")
    (plan,) = planning.plan_whole(acme.conninfo, [feed], DAY)
    assert plan.days == ()
    assert plan.left_out is not None
    assert plan.left_out.startswith("1 row is of years before 1900 or after 9999")


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_column_may_be_called_as_our_own_sql_calls_things(
    acme: Warehouse, source: Source, pull: Pull, storage: LiteralString
) -> None:
    names = (
        "slice_date",
        "q",
        "t",
        "s",
        "n",
        "d",
        "f",
        "day",
        "row_hash",
        "excluded",
        "names",
        "image",
        "copy",
        "c1",
        "tenant_name",
        "user",
    )
    make_ticks(source, DAY, 2)
    given = ", ".join(f'{place} AS "{name}"' for place, name in enumerate(names))
    declared = ", ".join(f'"{name}" int' for name in names)
    define(
        acme,
        query=PLAIN.replace("value::int AS value", given),
        columns=f"id int, at timestamptz, {declared}",
    )
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    pull(acme, DAY, NEXT, template="ticks")
    source.run("UPDATE ticks SET at = at + interval '1 hour'")
    pull(acme, DAY, NEXT, template="ticks")
    assert acme.rows("SELECT * FROM _wh_internal.source_extent('ticks', 'acme', 'acme')") == [(DAY, NEXT)]
    if storage == "matview":
        acme.run(
            "SELECT _wh_internal.matview_fold(f, t, 2024, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
        )
        source.run("UPDATE ticks SET at = at + interval '1 hour'")
        pull(acme, DAY, NEXT, template="ticks")
    assert acme.reader.rows('SELECT DISTINCT slice_date, "user" FROM public.ticks') == [(0, len(names) - 1)]
    for day in (DAY, NEXT):
        assert acme.value("SELECT _wh.verify_slice('ticks', 'acme', %s) ->> 'agrees'", (day,)) == "true"
    feed = "_wh_internal.find_feed('ticks', 'acme')"
    assert acme.value(f"SELECT count(*) FROM _wh_internal.stored_digests({feed}, %s, %s)", (DAY, NEXT)) == 2


def test_a_column_with_a_name_that_is_taken_is_refused_when_its_template_is_written(acme: Warehouse) -> None:
    for name in ("schema_name", "ctid", "tableoid", "xmin"):
        assert f'the name of column "{name}" is taken' in store(acme, f"id int, at timestamptz, {name} text")
    said = store(acme, "id int, slice_date date", time_column=None)
    assert 'the name of column "slice_date" is taken: without a time_column' in said
    assert said.endswith("Give it another name in the query, with AS, and in column_definitions.")


def test_xml_is_refused_at_once_where_the_server_has_none(acme: Warehouse) -> None:
    try:
        acme.run("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        said = store(acme, "id int, at timestamptz, document xml")
        assert 'column "document" is of type xml, but this server was built without it' in said
        assert said.endswith("Declare the column as text.")
    else:
        define(acme, columns="id int, at timestamptz, document xml")


def test_a_source_that_wants_tls_is_refused_at_once_where_the_server_has_none(acme: Warehouse) -> None:
    built_with = acme.value("SELECT current_setting('ssl_library')")
    stored = Connection("vault", "127.0.0.1", 1, "vault", "reader", {"sslmode": "verify-full"})
    with session(acme.conninfo) as opened:
        with pytest.raises((DatabaseError, SourceError, psycopg.Error)) as refused:
            connections.replace(opened, stored, "secret")
        assert ("was built without TLS" in str(refused.value)) == (built_with == "")
        assert connections.find(opened, "vault") is None


def test_a_source_that_never_answers_is_not_waited_for(acme: Warehouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, session(acme.conninfo) as opened:
        stored = Connection(
            "mute", "127.0.0.1", silent.getsockname()[1], "mute", "reader", {"connect_timeout": "2"}
        )
        connections.put(opened, stored, "secret")
        with pytest.raises(SourceError, match=r"within 1 seconds|timeout expired"):
            connections.probe(opened, "mute", 1)


def test_a_load_through_the_warehouse_does_not_wait_for_a_source_that_never_answers(
    acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ticks(source, DAY, 1)
    define(acme, query=PLAIN)
    by_loader(acme, DAY, DAY, template="ticks")
    monkeypatch.setattr("tenantry.flow.slice.slice.PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent, session(acme.conninfo) as opened:
        acme.run(
            'UPDATE _wh.tenant_connections SET port = %s, options = \'{"connect_timeout": "2"}\'',
            (silent.getsockname()[1],),
        )
        with pytest.raises(psycopg.OperationalError, match=r"within 1 seconds|timeout expired") as refused:
            slices.hold_source(opened, "acme")
    assert (refused.value.sqlstate or "").startswith("08")


def test_a_new_template_takes_numbers_of_objects_as_text(
    acme: Warehouse, source: Source, tmp_path: Path
) -> None:
    source.run(
        "CREATE TABLE notes (id int PRIMARY KEY, at timestamptz, of_table regclass, kinds regtype[], num oid, x xid, place tid);"
        " INSERT INTO notes VALUES (1, '2024-03-10 12:00Z', 'phood_pan', '{int4}', 16384, '7', '(0,1)');"
        " GRANT SELECT ON notes TO source_reader"
    )
    sql = "SELECT * FROM notes WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz"
    with session(acme.conninfo) as opened:
        draft = template_draft.draft(opened, "notes", sql, "acme")
    assert draft.template.columns.split(",\n") == [
        "id integer",
        "at timestamp with time zone",
        "of_table text",
        "kinds text[]",
        "num text",
        "x text",
        "place text",
    ]


def test_the_number_of_an_object_is_never_copied(acme: Warehouse, source: Source, pull: Pull) -> None:
    """Declared all the same, a type goes through its name; what has no such name here is refused."""
    source.run(
        "CREATE TABLE notes (id int PRIMARY KEY, at timestamptz, kind regtype, of_table regclass);"
        " INSERT INTO notes VALUES (1, '2024-03-10 12:00Z', 'int4', 'phood_pan'); GRANT SELECT ON notes TO source_reader"
    )
    query = (
        "SELECT {} FROM notes WHERE at >= '{{START_TIME}}'::timestamptz AND at < '{{END_TIME}}'::timestamptz"
    )
    columns = "id int, at timestamptz, kind regtype"
    for storage in ("matview", "partition"):
        name = f"notes_{storage}"
        define(acme, name, query=query.format("id, at, kind"), columns=columns, indexes=None)
        acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = %s", (storage, name))
        pull(acme, DAY, DAY, template=name)
        assert acme.value(f"SELECT kind::text FROM acme.{name}") == "integer"
        define(
            acme,
            name,
            query=query.format("id, at, kind, of_table"),
            columns=f"{columns}, of_table regclass",
            indexes=None,
        )
        acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = %s", (storage, name))
        with pytest.raises((AssertionError, psycopg.Error), match='relation "phood_pan" does not exist'):
            pull(acme, DAY, DAY, template=name)
