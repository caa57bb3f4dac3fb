"""What Python programs do with a warehouse, and how they hear of its end."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import tenantry
from tenantry import InputError, Interrupted, Limits, Newcomer, SourceError
from tenantry.core.errors import TemplateError
from tenantry.core.model import Connection, LoadedSlice, TemplateFile
from tenantry.loader.enable_tenant import Enabled
from tenantry.loader.events import Silent
from tenantry.warehouse.backups import read_backup
from tests.support.databases import Source, Warehouse

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 1)
DAYS = 20


@pytest.fixture
def opened(acme: Warehouse, source: Source) -> tenantry.Warehouse:
    """A warehouse whose only tenant, acme, has nothing yet of the twenty days of its source."""
    source.fill(FIRST, DAYS)
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    return tenantry.Warehouse.open(acme.conninfo)


class Stopping(Silent):
    """Raises something when the first day is loaded."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def loaded(self, slice_: LoadedSlice) -> None:
        raise self.error


def test_a_program_loads_compares_and_looks(opened: tenantry.Warehouse) -> None:
    with opened as warehouse:
        feeds = warehouse.feeds("foodlogstats")
        loaded = warehouse.backfill(feeds, FIRST, FIRST + timedelta(days=DAYS - 1))
        again = warehouse.refresh(feeds, FIRST)
        reloaded = warehouse.reload(feeds, [FIRST, FIRST + timedelta(days=1)])
        verdict = warehouse.verify(feeds, FIRST, FIRST + timedelta(days=DAYS - 1))
        (status,) = warehouse.status()
        found = warehouse.slices(feeds[0], FIRST, FIRST)
    assert loaded.complete
    assert loaded.feeds[0].loaded == DAYS
    assert again.feeds[0].loaded == 1
    assert reloaded.complete
    assert verdict.agrees
    assert verdict.feeds[0].days == DAYS
    assert status.rows == loaded.rows
    assert [item.state for item in found] == ["ok"]


def test_what_is_looked_at_has_a_method_each(opened: tenantry.Warehouse) -> None:
    opened.refresh(opened.feeds(), FIRST)
    assert [tenant.name for tenant in opened.tenants()] == ["acme"]
    assert FIRST.year in [year.year for year in opened.years("foodlogstats")]
    assert [size.tenant for size in opened.sizes()] == ["acme"]
    assert opened.logs(tenant="acme")
    assert not opened.jobs()
    assert not opened.check_year(opened.feeds()[0], FIRST.year).complete
    assert [outcome.check.name for outcome in opened.doctor(["views"])] == ["views"]
    with opened.session() as session:
        assert session.execute("SELECT current_user").fetchone() == ("whadmin",)


def test_a_year_is_folded_by_one_call(acme: Warehouse, opened: tenantry.Warehouse, source: Source) -> None:
    source.fill(date(2023, 1, 1), 365)
    acme.index_less()
    (feed,) = opened.feeds()
    opened.backfill([feed], date(2023, 1, 1), date(2023, 12, 31))
    folded = opened.fold_year(feed, 2023)
    assert folded.days == 365
    assert opened.check_year(feed, 2023).folded


def test_a_tenant_is_taken_in_by_one_call(warehouse: Warehouse, source: Source) -> None:
    source.fill(FIRST, 2)
    address = Connection("acme", "127.0.0.1", source.server.port or 0, source.name, source.reader)
    told: list[str] = []
    added = tenantry.Warehouse.open(warehouse.conninfo).add_tenant(
        Newcomer("acme", address, source.password, ["foodlogstats"], FIRST),
        limits=Limits(1),
        step=lambda name, _: told.append(name),
    )
    assert added.load.complete
    assert not any(verdict.different for verdict in added.compared)
    assert {"connection", "schema", "backfill", "compared"} <= set(told)


def test_a_tenant_is_disabled_enabled_reloaded_and_dropped(
    opened: tenantry.Warehouse, acme: Warehouse
) -> None:
    acme.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    first, last = FIRST, FIRST + timedelta(days=DAYS - 1)
    assert opened.disable_tenant("acme", " no contract ").reason == "no contract"
    assert opened.disable_tenant("acme", "twice").paused is None
    assert opened.tenant("acme").disabled_reason == "no contract"
    steps: list[str] = []
    enabled = opened.enable_tenant("acme", step=lambda name, told: steps.append(name))
    assert enabled.enabled
    assert not enabled.already
    assert {"test", "gap", "loaded", "compared", "jobs"} <= set(steps)
    assert opened.enable_tenant("acme").already
    begun: list[datetime] = []
    work = opened.tenant_work("acme", ["foodlogstats"], first, last)
    assert [len(item.plan.days) for item in work] == [DAYS]
    reloaded = opened.reload_tenant("acme", work, begun=begun.append)
    assert reloaded.complete
    assert reloaded.load.feeds[0].loaded == DAYS
    assert [len(item.plan.days) for item in opened.tenant_work("acme", (), first, last, since=begun[0])] == [
        0
    ]
    assert opened.tenant_goods("acme").days >= DAYS
    opened.drop_tenant("acme")
    assert opened.tenants() == []
    with pytest.raises(InputError, match="acme"):
        opened.tenant("acme")


def test_ctrl_c_while_a_tenant_is_enabled_leaves_it_disabled(opened: tenantry.Warehouse) -> None:
    opened.disable_tenant("acme", "rest")
    with pytest.raises(Interrupted) as stopped:
        opened.enable_tenant("acme", watcher=Stopping(KeyboardInterrupt()))
    assert isinstance(stopped.value.so_far, Enabled)
    assert not stopped.value.so_far.enabled
    assert opened.tenant("acme").disabled_at
    assert opened.enable_tenant("acme").enabled


def test_a_sources_address_is_changed_only_if_it_answers(opened: tenantry.Warehouse) -> None:
    before = opened.connection_of("acme")
    assert opened.connection("acme") == before
    assert opened.connection("nobody") is None
    with pytest.raises(SourceError):
        opened.change_source(replace(before, dbname="nothing"))
    assert opened.connection_of("acme") == before
    changed = opened.change_source(before)
    assert changed.answered
    assert changed.tenants == ["acme"]
    assert opened.try_source("acme").database == before.dbname


def test_a_template_is_linted_loaded_tried_moved_and_dropped(
    opened: tenantry.Warehouse, acme: Warehouse
) -> None:
    opened.refresh(opened.feeds(), FIRST)
    details = opened.template("foodlogstats")
    assert details.stored.tenants == ["acme"]
    assert details.outdated == []
    other = TemplateFile(replace(details.text, name="other"), "other.sql")
    assert not [finding for _, finding in opened.lint([other]) if finding.severity == "error"]
    assert [change.action for change in opened.load_templates([other], dry_run=True)] == ["new"]
    assert [item.name for item in opened.templates()] == ["foodlogstats"]
    opened.load_templates([other])
    trial = opened.try_template("other", "acme", FIRST, rows=2)
    assert trial.rows > 0
    assert len(trial.sample) == 2
    assert not opened.drop_template("other").uses
    with pytest.raises(InputError, match="acme"):
        opened.drop_template("foodlogstats")
    (tenant,) = opened.begin_move("foodlogstats", "matview")
    assert opened.move_tenant(tenant, "foodlogstats", "matview").moved
    assert opened.drop_old_storage("foodlogstats")["acme"] > 0
    assert [use.tenant for use in opened.drop_template("foodlogstats", with_data=True).uses] == ["acme"]
    assert opened.feeds() == []


def test_a_template_is_stored_over_the_text_that_was_seen_and_over_no_other(
    opened: tenantry.Warehouse,
) -> None:
    seen = opened.template("foodlogstats")
    mine = TemplateFile(replace(seen.text, description="Mine."), "mine.sql")
    theirs = TemplateFile(replace(seen.text, description="Theirs."), "theirs.sql")
    over = {"foodlogstats": seen.fingerprint}
    assert [change.action for change in opened.load_templates([mine], dry_run=True, over=over)] == ["changed"]
    opened.load_templates([theirs], over=over)
    with pytest.raises(TemplateError, match='"foodlogstats" was changed meanwhile'):
        opened.load_templates([mine], over=over)
    with pytest.raises(TemplateError, match='"new" was changed meanwhile'):
        opened.load_templates([TemplateFile(replace(seen.text, name="new"), "new.sql")], over={"new": "x"})
    assert opened.template("foodlogstats").text.description == "Theirs."
    opened.load_templates([mine])
    assert opened.template("foodlogstats").text.description == "Mine."


def test_jobs_are_created_paused_resumed_and_removed(opened: tenantry.Warehouse, acme: Warehouse) -> None:
    assert len(opened.install_jobs(["acme"], dry_run=True).jobs) == 3
    assert opened.jobs() == []
    made = opened.install_jobs().jobs
    assert len(made) == 3
    assert {job.jobid for job in made} == {job.jobid for job in opened.find_jobs(["acme"])}
    assert len(opened.waiting_jobs()) == 3
    assert len(opened.schedule().entries) == 3
    assert opened.next_runs(2)[0].job.schema == "acme"
    paused = opened.pause_jobs(names=[made[0].name])
    assert [job.name for job in paused.changed] == [made[0].name]
    assert len(opened.resume_jobs(["acme"]).unchanged) == 2
    assert opened.past_runs() == []
    assert len(opened.remove_jobs(opened.find_jobs(["acme"]))) == 3
    with pytest.raises(InputError, match="acme"):
        opened.find_jobs(["acme"])


def test_a_backup_is_written(opened: tenantry.Warehouse, tmp_path: Path) -> None:
    opened.refresh(opened.feeds(), FIRST)
    file = tmp_path / "warehouse-2026-11-29.backup"
    written = opened.backup(file, passphrase="open sesame")
    assert written.summary.tenants == ["acme"]
    with pytest.raises(InputError, match="exists"):
        opened.backup(file, passphrase="open sesame")
    sealed = read_backup(file)
    assert sealed.by_passphrase
    backup = sealed.open(passphrase="open sesame")
    assert backup.problems() == {}


def test_new_entries_of_the_log_are_yielded_as_they_come(opened: tenantry.Warehouse, acme: Warehouse) -> None:
    entries = opened.follow_logs(tenant="acme", since=timedelta(hours=1))
    before = next(entries)
    opened.refresh(opened.feeds(), FIRST)
    fresh = next(entries)
    assert fresh
    assert not {entry.id for entry in before} & {entry.id for entry in fresh}
    entries.close()


def test_what_goes_on_is_looked_at(opened: tenantry.Warehouse) -> None:
    assert opened.database_size() > 0
    assert opened.names("tenants") == ["acme"]
    assert opened.names("templates", "x") == []
    assert opened.acts_as() == "whadmin"
    assert all(session.pid for session in opened.running())
    with pytest.raises(InputError, match="session"):
        opened.cancel(2_000_000_000)
    assert opened.audit(most=5)
    assert opened.restored_audit() == []
    assert opened.readers() == []
    assert opened.doctor(["views"], tenant="acme")[0].check.name == "views"
    assert opened.mend(opened.doctor(["views"])).refused == {}
    assert [entry.what for entry in opened.audit(most=2)] == ["Warehouse.mend", "Warehouse.mend"]


def test_disabled_tenants_are_left_out_unless_they_are_named(
    opened: tenantry.Warehouse, acme: Warehouse
) -> None:
    acme.run(
        "UPDATE _wh.tenants SET disabled_at = now(), disabled_reason = 'rest' WHERE schema_name = 'acme'"
    )
    assert opened.feeds("foodlogstats") == []
    assert opened.feeds() == []
    assert [feed.schema for feed in opened.feeds("foodlogstats", ["acme"])] == ["acme"]
    assert [feed.schema for feed in opened.feeds(tenants=["acme"])] == ["acme"]


def test_a_name_that_does_not_exist_is_an_error_with_a_hint(opened: tenantry.Warehouse) -> None:
    with pytest.raises(InputError, match="nothing"):
        opened.feeds("nothing")
    with pytest.raises(InputError, match="nobody"):
        opened.feeds(tenants=["nobody"])
    with pytest.raises(InputError, match="window"):
        opened.refresh(opened.feeds(), reload=True)


def test_ctrl_c_is_raised_with_what_was_loaded(opened: tenantry.Warehouse) -> None:
    with pytest.raises(KeyboardInterrupt) as stopped:
        opened.backfill(
            opened.feeds(), FIRST, FIRST + timedelta(days=DAYS - 1), watcher=Stopping(KeyboardInterrupt())
        )
    assert isinstance(stopped.value, Interrupted)
    assert stopped.value.result.rows >= 1
    assert opened.backfill(opened.feeds(), FIRST, FIRST + timedelta(days=DAYS - 1)).complete


def test_a_task_that_is_cancelled_leaves_no_worker_behind(
    opened: tenantry.Warehouse, acme: Warehouse
) -> None:
    """Schedulers such as Airflow raise errors of their own in a task that is to end."""
    before = threading.active_count()
    with pytest.raises(TimeoutError, match="over"):
        opened.backfill(
            opened.feeds(), FIRST, FIRST + timedelta(days=DAYS - 1), watcher=Stopping(TimeoutError("over"))
        )
    assert threading.active_count() == before
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") > 0
    assert opened.backfill(opened.feeds(), FIRST, FIRST + timedelta(days=DAYS - 1)).complete


def test_what_changes_something_is_in_the_audit_trail_and_what_looks_is_not(
    opened: tenantry.Warehouse, acme: Warehouse
) -> None:
    opened.status()
    opened.refresh(opened.feeds(), FIRST)
    with pytest.raises(Interrupted):
        opened.refresh(opened.feeds(), FIRST, watcher=Stopping(KeyboardInterrupt()))
    entries = acme.admin.rows(
        "SELECT what, subject, result FROM _wh_audit.entries WHERE what LIKE 'Warehouse.%' ORDER BY id"
    )
    assert entries == [
        ("Warehouse.refresh", "acme.foodlogstats", "begun"),
        ("Warehouse.refresh", "acme.foodlogstats", "done"),
        ("Warehouse.refresh", "acme.foodlogstats", "begun"),
        ("Warehouse.refresh", "acme.foodlogstats", "failed: Interrupted: interrupted"),
    ]
    about = {entry.subject for entry in opened.audit(about="acme") if entry.what == "Warehouse.refresh"}
    assert about == {"acme.foodlogstats"}
    assert opened.audit(about="acm") == []
    assert opened.audit(about="(") == []


def test_importing_the_package_imports_nothing_that_is_slow() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, tenantry; print(*sys.modules)"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"psycopg", "typing", "tenantry.warehouse", "rich", "typer"} & set(said)


def test_every_name_that_the_package_offers_is_there() -> None:
    for name in tenantry.__all__:
        assert getattr(tenantry, name).__name__ == name
    assert set(tenantry.__all__) <= set(dir(tenantry))
    with pytest.raises(AttributeError):
        _ = tenantry.nothing
