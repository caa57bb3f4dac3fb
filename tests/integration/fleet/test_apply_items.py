"""An apply goes on past a change that is refused, leaves out what needs it, and says what was made and what was not."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.integration.fleet.test_fleet import ENV, HOURLY, fleet_of
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed


def test_a_source_that_refuses_keeps_the_other_tenants_not_out(
    warehouse: Warehouse, source: Source, tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    bad = fleet_of(source, "bad").replace(source.name, "no_such_database")
    jobs = HOURLY.format("bad", 10) + HOURLY.format("good", 11)
    file.write_text(bad + fleet_of(source, "good") + jobs)
    outcome = run(warehouse, "apply", "--file", file, "--yes", "--json", env=ENV)
    assert outcome.code == 1
    total = len(outcome.json["changes"]) + outcome.json["failed"]
    (error,) = outcome.errors
    assert error.startswith(
        f"{len(outcome.json['changes'])} of {total} changes were made; not made: connection bad: "
    )
    assert "no_such_database" in error
    reasons = {failure["kind"]: failure["error"] for failure in outcome.json["failures"]}
    assert reasons.pop("connection") in error
    assert set(reasons.values()) == {"not tried, because connection bad could not be made"}
    assert {"tenant", "feed", "job"} == set(reasons)
    assert warehouse.rows("SELECT schema_name FROM _wh.tenants") == [("good",)]
    assert warehouse.rows("SELECT jobname FROM cron.job") == [("hourly good",)]
    # What was left is made when it can be.
    file.write_text(fleet_of(source, "bad", "good") + jobs)
    succeed(warehouse, "apply", "--file", file, "--yes", env=ENV)
    assert succeed(warehouse, "plan", "--file", file, "--exit-code", env=ENV).code == 0


def test_a_readers_name_that_is_taken_is_told_before_anything_is_begun(
    warehouse: Warehouse, source: Source, tmp_path: Path
) -> None:
    name = f"taken_{secrets.token_hex(4)}"
    file = tmp_path / "tenantry.toml"
    file.write_text(
        fleet_of(source, "acme") + f'[readers.{name}]\ntenants = ["acme"]\npassword = "env:READER"\n'
    )
    warehouse.admin.run(f"CREATE ROLE {name}")
    env = ENV | {
        "READER": "secret",
        "TENANTRY_ADMIN_DSN": warehouse.admin.conninfo,
        "TENANTRY_DSN": warehouse.conninfo,
    }
    try:
        outcome = run(None, "apply", "--file", file, "--yes", env=env)
    finally:
        warehouse.admin.run(f"DROP ROLE {name}")
    assert (outcome.code, outcome.errors) == (
        2,
        [f'role "{name}" exists and is not a reader of this warehouse'],
    )
    assert warehouse.rows("SELECT FROM _wh.tenants") == []
    assert warehouse.rows("SELECT FROM _wh.tenant_connections") == []
