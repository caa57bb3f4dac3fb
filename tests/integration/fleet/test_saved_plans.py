"""Plans that are saved, that leave things out, and that are made without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.fleet.test_fleet import DAY, ENV, fleet_of
from tests.support.databases import Source, Warehouse
from tests.support.jobs import jobs
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

AGAIN = "Make it again: tenantry plan --output FILE"


@pytest.fixture
def file(acme: Warehouse, source: Source, tmp_path: Path) -> Path:
    """A file with a tenant that the warehouse lacks."""
    acme.load(DAY, DAY)
    path = tmp_path / "tenantry.toml"
    path.write_text(fleet_of(source, "acme", "globex"))
    return path


def test_a_plan_shows_what_can_be_compared_without_secrets(acme: Warehouse, file: Path) -> None:
    marker = file.parent / "was run"
    file.write_text(
        file.read_text().replace('"env:SECRET"', '{ command = ["touch", "was run"] }', 1) + "[schedule]\n"
    )
    shown = succeed(acme, "plan", "--file", file, "--no-secrets", "--json").json
    assert [(change["action"], change["kind"], change["name"]) for change in shown["changes"]] == [
        ("create", "connection", "globex"),
        ("create", "tenant", "globex"),
        ("create", "feed", "globex"),
    ]
    assert [(one["kind"], one["name"]) for one in shown["not_compared"]] == [
        ("connection", "acme"),
        ("connection", "globex"),
    ]
    assert not marker.exists()
    assert succeed(acme, "plan", "--file", file).out.endswith("3 to create, 0 to change, 0 to remove\n")
    refused = run(acme, "apply", "--file", file, "--yes")
    assert refused.code == 2
    assert "2 secrets are missing" in refused.errors[0]


def test_a_saved_plan_is_made_as_it_was_shown_whatever_the_file_says_by_then(
    acme: Warehouse, file: Path
) -> None:
    own = file.parent / "own.sql"
    own.write_text(f"/* globex */ {acme.value('SELECT query_template FROM _wh.mv_templates')}")
    file.write_text(f'{file.read_text()}\n[tenants.globex.feeds.foodlogstats]\nquery = "own.sql"\n')
    plan = file.parent / "plan.json"
    saved = succeed(acme, "plan", "--file", file, "-o", plan, "--no-secrets", "--json").json
    assert saved["saved"] == str(plan)
    assert plan.stat().st_mode & 0o777 == 0o600
    file.write_text("not TOML")
    assert "SECRET is not set" in run(acme, "apply", plan).errors[0]
    # acme's password could not be compared, so it stays as it is.
    file.unlink()
    own.unlink()
    done = succeed(acme, "apply", plan, "--json", env=ENV).json
    assert (done["changes"], done["failed"]) == (saved["changes"], 0)
    assert acme.rows("SELECT schema_name FROM _wh.tenants ORDER BY 1") == [("acme",), ("globex",)]
    again = run(acme, "apply", plan, "--json", env=ENV)
    assert (again.code, again.error["hint"].startswith(AGAIN)) == (2, True)
    assert again.errors == ["the warehouse has changed since the plan was saved, or is another one"]


def change_warehouse(acme: Warehouse, plan: Path) -> None:
    acme.run("INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions)"
             " VALUES ('other', 'SELECT 1 AS id', 'id integer')")  # fmt: skip


def change_changes(acme: Warehouse, plan: Path) -> None:
    edit(plan, lambda saved: saved["changes"].pop())


def change_file(acme: Warehouse, plan: Path) -> None:
    def drop_a_tenant(saved: Any) -> None:
        (path,) = saved["paths"]
        saved["texts"][path] = saved["texts"][path].partition('[tenants."globex"]')[0]

    edit(plan, drop_a_tenant)


def change_nothing_but_the_mode(acme: Warehouse, plan: Path) -> None:
    plan.chmod(0o666)


def write_nonsense(acme: Warehouse, plan: Path) -> None:
    plan.write_text('{"format": 1}')


def edit(plan: Path, how: Callable[[Any], Any]) -> None:
    saved = json.loads(plan.read_text())
    how(saved)
    plan.write_text(json.dumps(saved))


@pytest.mark.parametrize(
    "change, message",
    [
        (change_warehouse, "the warehouse has changed since the plan was saved, or is another one"),
        (change_changes, "{} has been changed since it was saved"),
        (change_file, "{} has been changed since it was saved"),
        (change_nothing_but_the_mode, "{} is not read: everybody may write to {}"),
        (write_nonsense, "{} is not a saved plan"),
    ],
)
def test_a_saved_plan_is_refused_once_anything_has_changed(
    acme: Warehouse, file: Path, change: Callable[[Warehouse, Path], None], message: str
) -> None:
    plan = file.parent / "plan.json"
    succeed(acme, "plan", "--file", file, "--output", plan, env=ENV)
    change(acme, plan)
    refused = run(acme, "apply", plan, env=ENV)
    assert (refused.code, refused.errors) == (2, [message.format(plan, plan)])
    assert acme.rows("SELECT schema_name FROM _wh.tenants WHERE schema_name = 'globex'") == []


def test_a_target_brings_what_it_needs_and_the_rest_is_named(
    acme: Warehouse, source: Source, file: Path
) -> None:
    file.write_text(
        fleet_of(source, "acme", "globex", "initech").replace('"env:SECRET"', '"env:NOT_SET"', 1)
        + "[schedule]\nautomatic = true\n"
    )
    shown = succeed(acme, "plan", "--file", file, "--target", "tenant.globex", "--json", env=ENV).json
    assert {(one["kind"], one["name"]) for one in shown["changes"] if one["kind"] != "job"} == {
        ("connection", "globex"),
        ("tenant", "globex"),
        ("feed", "globex"),
    }
    assert len([one for one in shown["changes"] if one["kind"] == "job"]) == 3
    assert ("tenant", "initech") in {(one["kind"], one["name"]) for one in shown["left_out"]}
    assert shown["not_compared"] == []
    told = succeed(acme, "apply", "--file", file, "--target", "feed.globex.foodlogstats", "--yes", env=ENV)
    assert "left out by --target: connection initech, " in told.err
    assert acme.rows("SELECT schema_name FROM _wh.tenants WHERE schema_name <> 'acme'") == [("globex",)]
    # What is removed comes with what needs it.
    file.write_text(fleet_of(source, "acme") + "[connections]\n[schedule]\nautomatic = true\n")
    words = ("--file", file, "--target", "connection.globex", "--allow-drop", "--yes")
    succeed(acme, "apply", *words, env=ENV)
    assert acme.rows("SELECT schema_name FROM _wh.tenants WHERE schema_name <> 'acme'") == []
    assert [row[0] for row in jobs(acme) if "globex" in str(row[0])] == []
    wrong = run(acme, "plan", "--file", file, "--target", "tenant.acm", env=ENV)
    assert wrong.errors == ["the target tenant.acm is neither in the file nor in the warehouse"]
    assert "Did you mean tenant.acme?" in wrong.err


def test_a_tenant_that_is_added_to_an_exported_file_gets_the_usual_jobs(
    acme: Warehouse, source: Source, file: Path
) -> None:
    file.write_text(fleet_of(source, "acme", "globex", "initech") + "[schedule]\nautomatic = true\n")
    succeed(acme, "apply", "--file", file, "--yes", env=ENV)
    acme.run("UPDATE cron.job SET schedule = '*/10 * * * *' WHERE jobname = 'foodlogstats_update_globex'")
    acme.run("DELETE FROM cron.job WHERE jobname = 'initech_2week_refresh'")
    exported = file.parent / "exported.toml"
    env = {f"TENANTRY_{name}_PASSWORD": ENV["SECRET"] for name in ("ACME", "GLOBEX", "INITECH")} | ENV
    succeed(acme, "export", "--file", exported)
    text = exported.read_text()
    assert [line for line in text.splitlines() if line.startswith("name = ")] == [
        'name = "foodlogstats_update_globex"',
        'name = "foodlogstats_update_initech"',
        'name = "yearly_combination_initech"',
    ]
    assert succeed(acme, "plan", "--file", exported, env=env).out == "no difference\n"
    exported.write_text(text + fleet_of(source, "hooli"))
    shown = succeed(acme, "plan", "--file", exported, "--json", env=env).json["changes"]
    assert [change["name"] for change in shown if change["kind"] == "job"] == [
        "foodlogstats_update_hooli",
        "hooli_2week_refresh",
        "yearly_combination_hooli",
    ]
