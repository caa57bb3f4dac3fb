"""The fleet as a file: a warehouse built by hand from the manual, exported, compared, and made from a file."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenantry.cli.progress import LoadProgress
from tenantry.core.errors import InputError
from tenantry.db.connect import session as open_session
from tenantry.db.queries import query
from tenantry.fleet import apply, plan
from tenantry.fleet import file as files
from tenantry.fleet.change import Change
from tenantry.fleet.steps import Means
from tests.support.databases import SECRET, Maker, Source, Warehouse
from tests.support.jobs import jobs, schedule
from tests.support.program import run, succeed

INVENTORY = """
INSERT INTO _wh.mv_templates (template_name, description, query_template, column_definitions, indexes) VALUES (
    'inventory_stats',
    'Daily inventory statistics with movement tracking',
    $template$
SELECT i.id, i.item_name, i.timestamp AS recorded_time
FROM inventory_movements i
WHERE (i.timestamp AT TIME ZONE 'UTC')::DATE = '{TARGET_DATE}'::DATE
$template$,
    $columns$
id INTEGER,
item_name TEXT,
recorded_time TIMESTAMP
$columns$,
    'CREATE UNIQUE INDEX idx_{SCHEMA}_{VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);
CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_recorded_time ON {SCHEMA}.{VIEW_NAME} (recorded_time);'
)"""

JOBS = """
SELECT cron.schedule(
    'foodlogstats_update_landb', '10 * * * *',
    'SELECT _wh.update_mv_by_template(''foodlogstats'', ''landb_conn'', ''landb'', _wh.current_date_utc());'
);
SELECT cron.schedule(
    'landb_2week_refresh', '30 8 * * *',
    'SELECT _wh.update_mv_window_by_template(''foodlogstats'', ''landb_conn'', ''landb'', _wh.current_date_utc() - INTERVAL ''14 days'', _wh.current_date_utc() - INTERVAL ''1 day'');'
);
SELECT cron.schedule(
    'yearly_combination_landb', '0 7 15 2 *',
    'SELECT _wh.create_combined_table_from_template_by_year(''foodlogstats'', ''landb'', EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL ''1 year'')::integer);'
);
SELECT cron.schedule('17 * * * *', 'SELECT 1');
SELECT cron.schedule('daily "odd" job', '0 2 * * *', $$SELECT _wh.update_foodlogstats('mm_conn', 'mm', CURRENT_DATE);$$);
UPDATE cron.job SET active = false WHERE jobname = 'landb_2week_refresh';
"""

DAY = date(2026, 3, 8)

SECRETS = {
    "TENANTRY_LANDB_CONN_PASSWORD": SECRET,
    "TENANTRY_MM_CONN_PASSWORD": SECRET,
    "TENANTRY_NOT_USED_YET_PASSWORD": SECRET,
}


@pytest.fixture
def by_hand(cron: Warehouse, source: Source) -> Iterator[Warehouse]:
    """A warehouse of two tenants, built with the manual's statements."""
    source.fill(DAY, 1)
    source.run("CREATE TABLE inventory_movements (id integer, item_name text, timestamp timestamptz)")
    source.run("GRANT SELECT ON inventory_movements TO source_reader")
    cron.run(INVENTORY)
    for name in ("landb", "mm"):
        cron.make_schema(name)
        cron.connect_to(source, f"{name}_conn")
        cron.load(DAY, DAY, name, f"{name}_conn")
    cron.run("SELECT _wh.create_mv_from_template('inventory_stats', 'mm_conn', 'mm', '2026-03-08')")
    cron.run(
        """UPDATE _wh.tenant_connections SET options = '{"sslmode": "prefer", "connect_timeout": 5}' WHERE tenant_name = 'mm_conn'"""
    )
    cron.run(
        "INSERT INTO _wh.feeds (schema_name, template_name, tenant_name) VALUES ('mm', 'legacy_stats', 'mm_conn')"
    )
    cron.connect_to(source, "not used yet")
    cron.make_schema("not_loaded_yet")
    with cron.connect() as session:
        session.execute(JOBS)
    yield cron
    if cron.name == "postgres":
        with cron.admin.connect() as session:
            session.execute(
                "DROP SCHEMA landb, mm, not_loaded_yet CASCADE; DROP VIEW IF EXISTS public.foodlogstats"
            )


def test_a_warehouse_by_hand_does_not_differ_from_its_export(by_hand: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "tenantry.toml"
    exported = succeed(by_hand, "export", "--file", file, "--json").json
    assert set(exported["variables"]) == set(SECRETS)
    assert SECRET.strip() not in "".join(path.read_text() for path in tmp_path.rglob("*.*"))
    shown = succeed(by_hand, "plan", "--file", file, "--exit-code", "--json", env=SECRETS)
    assert shown.json["changes"] == []
    again = succeed(by_hand, "apply", "--file", file, "--yes", env=SECRETS)
    assert again.out == "no difference\n"
    text = file.read_text().replace('job"', 'job 2"').replace("active = false", "") + "active = false\n"
    assert "foodlogstats_update_landb" not in text, "Tenantry lays it out by itself"
    hourly = HOURLY.replace("hourly {0}", "foodlogstats_update_{0}").replace(
        "'{0}', '{0}'", "'{0}_conn', '{0}'"
    )
    file.write_text(text + hourly.format("landb", 11))
    applied(by_hand, file)
    assert sorted((row[0] or "", row[1], row[3]) for row in jobs(by_hand)) == [
        ("", "17 * * * *", True),
        ('daily "odd" job 2', "0 2 * * *", False),
        ("foodlogstats_update_landb", "11 * * * *", True),
        ("landb_2week_refresh", "30 8 * * *", True),
        ("yearly_combination_landb", "0 7 15 2 *", True),
    ]
    assert changes(by_hand, file) == []


def fleet_of(source: Source, *names: str, more: str = "") -> str:
    """A file of tenants with one source, whose password is in the variable SECRET."""
    tenant = """
[tenants.{}]
host = "127.0.0.1"
port = {}
dbname = "{}"
username = "{}"
password = "env:SECRET"
"""
    return more + "".join(
        tenant.format(json.dumps(name, ensure_ascii=False), source.server.port, source.name, source.reader)
        for name in names
    )


ENV = {"SECRET": SECRET}

HOURLY = """
[[jobs]]
name = "hourly {0}"
schedule = "{1} * * * *"
command = "SELECT _wh.update_mv_by_template('foodlogstats', '{0}', '{0}', _wh.current_date_utc());"
"""


@pytest.fixture(autouse=True)
def secrets_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files of these tests point at, for those that call the library."""
    for name in ("SECRET", *SECRETS):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("READER", "reader's secret")


def changes(warehouse: Warehouse, file: Path) -> Sequence[Change]:
    """What a warehouse lacks of a file."""
    with open_session(warehouse.conninfo) as opened:
        return plan.make(opened, files.read([file])).changes


def applied(warehouse: Warehouse, file: Path, *, allow_drop: bool = False) -> None:
    """Do what tenantry apply --yes does."""

    @contextmanager
    def administrator() -> Iterator[tuple[psycopg.Connection, None]]:
        with open_session(warehouse.admin.conninfo, role=None) as session:
            yield session, None

    with open_session(warehouse.conninfo) as opened, LoadProgress() as progress:
        means = Means(warehouse.conninfo, progress, administrator)
        declared = files.read([file])
        shown = plan.make(opened, declared)
        apply.check(opened, shown, means, allow_drop=allow_drop)
        apply.run(opened, declared, shown, means, lambda change: None)


@pytest.mark.any_server
def test_a_fleet_is_made_from_a_file_loaded_and_then_as_it_says(
    warehouse: Warehouse, source: Source, tmp_path: Path, today: date
) -> None:
    source.fill(today - timedelta(days=2), 2)
    file = tmp_path / "tenantry.toml"
    (tmp_path / "sales.sql").write_text(
        "-- name: sales\n-- columns: id integer, at timestamptz\n-- time_column: at\n-- index: UNIQUE (id)\n\n"
        "SELECT id, logged_time AS at FROM phood_foodlogsum WHERE logged_time >= '{START_TIME}'::timestamptz"
        " AND logged_time < '{END_TIME}'::timestamptz\n"
    )
    more = '[templates.foodlogstats]\nstorage = "partition"\n[templates.sales]\nfile = "sales.sql"\n'
    file.write_text(
        fleet_of(source, "acme", "mm", more=more)
        + 'templates = ["foodlogstats", "sales"]\n'
        + HOURLY.format("acme", 10)
        + HOURLY.format("mm", 11)
    )
    planned = succeed(warehouse, "plan", "--file", file, "--json", env=ENV).json["changes"]
    assert warehouse.value("SELECT count(*) FROM _wh.tenants") == 0
    assert run(warehouse, "plan", "--file", file, "--exit-code", env=ENV).code == 5
    done = succeed(warehouse, "apply", "--file", file, "--yes", "--json", env=ENV).json
    assert done["changes"] == planned
    assert "tenantry backfill foodlogstats --tenant mm" in done["next"]
    assert warehouse.rows("SELECT jobname::text, schedule FROM cron.job ORDER BY 1") == [
        ("hourly acme", "10 * * * *"),
        ("hourly mm", "11 * * * *"),
    ]
    loaded = succeed(warehouse, "apply", "--file", file, "--load", "--json", env=ENV).json
    assert loaded["load"]["complete"]
    assert loaded["changes"] == []
    assert warehouse.value("SELECT count(*) FROM public.foodlogstats WHERE schema_name = 'mm'") == 6
    assert changes(warehouse, file) == []
    text = file.read_text().replace('storage = "partition"', 'storage = "matview"').replace(', "sales"', "")
    file.write_text(text.replace('[templates.sales]\nfile = "sales.sql"\n', ""))
    assert [f"{change.action} {change.subject}" for change in changes(warehouse, file)] == [
        "change template foodlogstats",
        "change feed acme.foodlogstats",
        "change feed mm.foodlogstats",
        "remove feed mm.sales",
        "remove template sales",
    ]
    applied(warehouse, file, allow_drop=True)
    assert changes(warehouse, file) == []
    assert warehouse.rows("SELECT DISTINCT storage FROM _wh.feeds") == [("matview",)]
    assert warehouse.value("SELECT count(*) FROM public.foodlogstats") == 12
    assert warehouse.value("SELECT to_regclass('public.sales')") is None


def test_a_tenant_that_is_enabled_catches_up_first(
    acme: Warehouse, source: Source, tmp_path: Path, today: date
) -> None:
    source.fill(today - timedelta(days=3), 3)
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme") + HOURLY.format("acme", 10))
    applied(acme, file)
    acme.load(today - timedelta(days=3), today - timedelta(days=3))
    file.write_text(fleet_of(source, "acme") + 'disabled = "rests"\n' + HOURLY.format("acme", 10))
    applied(acme, file)
    assert [row[3] for row in jobs(acme)] == [False]
    file.write_text(fleet_of(source, "acme") + 'disabled = "moves"\n' + HOURLY.format("acme", 10))
    applied(acme, file)
    assert acme.value("SELECT disabled_reason FROM _wh.tenants") == "moves"
    file.write_text(fleet_of(source, "acme") + HOURLY.format("acme", 10))
    applied(acme, file)
    assert [row[3] for row in jobs(acme)] == [True]
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 9


def test_a_change_of_each_kind_is_shown_and_made(
    warehouse: Warehouse, source: Source, make_source: Callable[[], Source], tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme", "mm", more="[connections]\n") + HOURLY.format("acme", 10))
    applied(warehouse, file)
    other = make_source()
    file.write_text(
        fleet_of(source, "mm", more="[connections]\n")
        + 'disabled = "moves"\n'
        + fleet_of(other, "acme")
        + HOURLY.format("acme", 20)
        + HOURLY.format("mm", 21)
    )
    shown = succeed(warehouse, "plan", "--file", file, env=ENV).out
    assert shown.splitlines() == [
        "~ connection acme",
        f"    dbname: {source.name} → {other.name}",
        "~ job hourly acme",
        "    schedule: 10 * * * * → 20 * * * *",
        "+ job hourly mm",
        "    schedule: 21 * * * *",
        "    command: SELECT _wh.update_mv_by_template('foodlogstats', 'mm', 'mm', _wh.current_date_utc());",
        "    active: true",
        "~ tenant mm",
        "    disabled: (none) → moves",
        "1 to create, 3 to change, 0 to remove",
    ]
    applied(warehouse, file)
    assert warehouse.rows("SELECT jobname::text, active FROM cron.job ORDER BY 1") == [
        ("hourly acme", True),
        ("hourly mm", False),
    ]
    assert changes(warehouse, file) == []
    file.write_text(file.read_text().replace('disabled = "moves"\n', "").replace("21 *", "22 *"))
    applied(warehouse, file)
    assert warehouse.rows("SELECT schedule, active FROM cron.job WHERE jobname = 'hourly mm'") == [
        ("22 * * * *", True)
    ]
    assert changes(warehouse, file) == []


@pytest.mark.any_server
def test_data_are_not_dropped_unless_that_is_allowed(
    warehouse: Warehouse, source: Source, tmp_path: Path
) -> None:
    source.fill(DAY, 1)
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme", "mm"))
    applied(warehouse, file)
    warehouse.load(DAY, DAY)
    file.write_text(fleet_of(source, "mm"))
    refused = run(warehouse, "apply", "--file", file, "--yes", env=ENV)
    assert (refused.code, refused.errors) == (
        2,
        ["the file has no tenant acme: all its data would be dropped"],
    )
    assert warehouse.value("SELECT count(*) FROM acme.foodlogstats") == 3
    warehouse.run("CREATE VIEW acme.mine AS SELECT 1 AS one")
    with pytest.raises(InputError, match=r"acme\.mine"):
        applied(warehouse, file, allow_drop=True)
    warehouse.run("DROP VIEW acme.mine")
    applied(warehouse, file, allow_drop=True)
    assert warehouse.value("SELECT to_regnamespace('acme')") is None
    assert warehouse.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("mm",)]
    assert changes(warehouse, file) == []


HOSTILE = ["a b.c", "Ünï", "it;DROP", "{TARGET_DATE}", "x%s]y", "key = value # no"]


@pytest.mark.any_server
def test_names_of_any_letters_survive_export_and_apply(
    warehouse: Warehouse, source: Source, maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text(
        fleet_of(source, *HOSTILE) + HOURLY.format("odd", 5).replace("hourly odd", 'a \\"b\\" [c]')
    )
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, description)"
        " VALUES ('../\"odd\" name', E'SELECT 1 -- \\\\ $text$\\n', 'id integer', 'it''s')"
    )
    applied(warehouse, file)
    again = tmp_path / "again" / "tenantry.toml"
    variables = succeed(warehouse, "export", "--file", again, "--json").json["variables"]
    assert len(set(variables)) == len(HOSTILE)
    for variable in variables:
        monkeypatch.setenv(variable, SECRET)
    assert changes(warehouse, again) == []
    assert sorted(path.name for path in again.parent.rglob("*.sql")) == ["_odd_name.sql"]
    elsewhere = Warehouse(warehouse.server, maker.clone("tests_warehouse", "elsewhere"), "whadmin")
    with elsewhere.admin.connect() as session:
        session.execute(
            sql.SQL("GRANT CREATE ON DATABASE {} TO whadmin").format(sql.Identifier(elsewhere.name))
        )
    applied(elsewhere, again)
    assert changes(elsewhere, again) == []
    assert elsewhere.rows("SELECT * FROM _wh.template_columns") == warehouse.rows(
        "SELECT * FROM _wh.template_columns"
    )


@pytest.mark.any_server
def test_a_password_that_differs_is_said_and_not_shown(
    acme: Warehouse, source: Source, tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    acme.load(DAY, DAY)
    file.write_text(fleet_of(source, "acme"))
    shown = succeed(acme, "plan", "--file", file, env={"SECRET": "hunter2"}).out
    assert shown == "~ connection acme\n    password: differs\n0 to create, 1 to change, 0 to remove\n"
    refused = run(acme, "apply", "--file", file, "--yes", env={"SECRET": "hunter2"})
    assert refused.code == 1
    assert "authentication failed" in refused.errors[0]
    assert "hunter2" not in refused.err
    assert changes(acme, file) == []
    file.write_text(file.read_text().replace("env:SECRET", "env:NOT_SET"))
    reason = "tenants.acme.password: environment variable NOT_SET is not set"
    missing = succeed(acme, "plan", "--file", file)
    assert missing.out == "no difference\n"
    assert f"connection acme: password not compared: {reason}" in missing.err
    assert run(acme, "apply", "--file", file, "--yes").errors == [reason]


@pytest.mark.any_server
def test_what_changed_since_the_plan_was_shown_is_not_done(
    acme: Warehouse, source: Source, tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme"))
    declared = files.read([file])
    with open_session(acme.conninfo) as opened:
        means = Means(acme.conninfo, LoadProgress(), nullcontext)  # type: ignore[arg-type]
        shown = plan.make(opened, declared)
        acme.run("UPDATE _wh.tenant_connections SET port = port + 1")
        with pytest.raises(InputError, match="has changed since the plan was shown"):
            apply.run(opened, declared, shown, means, print)
        assert acme.value("SELECT count(*) FROM _wh.tenants") == 0
        apply.run(opened, declared, plan.make(opened, declared), means, print)
        assert plan.make(opened, declared).changes == []


@pytest.mark.any_server
def test_two_applies_do_not_interleave(acme: Warehouse, source: Source, tmp_path: Path) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme", "mm"))
    with acme.connect() as session:
        session.execute(query("fleet", "try_lock"))
        refused = run(acme, "apply", "--file", file, "--yes", env=ENV)
        assert refused.code == 1
        assert refused.errors == [
            f"another apply is running in session {session.info.backend_pid} (no name, whadmin, from 127.0.0.1)"
        ]
    assert acme.value("SELECT count(*) FROM _wh.tenants") == 0


@pytest.mark.any_server
def test_apply_asks_and_without_a_terminal_needs_a_yes(
    acme: Warehouse, source: Source, tmp_path: Path
) -> None:
    (tmp_path / "acme.toml").write_text(fleet_of(source, "acme"))
    refused = run(acme, "apply", "--file", tmp_path, env=ENV)
    assert (refused.code, refused.errors) == (2, ["there is no terminal to ask for confirmation"])
    assert acme.value("SELECT count(*) FROM _wh.tenants") == 0


@pytest.mark.any_server
def test_an_export_does_not_replace_another_file(acme: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text("[warehouse]\n")
    refused = run(acme, "export", "--file", file)
    assert (refused.code, refused.errors) == (2, [f"{file} exists and differs"])
    assert file.read_text() == "[warehouse]\n"
    assert succeed(acme, "export", "--file", file, "--force").out.splitlines()[0] == str(file)


@pytest.mark.any_server
def test_the_file_names_the_warehouse(acme: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    succeed(acme, "export", "--file", file)
    assert (
        succeed(None, "plan", "--file", file, env={"TENANTRY_ACME_PASSWORD": SECRET}).out == "no difference\n"
    )


@pytest.mark.any_server
@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_template_that_a_tenant_no_longer_uses_goes_with_its_days(
    warehouse: Warehouse, source: Source, tmp_path: Path, storage: str
) -> None:
    source.fill(DAY, 2)
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme", "mm", more=f'[templates.foodlogstats]\nstorage = "{storage}"\n'))
    applied(warehouse, file)
    for name in ("acme", "mm"):
        warehouse.load(DAY, DAY + timedelta(days=1), name, name)
    warehouse.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    file.write_text(file.read_text() + "templates = []\n")
    with pytest.raises(InputError, match=r"the file has no feed mm\.foodlogstats: its days would be dropped"):
        applied(warehouse, file)
    with warehouse.connect() as session:
        names = {"name": "foodlogstats", "schema": "mm", "most": 1}
        session.execute(query("template", "drop_feed"), names)
    left = [change.subject for change in changes(warehouse, file)]
    assert left == (["feed mm.foodlogstats"] if storage == "matview" else [])
    applied(warehouse, file, allow_drop=True)
    assert changes(warehouse, file) == []
    assert warehouse.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'mm'::regnamespace") == 0
    assert warehouse.rows("SELECT DISTINCT schema_name FROM public.foodlogstats") == [("acme",)]


def test_jobs_lay_themselves_out_and_stay(
    warehouse: Warehouse, source: Source, make_source: Callable[[], Source], tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    more = "[schedule]\nautomatic = true\n[connections]\n"
    schedule(warehouse, "by hand", "10 * * * *", "SELECT 1")
    file.write_text(fleet_of(source, "acme", more=more))
    applied(warehouse, file)
    first = jobs(warehouse)
    times = {
        "by hand": "10 * * * *",
        "foodlogstats_update_acme": "11 * * * *",
        "acme_2week_refresh": "30 8 * * *",
        "yearly_combination_acme": "0 7 15 2 *",
    }
    assert {row[0]: row[1] for row in first} == times
    assert changes(warehouse, file) == []
    file.write_text(fleet_of(source, "acme", "mm", more=more))
    applied(warehouse, file)
    assert {row[0]: row[1] for row in jobs(warehouse)} == times | {
        "foodlogstats_update_mm": "12 * * * *",
        "mm_2week_refresh": "32 8 * * *",
        "yearly_combination_mm": "10 7 15 2 *",
    }
    file.write_text(
        fleet_of(source, "acme", more=more) + fleet_of(make_source(), "mm") + 'connection = "other"\n'
    )
    applied(warehouse, file)
    assert "'other', 'mm'" in str([row for row in jobs(warehouse) if row[0] == "foodlogstats_update_mm"])
    file.write_text(fleet_of(source, "acme", more=more))
    applied(warehouse, file, allow_drop=True)
    assert jobs(warehouse) == first
    assert changes(warehouse, file) == []


def test_a_job_that_waits_for_its_data_after_a_restore_goes_on_waiting(
    warehouse: Warehouse, source: Source, tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme") + HOURLY.format("acme", 10))
    applied(warehouse, file)
    warehouse.run("INSERT INTO _wh.restored_jobs (jobid) SELECT jobid FROM cron.job")
    warehouse.run("UPDATE cron.job SET active = false")
    assert changes(warehouse, file) == []
    file.write_text(fleet_of(source, "acme") + HOURLY.format("acme", 20))
    applied(warehouse, file)
    assert [(row[1], row[3]) for row in jobs(warehouse)] == [("20 * * * *", False)]


def test_a_tenant_does_not_leave_its_connection_while_a_job_holds_on_to_it(
    warehouse: Warehouse, source: Source, tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text(fleet_of(source, "acme") + HOURLY.format("acme", 10))
    applied(warehouse, file)
    file.write_text(fleet_of(source, "acme") + 'connection = "other"\n' + HOURLY.format("acme", 10))
    with pytest.raises(InputError, match='loads acme through connection "acme", and the file says "other"'):
        changes(warehouse, file)
    file.write_text("[tenants]\n" + HOURLY.format("acme", 10))
    with pytest.raises(InputError, match='job "hourly acme" loads acme, but the file does not declare it'):
        changes(warehouse, file)


@pytest.mark.any_server
def test_readers_are_made_changed_and_removed(
    acme: Warehouse, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    file = tmp_path / "tenantry.toml"
    name = f"bi_{secrets.token_hex(4)}"
    readers = f'[readers.{name}]\ntenants = ["acme"]\npassword = "env:READER"\n'
    env = ENV | {"READER": "reader's secret", "TENANTRY_ADMIN_DSN": acme.admin.conninfo}
    base = {"TENANTRY_DSN": acme.conninfo}
    file.write_text(fleet_of(source, "acme") + readers)
    refused = run(None, "apply", "--file", file, "--yes", env=ENV | base | {"READER": "x"})
    assert (refused.code, refused.errors) == (2, ['role "whadmin" cannot create or drop roles'])
    shown = succeed(None, "apply", "--file", file, "--yes", env=env | base)
    assert f"+ reader {name}" in shown.err
    assert "secret" not in shown.err + shown.out
    try:
        conninfo = make_conninfo(acme.conninfo, user=name, password="reader's secret")
        with psycopg.connect(conninfo) as session:
            assert session.execute("SELECT count(*) FROM acme.foodlogstats").fetchone() == (3,)
        again = tmp_path / "again.toml"
        variable = succeed(None, "export", "--file", again, "--json", env=base).json["variables"][-1]
        assert variable == f"TENANTRY_READER_{name.upper()}_PASSWORD"
        monkeypatch.setenv("TENANTRY_ACME_PASSWORD", SECRET)
        assert changes(acme, again) == []
        file.write_text(fleet_of(source, "acme") + readers.replace('["acme"]', '"all"') + "connections = 3\n")
        applied(acme, file)
        assert changes(acme, file) == []
    finally:
        file.write_text(fleet_of(source, "acme") + "[readers]\n")
        applied(acme, file)
    assert acme.rows("SELECT rolname FROM pg_roles WHERE rolname = %s", [name]) == []


@pytest.mark.any_server
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_no_command_of_a_file_is_run_that_somebody_else_may_have_written(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    trace = tmp_path / "trace"
    (tmp_path / "tenantry.toml").write_text(
        f'''
        [warehouse]
        dsn = "{warehouse.conninfo}"
        [tenants.acme]
        host = "127.0.0.1"
        dbname = "production"
        username = "reader"
        password = {{ command = ["touch", "{trace}"] }}
        '''
    )
    (tmp_path / "tenantry.toml").chmod(0o606)
    monkeypatch.chdir(below)
    for dsn in (None, warehouse):
        outcome = run(dsn, command)
        assert outcome.code == 2
        assert outcome.errors == [
            f"{tmp_path / 'tenantry.toml'} is not read: everybody may write to {tmp_path / 'tenantry.toml'}"
        ]
    assert not trace.exists()
    # Who names it wants it.
    run(None, "plan", env={"TENANTRY_FILE": "../tenantry.toml"})
    assert trace.exists()
