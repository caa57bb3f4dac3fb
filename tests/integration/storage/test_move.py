"""Moving a template between storages: every row, both ways, without the source, while reports read and loads go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache, partial
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tenantry.embedded import Server
from tests.support.databases import Maker, Source, Warehouse
from tests.support.program import Outcome, run, succeed
from tests.support.samples.small_template import define, make_ticks
from tests.support.samples.two_years import DIGEST, TwoYears, leftovers, make_two_years, recent
from tests.support.waiting import wait_until

DAY = date(2024, 3, 10)
IN_COMBINED_YEAR = date(2023, 3, 10)


@pytest.fixture(scope="module")
def two_years_until(server: Server, templates: None) -> Iterator[Callable[[date], TwoYears]]:
    """Loaded once for all tests of this module that begin on the same day."""
    maker = Maker(server)
    yield cache(partial(make_two_years, server, maker))
    maker.drop_all()


@pytest.fixture
def two_years(two_years_until: Callable[[date], TwoYears], today: date) -> TwoYears:
    """Loaded until today."""
    return two_years_until(today)


@pytest.fixture
def years(server: Server, maker: Maker, two_years: TwoYears) -> tuple[Warehouse, Source]:
    """Two years of acme in materialized views, and their source."""
    return two_years.clone(server, maker)


@pytest.fixture
def few(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with three days of acme in materialized views."""
    make_ticks(source, DAY, 3)
    define(acme)
    pull(acme, DAY, DAY + timedelta(days=2))
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    return acme


def pull(warehouse: Warehouse, first: date, last: date | None = None, schema: str = "acme") -> None:
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template('ticks', %s, %s, %s, %s)",
        (schema, schema, first, last or first),
    )


def move(warehouse: Warehouse, storage: str, schema: str | None = None) -> None:
    warehouse.run("CALL _wh.set_storage('ticks', %s, %s)", (storage, schema))


def drop_old(warehouse: Warehouse, schema: str = "acme") -> None:
    warehouse.run("CALL _wh.drop_old_storage('ticks', %s)", (schema,))


def dropped(relations: int) -> dict[str, Any]:
    """The JSON of drop-old for one tenant."""
    return {"dropped": [{"tenant": "acme", "relations": relations}]}


def set_storage(warehouse: Warehouse, storage: str, *more: str) -> list[dict[str, Any]]:
    """The command; returns its JSON for each tenant."""
    moved: list[dict[str, Any]] = succeed(
        warehouse, "template", "set-storage", "ticks", storage, "--json", *more
    ).json["moved"]
    return moved


def there_and_back(warehouse: Warehouse) -> None:
    move(warehouse, "partition")
    drop_old(warehouse)
    move(warehouse, "matview")


def storages(warehouse: Warehouse) -> list[tuple[str, str]]:
    return warehouse.rows("SELECT schema_name, storage FROM _wh.feeds ORDER BY 1")


def checks(warehouse: Warehouse, today: date) -> list[str]:
    return [
        warehouse.value(
            "SELECT _wh.check_views_by_template_for_year('ticks', 'acme', %s) ->> 'status'", (year,)
        )
        for year in (2023, 2024, today.year)
    ]


def indexes(warehouse: Warehouse, table: str) -> list[tuple[str]]:
    return warehouse.rows(
        "SELECT indexname FROM pg_indexes WHERE schemaname = '_wh_data' AND tablename = %s",
        (f"acme.{table}",),
    )


class Steps:
    """A move in the hands of a test, step by step."""

    def __init__(self, warehouse: Warehouse, storage: str) -> None:
        self._session = warehouse.connect()
        self._storage = storage
        self.state: dict[str, Any] | None = None

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def until(self, phase: str) -> None:
        """Take steps until `phase` comes next."""
        while self.state is None or self.state["phase"] != phase:
            row = self._session.execute(
                "SELECT _wh_internal.move_step('ticks', 'acme', %s, %s)",
                (self._storage, Jsonb(self.state) if self.state else None),
            ).fetchone()
            assert row is not None
            self.state = row[0]


@pytest.mark.parametrize("by", ["year", "month"])
def test_every_day_has_the_same_count_and_sums_there_and_back(
    years: tuple[Warehouse, Source], two_years: TwoYears, by: str, today: date
) -> None:
    warehouse, source = years
    warehouse.run("UPDATE _wh.mv_templates SET partition_by = %s WHERE template_name = 'ticks'", (by,))
    before = checks(warehouse, today)
    source.run("DROP TABLE ticks")
    (moved,) = set_storage(warehouse, "partition")
    assert (moved["moved"], moved["rows"], moved["days_again"]) == (True, 2 * len(two_years.digest), 0)
    assert storages(warehouse) == [("acme", "partition")]
    assert (
        warehouse.value("SELECT storage FROM _wh.mv_templates WHERE template_name = 'ticks'") == "partition"
    )
    assert warehouse.rows(DIGEST) == two_years.digest
    assert checks(warehouse, today) == before
    leaves = warehouse.rows(
        "SELECT relid::regclass::text FROM pg_partition_tree('_wh_data.\"public.ticks\"') WHERE isleaf ORDER BY 1"
    )
    assert ('_wh_data."acme.ticks_2023"',) in leaves
    assert (('_wh_data."acme.ticks_2024_12"',) in leaves) == (by == "month")
    assert indexes(warehouse, "ticks_2023") == [("acme.ticks_2023_id",)]
    assert leftovers(warehouse) == []

    succeed(warehouse, "template", "drop-old", "ticks")
    assert leftovers(warehouse, "tenantry_") == []
    set_storage(warehouse, "matview")
    assert storages(warehouse) == [("acme", "matview")]
    assert warehouse.rows(DIGEST) == two_years.digest
    assert checks(warehouse, today) == before
    assert indexes(warehouse, "ticks_2024") == [("acme.ticks_2024_id",)]
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks") == 2 * len(two_years.digest)
    assert leftovers(warehouse) == []
    succeed(warehouse, "template", "drop-old", "ticks")
    assert leftovers(warehouse, "tenantry_") == []


@pytest.mark.parametrize("to", ["partition", "matview"])
def test_after_a_move_days_are_pulled_checked_and_combined_as_before(
    years: tuple[Warehouse, Source], to: str, today: date
) -> None:
    warehouse, source = years
    if to == "partition":
        move(warehouse, "partition")
    else:
        there_and_back(warehouse)
    source.run("UPDATE ticks SET value = 40")
    for day in (IN_COMBINED_YEAR, DAY, today):
        succeed(warehouse, "refresh", "ticks", "--all", "--date", day)
        assert warehouse.reader.rows(
            "SELECT value, count(*) FROM public.ticks WHERE (at AT TIME ZONE 'UTC')::date = %s GROUP BY 1",
            (day,),
        ) == [("40", 2)]
    first = recent(today)[0] - timedelta(days=20)
    if first.year == today.year:
        (loaded,) = succeed(warehouse, "backfill", "ticks", "--all", "--from", first, "--json").json["load"][
            "feeds"
        ]
        assert loaded["loaded"] >= 20
        (loaded,) = succeed(warehouse, "backfill", "ticks", "--all", "--from", first, "--json").json["load"][
            "feeds"
        ]
        assert loaded["loaded"] == 0
    assert checks(warehouse, today)[:2] == ["converted", "complete"]
    result = warehouse.value("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2024)")
    assert (result["yearly_table"], result["processed_mvs"], result["total_records"]) == (
        "ticks_2024",
        366,
        732,
    )
    assert checks(warehouse, today)[:2] == ["converted", "converted"]
    source.run("DELETE FROM ticks WHERE (at AT TIME ZONE 'UTC')::date = %s", (DAY,))
    pull(warehouse, DAY)
    assert warehouse.value("SELECT count(*) FROM acme.ticks WHERE at < '2025-01-01 00:00+00'") == 1460


def test_a_missing_day_is_still_missing_after_a_move(few: Warehouse, source: Source) -> None:
    few.run("DROP MATERIALIZED VIEW acme.ticks_2024_03_11 CASCADE")
    pull(few, DAY)
    for storage in ("partition", "matview"):
        move(few, storage)
        check = few.value("SELECT _wh.check_views_by_template_for_year('ticks', 'acme', 2024)")
        assert (check["status"], check["found_days"]) == ("incomplete", 2)
        drop_old(few)
    (loaded,) = succeed(
        few, "backfill", "ticks", "--all", "--from", "2024-03-10", "--to", "2024-03-12", "--json"
    ).json["load"]["feeds"]
    assert (loaded["loaded"], loaded["present"]) == (1, 2)
    assert few.value("SELECT count(*) FROM public.ticks") == 6


def test_a_slice_that_was_made_by_hand_is_on_record_after_a_move(few: Warehouse) -> None:
    few.run("DELETE FROM _wh.slices WHERE slice_date = %s", (DAY,))
    move(few, "partition")
    assert few.rows("SELECT slice_date, status, row_count FROM _wh.slices ORDER BY 1")[0] == (
        DAY,
        "loaded",
        2,
    )
    assert (
        few.value("SELECT _wh.check_views_by_template_for_year('ticks', 'acme', 2024) ->> 'found_days'")
        == "3"
    )


@pytest.mark.parametrize("storage", ["partition", "matview"])
def test_what_is_loaded_between_copy_and_swap_is_not_lost(
    few: Warehouse, source: Source, storage: str
) -> None:
    if storage == "matview":
        move(few, "partition")
        drop_old(few)
    with Steps(few, storage) as steps:
        steps.until("hold")
        source.run("UPDATE ticks SET value = 50 WHERE id % 2 = 0")
        source.run(
            "UPDATE ticks SET id = 7 WHERE (at AT TIME ZONE 'UTC')::date = %s AND id %% 10 = 1", (DAY,)
        )
        source.run("INSERT INTO ticks VALUES (1, '2023-12-31 12:00+00', 3), (2, '2024-03-13 12:00+00', 4)")
        pull(few, date(2023, 12, 31))
        pull(few, DAY, DAY + timedelta(days=3))
        wanted = few.rows("SELECT id, at, value FROM acme.ticks ORDER BY id")
        steps.until("done")
        assert steps.state is not None
        assert steps.state["days_again"] == 4
    assert few.reader.rows("SELECT id, at, value FROM public.ticks ORDER BY id") == wanted
    assert len(wanted) == 8
    assert leftovers(few) == []


def test_a_slice_that_is_dropped_or_refreshed_by_hand_before_the_swap_is_so_after_it(
    few: Warehouse, source: Source
) -> None:
    with Steps(few, "partition") as steps:
        steps.until("hold")
        source.run("UPDATE ticks SET value = 50")
        few.run("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_10')")
        few.run("DROP MATERIALIZED VIEW acme.ticks_2024_03_11 CASCADE")
        steps.until("done")
    assert few.rows("SELECT (at AT TIME ZONE 'UTC')::date, value FROM acme.ticks ORDER BY at") == [
        (DAY, 50),
        (DAY, 50),
        (DAY + timedelta(days=2), 0),
        (DAY + timedelta(days=2), 1),
    ]


def test_a_year_that_is_combined_between_copy_and_swap_is_one_table(
    years: tuple[Warehouse, Source], two_years: TwoYears, today: date
) -> None:
    warehouse, _ = years
    warehouse.run("UPDATE _wh.mv_templates SET partition_by = 'month' WHERE template_name = 'ticks'")
    with Steps(warehouse, "partition") as steps:
        steps.until("hold")
        warehouse.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2024)")
        steps.until("done")
    assert checks(warehouse, today)[:2] == ["converted", "converted"]
    assert warehouse.rows(DIGEST) == two_years.digest


@pytest.mark.parametrize("load", ["by SQL", "by the program"])
def test_a_load_that_waited_for_the_swap_goes_into_the_new_storage(
    few: Warehouse, source: Source, load: str
) -> None:
    outcome: list[object] = []

    def refresh() -> None:
        if load == "by SQL":
            pull(few, DAY)
        else:
            outcome.append(run(few, "refresh", "ticks", "--all", "--date", DAY).err)

    with Steps(few, "partition") as steps:
        steps.until("compare")
        source.run("UPDATE ticks SET value = 50")
        loading = threading.Thread(target=refresh)
        loading.start()
        wait_until(
            lambda: (
                few.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
                )
                > 0
            )
        )
        steps.until("done")
        loading.join()
    assert few.value("SELECT count(*) FROM acme.ticks WHERE value = 50") == 2, outcome
    assert (
        few.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme' AND matviewname ~ '^ticks'")
        == 0
    )


def test_reports_see_every_row_once_all_through_a_move(years: tuple[Warehouse, Source]) -> None:
    warehouse, _ = years
    rows: int = warehouse.value("SELECT count(*) FROM public.ticks")
    done = threading.Event()
    wrong: list[object] = []
    reports = 0

    def read(statement: bytes) -> None:
        nonlocal reports
        with warehouse.reader.connect() as session:
            while not done.is_set():
                try:
                    seen = session.execute(statement).fetchall()
                    if seen != [(rows,)]:
                        wrong.append(seen)
                except psycopg.Error as error:
                    wrong.append(error)
                reports += 1

    readers = [
        threading.Thread(target=read, args=(statement,))
        for statement in (b"SELECT count(*) FROM public.ticks", b"SELECT count(*) FROM acme.ticks")
    ]
    for reader in readers:
        reader.start()
    try:
        wait_until(lambda: reports > 2)
        for storage in ("partition", "matview"):
            move(warehouse, storage)
            drop_old(warehouse)
        after = reports
        wait_until(lambda: reports > after + 2)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []


def test_one_tenant_moves_and_stands_beside_the_others_in_the_public_view(
    few: Warehouse, make_source: Callable[[], Source]
) -> None:
    other = make_source()
    make_ticks(other, DAY, 1, per_day=5)
    few.connect_to(other, "globex")
    few.make_schema("globex")
    pull(few, DAY, schema="globex")
    few.run("SELECT _wh.update_public_view_by_template('ticks')")
    expected = [("acme", 6), ("globex", 5)]
    report = "SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1"
    for storage in ("partition", "matview"):
        move(few, storage, "acme")
        assert len(set(storages(few))) == 2
        assert len({kind for _, kind in storages(few)}) == 2
        assert few.value("SELECT relkind::text FROM pg_class WHERE oid = 'public.ticks'::regclass") == "v"
        assert few.reader.rows(report) == expected
        move(few, storage)
        assert few.value("SELECT relkind::text FROM pg_class WHERE oid = 'public.ticks'::regclass") == "v"
        assert few.reader.rows(report) == expected
        drop_old(few)
        drop_old(few, "globex")
    assert leftovers(few, "tenantry_") == []


def test_the_templates_storage_changes_with_all_tenants_only(few: Warehouse) -> None:
    set_storage(few, "partition", "--tenant", "acme")
    assert few.value("SELECT storage FROM _wh.mv_templates WHERE template_name = 'ticks'") == "matview"
    (again,) = set_storage(few, "partition")
    assert again["moved"] is False
    assert few.value("SELECT storage FROM _wh.mv_templates WHERE template_name = 'ticks'") == "partition"


def test_what_was_put_aside_is_not_for_reports_and_grants_stay(few: Warehouse, server: Server) -> None:
    few.admin.run("CREATE ROLE analyst_of_moves")
    try:
        few.run("GRANT SELECT ON acme.ticks, public.ticks TO analyst_of_moves")
        for storage in ("partition", "matview"):
            move(few, storage)
            granted = few.rows(
                "SELECT table_schema, table_name FROM information_schema.role_table_grants"
                " WHERE grantee = 'analyst_of_moves' AND table_name = 'ticks' AND privilege_type = 'SELECT' ORDER BY 1"
            )
            assert granted == [("acme", "ticks"), ("public", "ticks")]
            readable = few.reader.rows(
                "SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind IN ('r', 'p', 'm', 'v')"
                " AND has_table_privilege(oid, 'SELECT') ORDER BY 1"
            )
            assert readable == [("ticks",)]
            assert leftovers(few, "tenantry_old_") != []
            drop_old(few)
    finally:
        few.run("REVOKE ALL ON ALL TABLES IN SCHEMA acme, public FROM analyst_of_moves")
        few.admin.run("DROP ROLE analyst_of_moves")


def test_while_a_copy_is_made_reports_cannot_read_it(few: Warehouse) -> None:
    with Steps(few, "partition") as steps:
        steps.until("hold")
        with pytest.raises(psycopg.Error, match="permission denied"):
            few.reader.run('SELECT * FROM _wh_data."acme.tenantry_move_ticks"')


def test_a_second_operator_waits_and_finds_it_done(few: Warehouse) -> None:
    outcomes: list[Outcome] = []
    with Steps(few, "partition") as steps:
        steps.until("hold")
        second = threading.Thread(
            target=lambda: outcomes.append(
                succeed(few, "template", "set-storage", "ticks", "partition", "--json")
            )
        )
        second.start()
        wait_until(
            lambda: (
                few.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tenantry move' AND wait_event = 'advisory'"
                )
                == 1
            )
        )
        steps.until("done")
        second.join()
    (outcome,) = outcomes
    assert "acme.ticks: waiting for session" in outcome.err
    assert [moved["moved"] for moved in outcome.json["moved"]] == [False]


def test_a_copied_year_is_not_copied_again_by_the_next_run(
    years: tuple[Warehouse, Source], two_years: TwoYears
) -> None:
    warehouse, _ = years
    with Steps(warehouse, "partition") as steps:
        steps.until("hold")
    copied = warehouse.rows(
        "SELECT oid, relname FROM pg_class WHERE relname LIKE 'acme.tenantry\\_move\\_ticks\\_____'"
    )
    assert len(copied) == 3
    move(warehouse, "partition")
    assert {row[0] for row in copied} == {
        row[0]
        for row in warehouse.rows(
            "SELECT relid::oid FROM pg_partition_tree('_wh_data.\"acme.ticks\"') WHERE isleaf"
        )
    }
    assert warehouse.rows(DIGEST) == two_years.digest


def test_a_move_that_was_given_up_is_cleared_away_by_naming_the_storage_that_is(few: Warehouse) -> None:
    with Steps(few, "partition") as steps:
        steps.until("hold")
    assert leftovers(few) != []
    move(few, "matview")
    assert leftovers(few) == []
    assert few.value("SELECT count(*) FROM public.ticks") == 6


def test_a_copy_of_a_template_that_changed_meanwhile_is_begun_anew(few: Warehouse) -> None:
    with Steps(few, "partition") as steps:
        steps.until("hold")
    few.run(
        "UPDATE _wh.mv_templates SET column_definitions = column_definitions || ', note text',"
        " query_template = replace(query_template, 'FROM ticks', ', ''new'' FROM ticks') WHERE template_name = 'ticks'"
    )
    move(few, "partition")
    assert few.rows("SELECT note, count(*) FROM public.ticks GROUP BY 1") == [(None, 6)]


def test_a_copy_that_differs_is_refused_with_the_day_and_both_sums(few: Warehouse) -> None:
    with Steps(few, "partition") as steps:
        steps.until("hold")
        few.run(
            "CREATE FUNCTION acme.spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.value := 9; RETURN NEW; END'"
        )
        few.run(
            'CREATE TRIGGER spoil BEFORE INSERT ON _wh_data."acme.tenantry_move_ticks_2024" FOR EACH ROW EXECUTE FUNCTION acme.spoil()'
        )
        few.run("DELETE FROM _wh_data.\"acme.tenantry_move_ticks_2024\" WHERE at < '2024-03-11 00:00+00'")
        with pytest.raises(psycopg.Error, match=r"acme\.ticks 2024-03-10: the copy differs") as caught:
            steps.until("done")
    assert '"rows": 2' in str(caught.value)
    assert '"value": 1}, copied {' in str(caught.value)
    assert '"value": 18}' in str(caught.value)
    assert storages(few) == [("acme", "matview")]
    assert few.reader.value("SELECT sum(value) FROM public.ticks") == 3


def test_an_error_lets_go_of_the_tenant(few: Warehouse) -> None:
    few.run("CREATE VIEW acme.report AS SELECT count(*) FROM acme.ticks_2024_03_10")
    with few.admin.connect() as session:
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            session.execute("CALL _wh.set_storage('ticks', 'partition', 'acme')")
        held = session.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        ).fetchone()
    assert held == (0,)


def test_views_over_what_is_replaced_are_named_before_anything_is_copied(few: Warehouse) -> None:
    few.run("CREATE VIEW public.report AS SELECT count(*) FROM acme.ticks_2024_03_10")
    outcome = run(few, "template", "set-storage", "ticks", "partition")
    assert outcome.code == 1
    assert outcome.errors == [
        "acme.ticks cannot be moved to partition storage: other views read what is replaced"
    ]
    assert "public.report reads acme.ticks_2024_03_10" in outcome.err
    assert leftovers(few, "tenantry_") == []
    few.run("DROP VIEW public.report")
    move(few, "partition")


def test_a_row_in_two_days_is_named_and_nothing_is_moved(few: Warehouse, source: Source) -> None:
    source.run("UPDATE ticks SET at = '2024-03-12 11:00+00' WHERE at = '2024-03-11 12:00+00'")
    pull(few, DAY + timedelta(days=2))
    outcome = run(few, "template", "set-storage", "ticks", "partition")
    assert outcome.code == 1
    assert "acme.ticks 2024: rows are in more than one day" in outcome.errors[0]
    pull(few, DAY, DAY + timedelta(days=2))
    move(few, "partition")
    assert few.value("SELECT count(*) FROM public.ticks") == 6


def test_what_cannot_be_moved_is_refused_in_one_line(few: Warehouse) -> None:
    assert run(few, "template", "set-storage", "ticks", "heap").errors == ['there is no storage "heap"']
    assert run(few, "template", "set-storage", "tacks", "matview").errors == [
        'template "tacks" does not exist'
    ]
    assert run(few, "template", "set-storage", "ticks", "partition", "--tenant", "nobody").errors == [
        'schema "nobody" does not exist'
    ]
    few.run("INSERT INTO _wh.feeds VALUES ('acme', 'harvest', 'acme')")
    assert run(few, "template", "set-storage", "harvest", "partition").errors == [
        '"harvest" has no template: slices of a create function of your own cannot be moved'
    ]
    few.run("UPDATE _wh.mv_templates SET time_column = NULL WHERE template_name = 'ticks'")
    outcome = run(few, "template", "set-storage", "ticks", "partition")
    assert (outcome.code, outcome.errors) == (
        2,
        ['template "ticks" names no time_column, which a move needs to tell days apart'],
    )
    assert few.value("SELECT storage FROM _wh.mv_templates WHERE template_name = 'ticks'") == "matview"


def test_the_planner_knows_what_was_moved(few: Warehouse) -> None:
    move(few, "partition")
    assert few.rows(
        "SELECT DISTINCT tablename::text FROM pg_stats WHERE tablename ~ '^acme.ticks_20[0-9]+$'"
    ) == [("acme.ticks_2024",)]


def test_a_move_makes_the_tables_of_those_months_that_have_days(few: Warehouse) -> None:
    few.run("UPDATE _wh.mv_templates SET partition_by = 'month' WHERE template_name = 'ticks'")
    move(few, "partition")
    assert few.rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '_wh_data.\"acme.ticks\"'::regclass"
    ) == [('_wh_data."acme.ticks_2024_03"',)]


def test_a_tenant_does_not_move_again_before_the_old_is_dropped(few: Warehouse) -> None:
    move(few, "partition")
    outcome = run(few, "template", "set-storage", "ticks", "matview")
    assert outcome.errors == ["acme.ticks still has what an earlier move put aside"]
    assert "tenantry template drop-old ticks --tenant acme" in outcome.err
    assert succeed(few, "template", "drop-old", "ticks", "--json").json == dropped(3)
    assert succeed(few, "template", "drop-old", "ticks", "--json").json == dropped(0)
    move(few, "matview")
    assert succeed(few, "template", "drop-old", "ticks", "--tenant", "acme", "--json").json == dropped(2)


def test_the_same_by_psql_as_postgres_leaves_everything_to_whadmin(few: Warehouse) -> None:
    few.admin.run("CALL _wh.set_storage('ticks', 'partition')")
    few.admin.run("CALL _wh.drop_old_storage('ticks', 'acme')")
    few.admin.run("CALL _wh.set_storage('ticks', 'matview', 'acme')")
    assert storages(few) == [("acme", "matview")]
    assert few.rows(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'acme'::regnamespace"
    ) == [("whadmin",)]
    assert [
        row[0]
        for row in few.rows(
            "SELECT message FROM _wh.function_logs WHERE function_name = 'set_storage' ORDER BY id"
        )
    ] == ["move begun", "storage changed", "move begun", "storage changed"]


def test_a_tenant_without_days_moves_too(few: Warehouse, make_source: Callable[[], Source]) -> None:
    few.make_schema("empty")
    few.connect_to(make_source(), "empty")
    few.run("SELECT _wh_internal.open_feed('ticks', 'empty', 'empty')")
    for storage in ("partition", "matview"):
        move(few, storage)
        assert storages(few) == [("acme", storage), ("empty", storage)]
        assert few.reader.value("SELECT count(*) FROM public.ticks") == 6
        drop_old(few)
        drop_old(few, "empty")


@pytest.mark.parametrize("storage", ["partition", "matview"])
def test_a_tenant_that_was_moved_goes_with_all_that_was_put_aside(few: Warehouse, storage: str) -> None:
    move(few, "partition")
    if storage == "matview":
        drop_old(few)
        move(few, "matview")
    few.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    few.run("SELECT _wh_internal.drop_tenant('acme')")
    assert few.value("SELECT to_regnamespace('acme') IS NULL")
    assert few.reader.value("SELECT count(*) FROM public.ticks") == 0


@pytest.mark.any_server
@pytest.mark.parametrize(
    "name", ["two words", 'double"quote', "quote'in'it", "{SCHEMA}", "100%s", "x" * 63, "ü" * 31]
)
def test_hostile_names_are_moved_like_others(warehouse: Warehouse, source: Source, name: str) -> None:
    make_ticks(source, DAY, 3)
    warehouse.connect_to(source, name)
    warehouse.make_schema(name)
    define(
        warehouse,
        name,
        indexes="CREATE UNIQUE INDEX idx_{SCHEMA}_{VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id)",
    )
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template(%s, %s, %s, %s, %s)",
        (name, name, name, DAY, DAY + timedelta(days=2)),
    )
    for storage in ("partition", "matview", "partition"):
        warehouse.run("CALL _wh.set_storage(%s, %s, %s)", (name, storage, name))
        warehouse.run("SELECT _wh.update_mv_by_template(%s, %s, %s, %s)", (name, name, name, DAY))
        assert warehouse.value("SELECT sum(row_count) FROM _wh.slices") == 6
        warehouse.run("CALL _wh.drop_old_storage(%s, %s)", (name, name))
        assert warehouse.value("SELECT count(*) FROM pg_class WHERE relname ~ '^tenantry_[^f]'") == 0


def test_a_materialized_view_that_nothing_would_read_is_not_made(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 2)
    acme.load(DAY, DAY)
    acme.run("CALL _wh.set_storage('foodlogstats', 'partition')")
    with pytest.raises(psycopg.Error, match="keeps the year 2024 in a table"):
        acme.run("SELECT _wh.create_foodlogstats_mv('acme', 'acme', 'foodlogstats', '2024-03-11')")


def test_columns_that_end_in_a_comment_and_one_that_was_dropped_do_not_stop_a_move(few: Warehouse) -> None:
    few.run(
        "UPDATE _wh.mv_templates SET column_definitions = 'id int, at timestamptz, value int -- of the day' WHERE template_name = 'ticks'"
    )
    move(few, "partition")
    drop_old(few)
    few.run(
        "UPDATE _wh.mv_templates SET column_definitions = 'id int, at timestamptz',"
        " query_template = 'SELECT id, at FROM ticks' WHERE template_name = 'ticks'"
    )
    move(few, "matview")
    assert few.reader.value("SELECT count(*) FROM public.ticks") == 6
