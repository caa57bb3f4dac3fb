"""A restore goes on past what cannot be made, and names it; a backup names what it does not hold."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyrage
import pytest

from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.flow.tenant import reader
from tenantry.recovery import backup, restore
from tenantry.recovery.content import Content
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples import backups

DAY = date(2024, 3, 10)
KEY = pyrage.x25519.Identity.generate()


@pytest.fixture
def elsewhere(make_server: Callable[..., Server]) -> Warehouse:
    """Another server, on which nothing was ever installed."""
    server = make_server()
    server.start()
    for role, password in (("whadmin", "whadmin-password"), ("phood_ro", "reader-password")):
        server.save_password(role, password)
    return Warehouse(server, "postgres", "whadmin")


def content_of(warehouse: Warehouse) -> Content:
    with session(warehouse.admin.conninfo, role=None) as opened:
        return backups.read(opened)


def with_role(content: Content, **changed: Any) -> Content:
    """A backup in which the roles that are not delivered have something else."""
    roles = [
        role if role["name"] in ("whadmin", "phood_ro") else role | changed for role in content.rows("role")
    ]
    return dataclasses.replace(content, lines=content.lines | {"role": [json.dumps(role) for role in roles]})


def test_a_restore_makes_all_but_what_cannot_be_and_names_that(
    acme: Warehouse, source: Source, elsewhere: Warehouse, tmp_path: Path
) -> None:
    name = f"reader_{secrets.token_hex(4)}"
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run(
        "CREATE FUNCTION _wh.rows_of() RETURNS SETOF acme.foodlogstats LANGUAGE sql AS 'SELECT * FROM acme.foodlogstats'"
    )
    acme.run("CREATE FUNCTION _wh.good() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    acme.run("CREATE TABLE _wh.notes (note text); INSERT INTO _wh.notes VALUES ('mine')")
    acme.run("SELECT cron.schedule('hourly', '12 * * * *', 'SELECT 1')")
    acme.run("SELECT cron.schedule('other', '13 * * * *', 'SELECT 2')")
    with session(acme.admin.conninfo, role=None) as admin:
        reader.put(admin, name, ["acme"], "reader-password", workspace="marts")
        admin.execute(f"ALTER ROLE {name} VALID UNTIL '2031-05-06 00:00:00+00'".encode())
        admin.execute(f"ALTER ROLE {name} IN DATABASE {acme.name} SET work_mem = '9MB'".encode())
        admin.execute(f"GRANT pg_monitor TO {name}".encode())
    content = content_of(acme)
    with session(acme.admin.conninfo, role=None) as admin:
        reader.drop(admin, name)
    assert backup.summary(content).not_held == ["table _wh.notes"]
    content = with_role(content, settings=["search_path=acme", "a_setting_of_the_future=1"])
    # As pg_cron would have taken it, and the schema cron of Tenantry's own does not.
    jobs = [
        job | ({"schedule": "99 * * * *"} if job["name"] == "other" else {}) for job in content.rows("job")
    ]
    # Workspaces that no warehouse gives.
    odd = {f"{name}_{n}": place for n, place in enumerate(("acme", "public", "pg_catalog"))}
    known = content.rows("table readers")
    invented = [known[0] | {"reader_name": one, "workspace": place} for one, place in odd.items()]
    lines = {"job": jobs, "table readers": known + invented}
    texts = {kind: [json.dumps(row) for row in rows] for kind, rows in lines.items()}
    content = dataclasses.replace(content, lines=content.lines | texts)
    with session(elsewhere.admin.conninfo, role=None) as opened:
        passwords = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}
        result = restore.run(opened, content, passwords, other_jobs=True)
    told = {left.what: left.reason for left in result.left_out}
    assert sorted(told) == [
        "function _wh.rows_of()",
        "job other",
        f"setting a_setting_of_the_future=1 of role {name}",
        "table _wh.notes",
        *(f"workspace of reader {one}" for one in odd),
    ]
    assert elsewhere.rows("SELECT reader_name, workspace FROM _wh.readers WHERE workspace IS NOT NULL") == [
        (name, "marts")
    ]
    assert elsewhere.value("SELECT has_schema_privilege(%s, 'marts', 'CREATE')", (name,)) is True
    assert "acme.foodlogstats" in told["function _wh.rows_of()"]
    assert result.jobs == 1
    assert elsewhere.value("SELECT _wh.good()") == 1
    assert elsewhere.rows("SELECT jobname, active FROM cron.job") == [("hourly", False)]
    assert elsewhere.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("acme",)]
    assert elsewhere.rows("SELECT schema_name, template_name FROM _wh.rebuilds") == [("acme", "foodlogstats")]
    kept = (
        "SELECT rolvaliduntil AT TIME ZONE 'UTC', pg_has_role(oid, 'pg_monitor', 'MEMBER'),"
        " (SELECT array_agg(c ORDER BY c) FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setrole = r.oid)"
        " FROM pg_roles r WHERE rolname = %s"
    )
    ((until, member, settings),) = elsewhere.admin.rows(kept, (name,))
    assert (f"{until:%F}", member) == ("2031-05-06", True)
    assert settings == ["constraint_exclusion=on", "search_path=acme", "work_mem=9MB"]
    logged = elsewhere.rows(
        "SELECT context ->> 'definition' FROM _wh.function_logs WHERE function_name = 'restore' AND message LIKE '%rows_of%'"
    )
    assert "RETURNS SETOF acme.foodlogstats" in logged[0][0]


def test_a_row_that_does_not_fit_is_named_and_the_others_are_there(
    acme: Warehouse, elsewhere: Warehouse
) -> None:
    acme.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username) SELECT 'mm', host, dbname, username FROM _wh.tenant_connections"
    )
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    content = content_of(acme)
    rows = [
        row | ({"time_column": "no_such"} if row["template_name"] == "foodlogstats" else {})
        for row in content.rows("table mv_templates")
    ]
    connections = [
        row | ({"port": -1} if row["tenant_name"] == "mm" else {})
        for row in content.rows("table tenant_connections")
    ]
    content = dataclasses.replace(content, lines=content.lines | {
        "table mv_templates": [json.dumps(row) for row in rows],
        "table tenant_connections": [json.dumps(row) for row in connections],
    })  # fmt: skip
    with session(elsewhere.admin.conninfo, role=None) as opened:
        result = restore.run(opened, content, {"whadmin": "whadmin-password", "phood_ro": "reader-password"})
    told = [left.what for left in result.left_out]
    assert "_wh.mv_templates foodlogstats" in told
    assert "_wh.tenant_connections mm" in told
    assert elsewhere.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("acme",)]
    assert elsewhere.rows("SELECT schema_name FROM _wh.tenants") == [("acme",)]


def test_the_command_names_what_is_left_out_and_ends_with_1(
    acme: Warehouse, source: Source, elsewhere: Warehouse, tmp_path: Path
) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run(
        "CREATE FUNCTION _wh.rows_of() RETURNS SETOF acme.foodlogstats LANGUAGE sql AS 'SELECT * FROM acme.foodlogstats'"
    )
    acme.run("CREATE TABLE _wh.notes (note text)")
    identity, file = tmp_path / "key", tmp_path / "warehouse.backup"
    identity.write_text(f"{KEY}\n")
    identity.chmod(0o600)
    saved = succeed(acme.admin, "backup", file, "--recipient", KEY.to_public(), "--unsigned")
    assert "not included: table _wh.notes" in saved.err
    outcome = run(elsewhere.admin, "restore", file, "--identity", identity, "--unsigned")
    assert outcome.code == 1
    assert "left out: function _wh.rows_of()" in outcome.err
    assert "left out: table _wh.notes: a backup does not hold it" in outcome.err
    assert outcome.errors == [
        "2 things of the backup could not be created here; everything else was restored"
    ]
    assert elsewhere.value("SELECT count(*) FROM _wh.tenants") == 1
