"""A slice is a UTC day, wherever the source and the operator are, and however they write dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.support.databases import Source, Warehouse, days
from tests.support.program import succeed
from tests.support.samples.small_template import QUERY, define

FIRST = date(2024, 3, 9)
"""The day before clocks in Chicago go forward."""

CHICAGO = "America/Chicago"
KOLKATA = {"PGTZ": "Asia/Kolkata", "PGDATESTYLE": "SQL, DMY"}
"""libpq's variables: what an operator in Kolkata may have in his environment."""

IDS_BY_DAY: LiteralString = (
    "SELECT substr(relname, 7), ARRAY(SELECT id FROM acme.ticks WHERE at >= d AND at < d + interval '24 hours' ORDER BY id)"
    " FROM pg_class, to_timestamp(substr(relname, 7) || ' +00', 'YYYY_MM_DD TZH') d"
    " WHERE relkind = 'm' AND relnamespace = 'acme'::regnamespace ORDER BY 1"
)


@pytest.fixture
def chicago(acme: Warehouse, source: Source) -> Source:
    """A source in Chicago time with a row in each hour of four UTC days: day n has the ids from 100 * n."""
    with source.connect() as session:
        session.execute(
            sql.SQL("ALTER DATABASE {} SET timezone TO {}").format(sql.Identifier(source.name), CHICAGO)
        )
        session.execute(
            sql.SQL("ALTER DATABASE {} SET datestyle TO 'German, DMY'").format(sql.Identifier(source.name))
        )
    source.run("CREATE TABLE ticks (id int, at timestamptz NOT NULL, value text, local timestamp)")
    source.run("GRANT SELECT ON ticks TO source_reader")
    source.run(
        "INSERT INTO ticks SELECT d * 100 + h, at, '1', at AT TIME ZONE 'UTC'"
        " FROM generate_series(0, 3) d, generate_series(0, 23) h,"
        " to_timestamp('2024-03-09 +00', 'YYYY-MM-DD TZH') start, LATERAL (SELECT start + d * interval '24 hours' + h * interval '1 hour' AS at) a"
    )
    # The last moment of a day, and the first of the next.
    source.run(
        "INSERT INTO ticks SELECT 99, '2024-03-10 00:00+00'::timestamptz - interval '1 microsecond', '1', NULL"
    )
    define(acme)
    return source


def expected(number: int) -> list[int]:
    return sorted([number * 100 + hour for hour in range(24)] + ([99] if number == 0 else []))


@pytest.fixture
def kolkata(acme: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """A session of an operator in Kolkata who writes days first."""
    for name, value in KOLKATA.items():
        monkeypatch.setenv(name, value)
    with acme.connect() as session:
        assert one(session, "SHOW TimeZone") == "Asia/Kolkata"
        assert one(session, "SHOW DateStyle") == "SQL, DMY"
        yield session


def one(session: psycopg.Connection, statement: LiteralString, parameters: Any = None) -> Any:
    row = session.execute(statement, parameters).fetchone()
    assert row is not None
    return row[0]


def holds_its_utc_days(warehouse: Warehouse, count: int = 4) -> None:
    assert warehouse.rows(IDS_BY_DAY) == [
        (f"{day:%Y_%m_%d}", expected(number)) for number, day in enumerate(days(FIRST, count))
    ]
    for number, day in enumerate(days(FIRST, count)):
        relation = sql.Identifier("acme", f"ticks_{day:%Y_%m_%d}")
        with warehouse.connect() as session:
            found = session.execute(
                sql.SQL("SELECT array_agg(id ORDER BY id) FROM {}").format(relation)
            ).fetchone()
        assert found == (expected(number),)


def test_sessions_really_are_in_the_zones_that_the_tests_speak_of(chicago: Source) -> None:
    assert chicago.value("SHOW TimeZone") == CHICAGO
    assert chicago.value("SELECT '2024-03-10 07:00+00'::timestamptz::text") == "10.03.2024 01:00:00 CST"


@pytest.mark.parametrize("placeholders", ["range", "day", "day of a timestamp without zone"])
def test_each_slice_holds_exactly_its_utc_day(
    acme: Warehouse, chicago: Source, kolkata: psycopg.Connection, placeholders: str
) -> None:
    if placeholders != "range":
        define(
            acme,
            query=QUERY[: QUERY.index("WHERE")]
            + (
                "WHERE (at AT TIME ZONE 'UTC')::date = '{TARGET_DATE}'"
                if placeholders == "day"
                else "WHERE coalesce(local, '2024-03-09 23:00') >= date '{TARGET_DATE}'"
                " AND coalesce(local, '2024-03-09 23:00') < date '{TARGET_DATE}' + 1"
            ),
        )
    result = one(
        kolkata,
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', DATE '09/03/2024', DATE '12/03/2024')",
    )
    assert [entry["date"] for entry in result["date_results"]] == [str(day) for day in days(FIRST, 4)]
    assert (result["start_date"], result["end_date"]) == ("2024-03-09", "2024-03-12")
    holds_its_utc_days(acme)


@pytest.mark.any_server
def test_a_refresh_a_fold_and_a_day_in_the_folded_year_keep_to_utc_days_too(
    acme: Warehouse, chicago: Source, kolkata: psycopg.Connection
) -> None:
    chicago.run("UPDATE ticks SET at = at - interval '8760 hours'")
    window: LiteralString = "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', DATE '01/01/2023', DATE '31/12/2023')"
    assert one(kolkata, window)["total_records"] == 97
    assert one(kolkata, "SELECT _wh.refresh_mv('acme', 'ticks_2023_03_11')") is True
    result = one(kolkata, "SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)")
    assert (result["processed_mvs"], result["total_records"]) == (365, 97)
    chicago.run("DELETE FROM ticks WHERE id = 123")
    kolkata.execute("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', DATE '11/03/2023')")
    assert acme.rows(
        "SELECT (at AT TIME ZONE 'UTC')::date, count(*) FROM acme.ticks GROUP BY 1 ORDER BY 1"
    ) == [(date(2023, 3, 10) + timedelta(days=n), rows) for n, rows in enumerate((25, 23, 24, 24))]


def test_the_program_keeps_to_utc_days(acme: Warehouse, chicago: Source) -> None:
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    env: Mapping[str, str] = KOLKATA | {"TZ": "Asia/Kolkata"}
    days = ("--from", "2024-03-09", "--to", "2024-03-12")
    done = succeed(acme, "backfill", "ticks", "--all", *days, "--json", env=env).json
    assert (done["load"]["feeds"][0]["loaded"], done["load"]["rows"]) == (4, 97)
    holds_its_utc_days(acme)
    (status,) = succeed(acme, "status", "--json", env=env).json["feeds"]
    assert (status["first_day"], status["last_day"], status["stale"]) == ("2024-03-09", "2024-03-12", 0)


def test_a_report_in_any_zone_finds_the_rows_of_the_moments_it_asks_for(
    acme: Warehouse, chicago: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.run("SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', '2024-03-09', '2024-03-12')")
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    question: LiteralString = (
        "SELECT count(*), min(id), max(id) FROM public.ticks WHERE at >= '2024-03-10' AND at < '2024-03-11'"
    )
    for zone in (CHICAGO, "Asia/Kolkata", "Pacific/Kiritimati", "UTC"):
        monkeypatch.setenv("PGTZ", zone)
        assert acme.reader.rows(question) == [
            chicago.rows(
                "SELECT count(*), min(id), max(id) FROM ticks WHERE at >= timestamptz '2024-03-10' AND at < timestamptz '2024-03-11'"
            )[0]
        ], zone


def test_days_in_messages_read_alike_in_every_date_style(
    chicago: Source, kolkata: psycopg.Connection
) -> None:
    with pytest.raises(
        psycopg.Error, match="the first day of the window, 2024-03-10, is after its last day, 2024-03-09"
    ):
        kolkata.execute(
            "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', DATE '10/03/2024', DATE '09/03/2024')"
        )
    with pytest.raises(psycopg.Error, match=r"^9999-12-31 has not begun: in UTC it is \d{4}-\d\d-\d\d"):
        kolkata.execute("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', DATE '31/12/9999')")
    kolkata.execute("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    with pytest.raises(psycopg.Error, match=r"it is \d{4}-\d\d-\d\d in UTC"):
        kolkata.execute("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 9999)")
