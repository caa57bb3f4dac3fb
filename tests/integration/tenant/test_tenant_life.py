"""What becomes of a tenant after it was taken in: disabled, enabled, moved to another source, loaded again, dropped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tenantry.embedded import find_free_port
from tests.support.databases import SECRET, Database, Source, Warehouse
from tests.support.jobs import pg_cron
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks

STORAGES = pytest.mark.parametrize("storage", ["matview", "partition", "shared"])

HOURLY = "SELECT _wh.update_mv_by_template('ticks', '{0}', '{0}', _wh.current_date_utc());"
NIGHTLY = "CALL _wh.refresh_window('ticks', '{0}', '{0}', 14);"


served = pytest.fixture(pg_cron)


@pytest.fixture
def first(today: date) -> date:
    """The first day of the source: that of today is the 41st."""
    return today - timedelta(days=40)


def take_in(warehouse: Warehouse, source: Source, name: str = "acme", days: int = 40) -> None:
    """A tenant with `ticks` loaded for so many of its source's first days, and three jobs, of which one is inactive."""
    warehouse.connect_to(source, name)
    warehouse.make_schema(name)
    first: date = source.value("SELECT min(at AT TIME ZONE 'UTC')::date FROM ticks")
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template('ticks', %s, %s, %s, %s)",
        (name, name, first, first + timedelta(days=days - 1)),
    )
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")
    for job, when, command in (
        ("hourly", "1 * * * *", HOURLY),
        ("by another name", "1 2 * * *", NIGHTLY),
        ("at rest", "1 3 * * *", NIGHTLY),
    ):
        warehouse.run("SELECT cron.schedule(%s, %s, %s)", (f"{name} {job}", when, command.format(name)))
    warehouse.run("UPDATE cron.job SET active = false WHERE jobname = %s", (f"{name} at rest",))


def doubled(source: Source) -> None:
    """Give the source's last row twice, which fails the day."""
    source.run("INSERT INTO ticks SELECT * FROM ticks ORDER BY at DESC LIMIT 1")


def undoubled(source: Source) -> None:
    source.run("DELETE FROM ticks a USING ticks b WHERE a.id = b.id AND a.ctid > b.ctid")


def active(warehouse: Database) -> set[str]:
    return {row[0] for row in warehouse.rows("SELECT jobname::text FROM cron.job WHERE active")}


def same_as(warehouse: Warehouse, source: Source, name: str = "acme") -> bool:
    """Whether reports see exactly the source's rows of the tenant."""
    return warehouse.reader.rows(
        "SELECT id, at, value FROM public.ticks WHERE schema_name = %s ORDER BY id, at", (name,)
    ) == source.rows("SELECT id, at, value::int FROM ticks ORDER BY id, at")


@pytest.fixture
def ticking(warehouse: Warehouse, source: Source, first: date) -> Source:
    """A source whose `ticks` begin on the first day and reach to today, and the template for them."""
    make_ticks(source, first, 41)
    define(warehouse)
    return source


@pytest.fixture
def ticking_served(served: Warehouse, source: Source, first: date) -> Source:
    """Like `ticking`, for a warehouse with pg_cron."""
    make_ticks(source, first, 41)
    define(served)
    return source


@pytest.mark.any_server
def test_a_disabled_tenant_rests_and_its_reports_go_on(warehouse: Warehouse, ticking: Source) -> None:
    for name in ("acme", "bistro"):
        take_in(warehouse, ticking, name)
    done = succeed(warehouse, "tenant", "disable", "acme", "--reason", "moves house", "--json").json
    assert done.pop("disabled_at") is not None
    assert done == {
        "tenant": "acme",
        "disabled": True,
        "reason": "moves house",
        "paused": ["acme hourly", "acme by another name"],
    }
    assert active(warehouse) == {"bistro hourly", "bistro by another name"}
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks") == 160

    again = succeed(warehouse, "tenant", "disable", "acme", "--reason", "another")
    assert "acme is already disabled" in again.out
    assert "moves house" in again.out
    assert warehouse.rows("SELECT message FROM _wh.function_logs WHERE function_name = 'tenant disable'") == [
        ("tenant disabled: moves house",)
    ]
    for command in (("tenant", "list"), ("tenant", "show", "acme")):
        assert "moves house" in succeed(warehouse, *command).out
    assert "disabled" in succeed(warehouse, "status").out

    everybody = succeed(warehouse, "refresh", "ticks", "--all", "--json")
    assert [item["tenant"] for item in everybody.json["load"]["feeds"]] == ["bistro"]
    assert "acme is left out: disabled since" in everybody.err
    assert "moves house" in everybody.err
    named = succeed(warehouse, "refresh", "ticks", "--tenant", "acme", "--json").json
    assert [item["loaded"] for item in named["load"]["feeds"]] == [1]


@pytest.mark.system
def test_jobs_that_the_administrator_made_rest_and_go_with_the_tenant(
    served: Warehouse, ticking_served: Source
) -> None:
    take_in(served, ticking_served, days=2)
    # pg_cron shows whadmin none of these.
    served.admin.run("SELECT cron.schedule('by hand', '1 4 * * *', %s)", (NIGHTLY.format("acme"),))
    paused = succeed(served.admin, "tenant", "disable", "acme", "--reason", "rests", "--json").json["paused"]
    assert paused == ["acme hourly", "acme by another name", "by hand"]
    assert active(served.admin) == set()
    assert len(succeed(served.admin, "tenant", "enable", "acme", "--json").json["jobs"]) == 3
    succeed(served.admin, "tenant", "drop", "acme", "--yes")
    assert served.admin.rows("SELECT jobname FROM cron.job") == []


@pytest.mark.any_server
@STORAGES
def test_an_enabled_tenant_is_brought_up_to_date_before_its_jobs_go_on(
    warehouse: Warehouse, ticking: Source, storage: str, first: date
) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    take_in(warehouse, ticking, days=20)
    succeed(warehouse, "tenant", "disable", "acme", "--reason", "rests")
    disabled = first + timedelta(days=20)
    warehouse.run("UPDATE _wh.tenants SET disabled_at = %s", (disabled,))
    # Of the days before it rested some changed at the source, which no nightly job has seen.
    ticking.run(
        "UPDATE ticks SET value = 77 WHERE (at AT TIME ZONE 'UTC')::date = %s",
        (disabled - timedelta(days=3),),
    )
    done = succeed(warehouse, "tenant", "enable", "acme", "--json")
    assert {key: done.json[key] for key in ("enabled", "rows", "failed", "different_days", "jobs")} == {
        "enabled": True,
        "rows": 42 + 28,
        "failed": 0,
        "different_days": [],
        "jobs": ["acme hourly", "acme by another name"],
    }
    assert done.json["missing"][0]["missing"] == [str(disabled + timedelta(days=n)) for n in range(21)]
    assert same_as(warehouse, ticking)
    assert active(warehouse) == {"acme hourly", "acme by another name"}
    again = succeed(warehouse, "tenant", "enable", "acme")
    assert "acme is not disabled" in again.out


@pytest.mark.any_server
def test_what_the_source_does_not_keep_is_not_emptied(
    warehouse: Warehouse, ticking: Source, first: date
) -> None:
    take_in(warehouse, ticking, days=20)
    succeed(warehouse, "tenant", "disable", "acme", "--reason", "rests")
    warehouse.run("UPDATE _wh.tenants SET disabled_at = %s", (first + timedelta(days=20),))
    warehouse.run("UPDATE _wh.slices SET loaded_at = slice_date WHERE slice_date = %s", (first,))
    keeps = first + timedelta(days=25)
    ticking.run("DELETE FROM ticks WHERE (at AT TIME ZONE 'UTC')::date < %s", (keeps,))
    enabled = succeed(warehouse, "tenant", "enable", "acme", "--json")
    assert (enabled.json["rows"], enabled.json["missing"][0]["gone"]) == (32, 6)
    assert "6 more are no longer at the source, and stay as they are" in enabled.err
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks WHERE at < %s", (keeps,)) == 40

    refused = run(warehouse, "tenant", "reload", "acme", "--from", first, "--yes")
    assert refused.errors == [
        f"the source of acme.ticks begins on {keeps}: days before that would be emptied"
    ]
    again = succeed(warehouse, "tenant", "reload", "acme", "--yes", "--json").json
    assert again["load"]["feeds"][0]["loaded"] == 16
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks") == 72


@pytest.mark.any_server
def test_a_tenant_stays_disabled_while_its_source_is_down_or_days_are_missing(
    warehouse: Warehouse, ticking: Source
) -> None:
    take_in(warehouse, ticking, days=38)
    succeed(warehouse, "tenant", "disable", "acme", "--reason", "rests")
    warehouse.run("UPDATE _wh.tenant_connections SET port = %s", (find_free_port(),))
    down = run(warehouse, "tenant", "enable", "acme")
    assert down.code == 1
    assert 'the source of "acme" cannot be used' in down.errors[0]
    warehouse.run("UPDATE _wh.tenant_connections SET port = %s", (ticking.server.port,))

    doubled(ticking)
    broken = run(warehouse, "tenant", "enable", "acme")
    assert broken.code == 1
    assert "acme stays disabled and its jobs stay paused: 1 slice failed" in broken.errors[0]
    assert active(warehouse) == set()
    assert warehouse.value("SELECT disabled_reason FROM _wh.tenants") == "rests"

    undoubled(ticking)
    # A job that was removed meanwhile is not missed.
    warehouse.run("SELECT cron.unschedule('acme hourly')")
    assert succeed(warehouse, "tenant", "enable", "acme", "--json").json["jobs"] == ["acme by another name"]
    assert same_as(warehouse, ticking)


@pytest.mark.any_server
def test_a_password_is_rotated_only_if_the_source_takes_it(
    warehouse: Warehouse, ticking: Source, first: date
) -> None:
    take_in(warehouse, ticking, days=2)
    before = warehouse.value("SELECT _wh_internal.source_conninfo('acme')")
    refused = run(warehouse, "tenant", "edit", "acme", env={"TENANTRY_SOURCE_PASSWORD": "wrong one"})
    assert refused.code == 1
    assert "password authentication failed" in refused.errors[0]
    assert warehouse.value("SELECT _wh_internal.source_conninfo('acme')") == before

    warehouse.run("UPDATE _wh.tenant_connections SET password = 'old one'")
    changed = succeed(warehouse, "tenant", "edit", "acme", "--json", env={"TENANTRY_SOURCE_PASSWORD": SECRET})
    assert (changed.json["password_changed"], changed.json["tenants"]) == (True, ["acme"])
    assert SECRET.strip() not in changed.out + changed.err
    warehouse.run("SELECT _wh.refresh_mv('acme', %s)", (f"ticks_{first:%Y_%m_%d}",))
    assert run(warehouse, "tenant", "edit", "acme").errors == ["there is nothing to change"]


@pytest.mark.any_server
def test_a_moved_source_serves_materialized_views_that_are_there(
    warehouse: Warehouse, ticking: Source, make_source: Callable[[], Source], first: date
) -> None:
    take_in(warehouse, ticking, days=2)
    moved = make_source()
    make_ticks(moved, first, 2)
    moved.run("UPDATE ticks SET value = 9")
    done = succeed(
        warehouse,
        *("tenant", "edit", "acme", "--dbname", moved.name, "--option", "connect_timeout=5", "--json"),
    ).json
    assert (done["address"]["dbname"], done["address"]["options"]) == (
        moved.name,
        {"connect_timeout": "5"},
    )
    assert done["answered"]["database"] == moved.name
    warehouse.run("SELECT _wh.refresh_mv('acme', %s)", (f"ticks_{first:%Y_%m_%d}",))
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks WHERE value = 9") == 2
    untried = succeed(
        warehouse,
        *("tenant", "edit", "acme", "--no-test", "--port", find_free_port(), "--option", "connect_timeout="),
    )
    assert "not tried" in untried.out
    assert warehouse.value("SELECT options FROM _wh.tenant_connections") == {}


@pytest.mark.any_server
@STORAGES
def test_a_tenant_is_reloaded_while_reports_go_on(
    warehouse: Warehouse, ticking: Source, storage: str
) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    take_in(warehouse, ticking, days=41)
    ticking.run("UPDATE ticks SET value = 5 WHERE id % 2 = 0")
    doubled(ticking)
    broken = run(warehouse, "tenant", "reload", "acme", "--yes")
    assert broken.code == 1
    assert "acme.ticks: 41 of 41 days" in broken.err
    begun = broken.err.split("--since ")[1].split()[0]

    undoubled(ticking)
    mended = succeed(warehouse, "tenant", "reload", "acme", "--yes", "--json", "--since", begun).json
    (feed,) = mended["load"]["feeds"]
    assert (feed["loaded"], mended["different_days"]) == (1, [])
    assert same_as(warehouse, ticking)


@pytest.mark.any_server
def test_days_in_partitions_are_reloaded_a_month_at_a_time(
    warehouse: Warehouse, ticking: Source, first: date, today: date
) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    take_in(warehouse, ticking, days=41)
    succeed(warehouse, "tenant", "reload", "acme", "--yes")
    months = (today.year - first.year) * 12 + today.month - first.month + 1
    assert warehouse.value("SELECT count(DISTINCT loaded_at) FROM _wh.slices") == months


@STORAGES
def test_a_dropped_tenant_is_gone_with_its_jobs_and_connection(
    warehouse: Warehouse, ticking: Source, storage: str
) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    for name in ("acme", "bistro"):
        take_in(warehouse, ticking, name, days=3)
    warehouse.run("UPDATE _wh.feeds SET tenant_name = 'acme' WHERE schema_name = 'bistro'")
    # The manual's schemas are postgres's: the administrator may drop them all the same.
    done = succeed(warehouse.admin, "tenant", "drop", "acme", "--yes", "--json").json
    assert (done["days"], done["rows"], done["connections"]) == (3, 6, [])
    assert len(done["jobs"]) == 3
    assert active(warehouse) == {"bistro hourly", "bistro by another name"}
    assert warehouse.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1") == [
        ("bistro", 6)
    ]
    assert warehouse.value("SELECT to_regnamespace('acme') IS NULL")

    assert succeed(warehouse.admin, "tenant", "drop", "bistro", "--yes", "--json").json["connections"] == [
        "acme",
        "bistro",
    ]
    assert warehouse.rows("SELECT tenant_name FROM _wh.tenant_connections") == []
    assert warehouse.rows("SELECT srvname FROM pg_foreign_server") == []
    assert warehouse.reader.rows("SELECT * FROM public.ticks") == []


@STORAGES
def test_a_tenant_leaves_while_another_is_kept_in_the_other_storage(
    warehouse: Warehouse, ticking: Source, storage: str
) -> None:
    for name in ("acme", "globex"):
        take_in(warehouse, ticking, name, days=2)
    succeed(warehouse, "template", "set-storage", "ticks", "partition", "--tenant", "acme")
    goes, stays = ("acme", "globex") if storage == "partition" else ("globex", "acme")

    succeed(warehouse.admin, "tenant", "drop", goes, "--yes")

    assert warehouse.reader.rows("SELECT DISTINCT schema_name FROM public.ticks") == [(stays,)]
    assert warehouse.value("SELECT to_regnamespace(%s)", (goes,)) is None


def test_a_schema_of_another_role_is_dropped_by_nobody_else(warehouse: Warehouse, ticking: Source) -> None:
    take_in(warehouse, ticking, days=3)
    refused = run(warehouse, "tenant", "drop", "acme", "--yes")
    assert refused.code == 1
    assert 'schema "acme" belongs to role postgres' in refused.errors[0]
    assert len(active(warehouse)) == 2
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks") == 6
    assert warehouse.value("SELECT count(*) FROM _wh.tenant_connections") == 1


def test_what_tenantry_did_not_make_is_not_dropped(
    warehouse: Warehouse, ticking: Source, first: date
) -> None:
    take_in(warehouse, ticking, days=3)
    slice_name = f"ticks_{first:%Y_%m_%d}"
    for statement in (
        "CREATE TABLE acme.notes (at timestamptz PRIMARY KEY DEFAULT now())",
        "CREATE VIEW acme.report AS SELECT 1 AS one",
        "CREATE FUNCTION acme.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"CREATE VIEW public.of_a_slice AS SELECT * FROM acme.{slice_name}",
    ):
        warehouse.admin.run(statement.encode())  # type: ignore[arg-type]
    refused = run(warehouse.admin, "tenant", "drop", "acme", "--yes")
    assert refused.code == 2
    assert refused.errors[0].endswith(
        "did not make: function acme.f(), table acme.notes, view acme.report, view public.of_a_slice"
    )
    assert len(active(warehouse)) == 2
    for statement in (
        "DROP TABLE acme.notes",
        "DROP VIEW acme.report, public.of_a_slice",
        "DROP FUNCTION acme.f()",
    ):
        warehouse.admin.run(statement.encode())  # type: ignore[arg-type]
    succeed(warehouse.admin, "tenant", "drop", "acme", "--yes", "--keep-connection")
    assert warehouse.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("acme",)]


def test_what_a_move_put_aside_and_a_function_without_a_template_go_with_the_tenant(
    warehouse: Warehouse, ticking: Source
) -> None:
    take_in(warehouse, ticking, days=3)
    succeed(warehouse, "template", "set-storage", "ticks", "partition", "--tenant", "acme")
    warehouse.run(
        "INSERT INTO _wh.feeds (schema_name, template_name, tenant_name) VALUES ('acme', 'legacy', 'acme')"
    )
    warehouse.run("CREATE MATERIALIZED VIEW acme.legacy_2024_01_01 AS SELECT 1 AS id")
    warehouse.run("CREATE VIEW acme.legacy AS SELECT * FROM acme.legacy_2024_01_01")
    succeed(warehouse.admin, "tenant", "drop", "acme", "--yes")
    assert warehouse.value("SELECT to_regnamespace('acme') IS NULL")


def test_a_tenant_whose_schema_was_dropped_by_hand_is_forgotten(
    warehouse: Warehouse, ticking: Source
) -> None:
    take_in(warehouse, ticking, days=3)
    warehouse.admin.run("DROP SCHEMA acme CASCADE")
    succeed(warehouse, "tenant", "drop", "acme", "--yes")
    assert warehouse.rows("SELECT schema_name FROM _wh.tenants") == []
    assert warehouse.rows("SELECT tenant_name FROM _wh.tenant_connections") == []
    assert warehouse.rows("SELECT jobname FROM cron.job") == []
