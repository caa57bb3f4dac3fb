"""The demo's production databases: repeatable, believable, and never half made."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenantry.core.errors import InputError
from tenantry.core.words import count
from tenantry.demo.__main__ import main as make_sources
from tenantry.demo.sources import (
    TENANTS,
    DemoTenant,
    create_source,
    drop_source,
    extend_source,
    source_exists,
)
from tenantry.embedded import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

HARVEST, MARINA, ORCHARD = (replace(tenant, database=f"test_{tenant.database}") for tenant in TENANTS)
READER, PASSWORD = "test_demo_reader", "it's a pass'word"
NEVER = datetime(2100, 1, 1, tzinfo=UTC)

Creator = Callable[..., tuple[DemoTenant, int]]


def ask(server: Server, tenant: DemoTenant, query: LiteralString, *parameters: object) -> list[Any]:
    with psycopg.connect(server.conninfo(dbname=tenant.database)) as connection:
        return connection.execute(query, parameters).fetchall()


def value(server: Server, tenant: DemoTenant, query: LiteralString, *parameters: object) -> Any:
    ((found,),) = ask(server, tenant, query, *parameters)
    return found


def log(server: Server, tenant: DemoTenant, first: date, last: date) -> list[Any]:
    """The rows of these UTC days, as they are kept."""
    return ask(
        server,
        tenant,
        "SELECT * FROM phood_foodlogsum WHERE (logged_time AT TIME ZONE 'UTC')::date BETWEEN %s AND %s ORDER BY id",
        first,
        last,
    )


def reads(server: Server, tenant: DemoTenant, reader: str = READER) -> psycopg.Connection:
    return psycopg.connect(
        make_conninfo(server.conninfo(user=reader, dbname=tenant.database), password=PASSWORD),
        autocommit=True,
    )


def drop_reader(admin: psycopg.Connection, reader: str) -> None:
    admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(reader)))


@pytest.fixture(scope="module")
def year(server: Server) -> Iterator[Server]:
    """A server with the sources of all three tenants for 2024, made at the same time for one reader."""

    def make(tenant: DemoTenant) -> int:
        days = date(2024, 1, 1), date(2024, 12, 31)
        return create_source(server.conninfo(), tenant, *days, until=NEVER, reader=READER, password=PASSWORD)

    tenants = (HARVEST, MARINA, ORCHARD)
    with ThreadPoolExecutor(len(tenants)) as pool:
        rows = list(pool.map(make, tenants))
    assert rows == [value(server, tenant, "SELECT count(*) FROM phood_foodlogsum") for tenant in tenants]
    yield server
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        for tenant in tenants:
            drop_source(admin, tenant)
        drop_reader(admin, READER)


@pytest.fixture
def create(server: Server) -> Iterator[Creator]:
    """Makes small sources of the test's own, read by "test_small_reader"; returns tenant and number of rows."""
    made: list[DemoTenant] = []

    def create(
        model: DemoTenant, first: date, last: date, *, until: datetime = NEVER
    ) -> tuple[DemoTenant, int]:
        tenant = replace(model, database=f"test_small_{len(made)}")
        made.append(tenant)
        rows = create_source(
            server.conninfo(),
            tenant,
            first,
            last,
            until=until,
            reader="test_small_reader",
            password=PASSWORD,
        )
        return tenant, rows

    yield create
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        for tenant in made:
            drop_source(admin, tenant)
        drop_reader(admin, "test_small_reader")


@pytest.mark.parametrize("model", [HARVEST, MARINA, ORCHARD], ids=lambda tenant: tenant.name)
@pytest.mark.parametrize(
    "first, last",
    [
        (date(2024, 2, 28), date(2024, 3, 1)),  # a leap day
        (date(2024, 11, 3), date(2024, 11, 3)),  # the clocks are set back
    ],
)
def test_a_day_has_the_same_rows_in_every_range(
    year: Server, create: Creator, model: DemoTenant, first: date, last: date
) -> None:
    tenant, rows = create(model, first, last)
    few = log(year, tenant, date.min, date.max)
    assert len(few) == rows > 50
    assert few == log(year, model, first, last)


def test_tenants_and_seeds_differ(year: Server, create: Creator) -> None:
    day = date(2024, 5, 7)
    tenant, _ = create(replace(HARVEST, seed=7), day, day)
    assert log(year, tenant, day, day) != log(year, HARVEST, day, day)
    assert log(year, MARINA, day, day) != log(year, HARVEST, day, day)


def test_rows_are_logged_up_to_the_present_only(year: Server, create: Creator) -> None:
    day, until = date(2024, 5, 7), datetime(2024, 5, 7, 19, 30, tzinfo=UTC)
    tenant, _ = create(HARVEST, day - timedelta(days=2), day, until=until)
    assert log(year, tenant, day, day) == [row for row in log(year, HARVEST, day, day) if row[8] < until]


def test_an_extension_adds_only_what_is_new(year: Server, create: Creator) -> None:
    first, last = date(2024, 5, 1), date(2024, 5, 9)
    tenant, rows = create(MARINA, first, last, until=datetime(2024, 5, 7, 3, 14, 15, tzinfo=UTC))
    at_first = log(year, tenant, first, last)

    for until in (datetime(2024, 5, 7, 3, 50, tzinfo=UTC), datetime(2024, 5, 10, tzinfo=UTC)):
        added = extend_source(year.conninfo(), tenant, until=until)
        rows += added
        assert added > 0
        assert extend_source(year.conninfo(), tenant, until=until) == 0
    assert extend_source(year.conninfo(), tenant, until=datetime(2024, 5, 2, tzinfo=UTC)) == 0

    now = log(year, tenant, first, last)
    assert now == log(year, MARINA, first, last)
    assert len(now) == rows
    assert now[: len(at_first)] == at_first


def test_extensions_that_meet_add_each_row_once(year: Server, create: Creator) -> None:
    day = date(2024, 5, 6)
    tenant, rows = create(MARINA, day, day)
    until = datetime(2024, 5, 27, tzinfo=UTC)
    with ThreadPoolExecutor(3) as pool:
        added = list(pool.map(lambda _: extend_source(year.conninfo(), tenant, until=until), range(3)))
    found = log(year, tenant, date.min, date.max)
    assert found == log(year, MARINA, day, date(2024, 5, 26))
    assert rows + sum(added) == len(found)


def test_a_source_without_rows_is_extended_from_the_start_of_the_day(year: Server, create: Creator) -> None:
    day = date(2024, 5, 7)
    tenant, rows = create(ORCHARD, day, day, until=datetime(2024, 5, 7, 9, tzinfo=UTC))
    assert rows == value(year, tenant, "SELECT count(*) FROM phood_foodlogsum")
    with psycopg.connect(year.conninfo(dbname=tenant.database)) as connection:
        connection.execute("DELETE FROM phood_foodlogsum")
    extend_source(year.conninfo(), tenant, until=datetime(2024, 5, 7, 23, 59, 59, tzinfo=UTC))
    assert log(year, tenant, day, day) == log(year, ORCHARD, day, day)


def test_a_year_has_about_as_many_rows_as_promised(year: Server) -> None:
    for tenant in (HARVEST, MARINA, ORCHARD):
        mean = value(year, tenant, "SELECT count(*) / 366.0 FROM phood_foodlogsum")
        assert float(mean) == pytest.approx(tenant.daily_rows, rel=0.05)
        assert (
            value(year, tenant, "SELECT count(DISTINCT location_id) FROM phood_foodlogsum") == tenant.stores
        )


def test_seasons_differ(year: Server) -> None:
    months: LiteralString = (
        "SELECT extract(month FROM logged_time)::int, count(*) FROM phood_foodlogsum GROUP BY 1"
    )
    university, hotels, hospitals = (dict(ask(year, tenant, months)) for tenant in (HARVEST, MARINA, ORCHARD))
    assert university[10] > 2 * university[7]
    assert hotels[7] > 1.7 * hotels[1]
    assert hospitals[7] == pytest.approx(hospitals[10], rel=0.25)


def test_weekends_differ(year: Server) -> None:
    days: LiteralString = (
        "SELECT extract(isodow FROM logged_time)::int, count(*) FROM phood_foodlogsum"
        " JOIN phood_location l ON l.id = location_id WHERE l.name LIKE %s GROUP BY 1"
    )
    university, hotels, offices = (
        dict(ask(year, tenant, days, store))
        for tenant, store in ((HARVEST, "%"), (MARINA, "%"), (HARVEST, "Law School%"))
    )
    assert university[6] < 0.8 * university[2]
    assert hotels[6] > 1.3 * hotels[2]
    assert set(offices) == {1, 2, 3, 4, 5}


def test_meals_are_eaten_by_the_clock_of_the_tenant(year: Server) -> None:
    for tenant, busiest in ((HARVEST, 13), (MARINA, 10), (ORCHARD, 12)):
        assert value(year, tenant, "SHOW timezone") == tenant.timezone
        hours = ask(
            year,
            tenant,
            "SELECT extract(hour FROM logged_time)::int FROM phood_foodlogsum GROUP BY 1 ORDER BY count(*) DESC",
        )
        assert hours[0] == (busiest,)
        assert {hour for (hour,) in hours} <= set(range(6, 24))


def test_some_stores_are_much_bigger(year: Server) -> None:
    counts = ask(year, HARVEST, "SELECT count(*) FROM phood_foodlogsum GROUP BY location_id ORDER BY 1")
    assert counts[-1][0] > 8 * counts[0][0]


def test_weights_are_skewed_and_more_than_the_pan_weighs_but_for_a_few(year: Server) -> None:
    for tenant in (HARVEST, MARINA, ORCHARD):
        ((mean, median, most, below, flagged),) = ask(
            year,
            tenant,
            "SELECT avg(w.weight)::float8, percentile_cont(0.5) WITHIN GROUP (ORDER BY w.weight), max(w.weight),"
            " avg((w.weight <= 0)::int)::float8, bool_and(f.flags = 'weight_check') FILTER (WHERE w.weight < -0.1)"
            " FROM phood_foodlogsum f LEFT JOIN phood_pan p ON p.id = f.pan_id"
            " CROSS JOIN LATERAL (SELECT f.quantity - coalesce(p.average_weight, 0) AS weight) w",
        )
        assert 1.2 * median < mean < 6
        assert 20 < most < 100
        assert 0 < below < 0.01
        assert flagged


def test_all_rows_join_and_some_values_are_unknown(year: Server) -> None:
    for tenant in (HARVEST, MARINA, ORCHARD):
        ((orphans, *unknown),) = ask(
            year,
            tenant,
            "SELECT count(*) FILTER (WHERE l.id IS NULL OR g.id IS NULL OR i.id IS NULL OR c.id IS NULL OR s.id IS NULL"
            " OR (f.pan_id IS NOT NULL AND p.id IS NULL) OR (f.action_reason_id IS NOT NULL AND r.id IS NULL)"
            " OR (f.action_taken_id IS NOT NULL AND t.id IS NULL)),"
            " avg((f.pan_id IS NULL)::int)::float8, avg((f.action_reason_id IS NULL)::int)::float8,"
            " avg((f.action_taken_id IS NULL)::int)::float8, avg((f.flags IS NOT NULL)::int)::float8,"
            " avg((f.validation_status <> 'valid')::int)::float8"
            " FROM phood_foodlogsum f"
            " LEFT JOIN phood_location l ON l.id = f.location_id LEFT JOIN phood_region g ON g.id = l.region_id"
            " LEFT JOIN phood_inventoryitem i ON i.id = f.inventory_item_id"
            " LEFT JOIN phood_foodcategory c ON c.id = i.food_category_id"
            " LEFT JOIN phood_menuitem m ON m.inventory_item_id = i.id AND m.location_id = l.id"
            " LEFT JOIN phood_station s ON s.id = m.station_id LEFT JOIN phood_pan p ON p.id = f.pan_id"
            " LEFT JOIN phood_actionreason r ON r.id = f.action_reason_id"
            " LEFT JOIN phood_actiontaken t ON t.id = f.action_taken_id",
        )
        assert orphans == 0
        assert all(0.005 < share < 0.2 for share in unknown)


def test_the_reader_can_only_read(year: Server, create: Creator) -> None:
    with reads(year, HARVEST) as reader:
        assert reader.execute("SELECT count(*) FROM phood_foodlogsum JOIN phood_region ON true").fetchone()
        for statement in (
            b"INSERT INTO phood_region VALUES (99, 'x')",
            b"UPDATE phood_pan SET name = 'x'",
            b"DELETE FROM phood_menuitem",
            b"CREATE TABLE x ()",
            b"CREATE TEMPORARY TABLE x ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)
    assert ask(
        year,
        HARVEST,
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolpassword LIKE 'SCRAM-SHA-256$%%' FROM pg_authid WHERE rolname = %s",
        READER,
    ) == [(False, False, False, True)]

    create(ORCHARD, date(2024, 5, 7), date(2024, 5, 7))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        reads(year, HARVEST, "test_small_reader")


INTERRUPTED = """
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from tenantry.demo.sources import TENANTS, create_source

tenant = replace(TENANTS[0], database="test_small_0")
create_source(sys.argv[1], tenant, date(2000, 1, 1), date(2024, 5, 7), until=datetime.now(UTC), reader="x", password="x")
"""


def test_a_creation_that_was_killed_is_made_again(year: Server, create: Creator) -> None:
    tenant, day = replace(HARVEST, database="test_small_0"), date(2024, 5, 7)
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, year.conninfo()]) as process:
        try:
            wait_until_rows_are_made(year, f"{tenant.database}.unfinished")
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL

    with psycopg.connect(year.conninfo(), autocommit=True) as admin:
        assert not source_exists(admin, tenant)
        tenant, rows = create(HARVEST, day, day)
        assert source_exists(admin, tenant)
        assert rows == len(log(year, HARVEST, day, day))
        assert admin.execute("SELECT FROM pg_database WHERE datname LIKE '%unfinished'").rowcount == 0
        drop_reader(admin, "x")


def wait_until_rows_are_made(server: Server, database: str) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        wait_until(
            lambda: (
                admin.execute(
                    "SELECT FROM pg_stat_activity WHERE datname = %s AND query LIKE %s",
                    (database, "%INSERT INTO phood_foodlogsum%"),
                ).rowcount
                > 0
            )
        )


def test_a_finished_source_is_not_made_over(year: Server) -> None:
    day = date(2024, 5, 7)
    with pytest.raises(InputError, match="exists already"):
        create_source(year.conninfo(), HARVEST, day, day, until=NEVER, reader=READER, password="another")
    with reads(year, HARVEST) as reader:
        assert reader.execute("SELECT 1").fetchone() == (1,)


def test_a_database_of_somebody_else_is_never_touched(server: Server) -> None:
    tenant, day = replace(HARVEST, database="test_not_the_demos"), date(2024, 5, 7)
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE test_not_the_demos TEMPLATE template0")
        try:
            assert not source_exists(admin, tenant)
            with pytest.raises(InputError, match="exists already"):
                create_source(server.conninfo(), tenant, day, day, until=NEVER, reader="x", password="x")
            with pytest.raises(InputError, match="not made by the demo"):
                extend_source(server.conninfo(), tenant, until=NEVER)
            drop_source(admin, tenant)
            assert value(server, tenant, "SELECT 1") == 1
        finally:
            admin.execute("DROP DATABASE test_not_the_demos")


def test_a_dropped_source_is_gone_whoever_uses_it(server: Server, create: Creator) -> None:
    tenant, _ = create(ORCHARD, date(2024, 5, 7), date(2024, 5, 7))
    with (
        psycopg.connect(server.conninfo(), autocommit=True) as admin,
        psycopg.connect(server.conninfo(dbname=tenant.database)),
    ):
        drop_source(admin, tenant)
        assert not source_exists(admin, tenant)
        drop_source(admin, tenant)


def test_the_sources_are_made_on_a_server_of_ones_own_and_brought_up_to_date_by_the_next_call(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As packaging/compose.yaml does for its demo."""
    # The sources of `year` may still be there.
    tenant, reader_name = replace(HARVEST, database="test_compose_production"), "test_compose_reader"
    monkeypatch.setattr("tenantry.demo.__main__.TENANTS", [tenant])
    arguments = [server.conninfo(), "--days", "2", "--reader", reader_name]
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        try:
            with pytest.raises(SystemExit):
                make_sources(arguments)
            monkeypatch.setenv("TENANTRY_SOURCE_PASSWORD", PASSWORD)
            assert make_sources(arguments) == 0
            made = value(server, tenant, "SELECT count(*) FROM phood_foodlogsum")
            with reads(server, tenant, reader_name) as reader:
                assert reader.execute("SELECT count(*) FROM phood_foodlogsum").fetchone() == (made,)
            assert make_sources(arguments) == 0
            assert f"{tenant.database}: {count(made, 'row')} added\n" in capsys.readouterr().out
        finally:
            drop_source(admin, tenant)
            drop_reader(admin, reader_name)
