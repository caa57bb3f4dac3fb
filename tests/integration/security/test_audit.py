"""The audit trail: every change is in it, with who made it; whadmin can add to it, and change or remove nothing."""

from __future__ import annotations

import getpass
import json
import socket
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tenantry.cli.trail import changes
from tenantry.db import audit
from tests.support.databases import Source, Warehouse
from tests.support.program import address, run, running, succeed
from tests.support.samples.healthy import findings

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)


def entries(warehouse: Warehouse) -> list[audit.Entry]:
    """All but that of the delivered template."""
    with warehouse.connect() as opened:
        return [entry for entry in audit.entries(opened) if entry.what != "insert mv_templates"]


def test_a_command_is_written_down_as_it_begins_and_ends_with_who_ran_it(
    warehouse: Warehouse, source: Source
) -> None:
    refused = run(
        warehouse,
        "tenant",
        "add",
        "acme",
        "--source",
        address(source),
        "--no-schedule",
    )
    found = [e for e in entries(warehouse) if e.what == "tenantry tenant add"]
    assert [e.result.split(":")[0] for e in found] == ["begun", "failed"]
    assert found[1].result == f"failed: {refused.errors[0]}"
    for entry in found:
        assert (entry.login, entry.role, entry.address) == ("whadmin", "whadmin", "127.0.0.1")
        assert (entry.os_user, entry.host) == (getpass.getuser(), socket.gethostname())
        assert entry.subject.startswith("acme --source host=127.0.0.1")


def test_what_psql_and_jobs_do_is_written_down_too(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 1)
    with acme.connect() as opened:
        opened.execute("SET application_name = 'psql'")
        opened.execute(
            "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme', '2024-03-10', '2024-03-10')"
        )
        opened.execute("UPDATE _wh.mv_templates SET description = 'another'")
        opened.execute("UPDATE _wh.tenant_connections SET password = 'secret of it'")
        opened.execute("UPDATE _wh.tenant_connections SET port = 1")
    acme.run("DELETE FROM _wh.feeds; DELETE FROM _wh.tenants")
    found = {(e.what, e.subject, e.result, e.application) for e in entries(acme)}
    assert ("update mv_templates", "foodlogstats", "changed: description", "psql") in found
    assert ("update tenant_connections", "acme", "changed: port", "psql") in found
    assert ("insert tenants", "acme", "done", "psql") in found
    assert ("delete tenants", "acme", "done", "") in found
    assert "secret of it" not in str(found)
    assert {what for what, *_ in found} & {
        "update_mv_window_by_template",
        "run_window",
        "update_slice",
        "create_mv_from_template",
    }


@pytest.mark.parametrize("end", ["nothing", "lost", "in a transaction", "closed"])
def test_the_end_is_written_down_whatever_became_of_the_session_that_wrote_the_beginning(
    warehouse: Warehouse, end: str
) -> None:
    with warehouse.connect() as opened, audit.kept(warehouse.conninfo, "a test", "of the trail", opened):
        if end == "lost":
            warehouse.admin.run("SELECT pg_terminate_backend(%s)", (opened.info.backend_pid,))
        elif end == "in a transaction":
            opened.execute("BEGIN")
        elif end == "closed":
            opened.close()
    found = entries(warehouse)
    assert [(e.what, e.subject, e.result) for e in found] == [
        ("a test", "of the trail", "begun"),
        ("a test", "of the trail", "done"),
    ]
    assert {e.os_user for e in found} == {getpass.getuser()}
    assert (found[0].pid == found[1].pid) == (end == "nothing")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE _wh_audit.entries SET result = 'nothing'",
        "DELETE FROM _wh_audit.entries",
        "TRUNCATE _wh_audit.entries",
        "DROP TABLE _wh_audit.entries",
        "DROP SCHEMA _wh_audit CASCADE",
        "ALTER TABLE _wh_audit.entries DISABLE TRIGGER stamp",
        "ALTER TABLE _wh_audit.entries RENAME TO other",
        "ALTER SCHEMA _wh_audit RENAME TO other",
        "CREATE TRIGGER mine BEFORE INSERT ON _wh_audit.entries EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON INSERT TO _wh_audit.entries DO INSTEAD NOTHING",
        "INSERT INTO _wh_audit.entries (at, what, subject, result) VALUES ('2001-01-01', '', '', '')",
        "INSERT INTO _wh_audit.entries (login, what, subject, result) VALUES ('somebody', '', '', '')",
        "INSERT INTO _wh_audit.entries (id, what, subject, result) OVERRIDING SYSTEM VALUE VALUES (1, '', '', '')",
        "SELECT setval('_wh_audit.entries_id_seq', 1)",
        "CREATE OR REPLACE FUNCTION _wh_audit.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TABLE _wh_audit.mine ()",
        "SET session_replication_role = replica",
    ],
)
def test_whadmin_adds_to_the_trail_and_neither_changes_nor_removes_anything(
    warehouse: Warehouse, statement: LiteralString
) -> None:
    with warehouse.connect() as opened:
        audit.add(opened, "a test", "of the trail", "done")
        with pytest.raises(psycopg.Error) as refused:
            opened.execute(statement)
        assert refused.value.sqlstate in {"42501", "428C9"}
    assert [e.what for e in entries(warehouse)] == ["a test"]


def test_an_entry_says_what_the_server_knows_whatever_the_session_pretends_to_be(
    warehouse: Warehouse,
) -> None:
    with warehouse.connect() as opened:
        opened.execute("SET ROLE whadmin; SET TimeZone = 'Asia/Tokyo'; SET application_name = 'a program'")
        opened.execute(
            "INSERT INTO _wh_audit.entries (what, subject, result) VALUES (repeat('x', 9999), '', '')"
        )
    (entry,) = entries(warehouse)
    assert (entry.login, entry.application, len(entry.what)) == ("whadmin", "a program", 200)


def test_the_trail_is_shown_as_a_table_as_json_and_as_it_grows(warehouse: Warehouse) -> None:
    with warehouse.connect() as opened:
        audit.add(opened, "tenantry a test", "of the trail", "done")
    table = succeed(warehouse, "audit", env={"COLUMNS": "80"}).out
    assert "a test" in table
    assert all(len(line) <= 80 for line in table.splitlines())
    *_, entry = succeed(warehouse, "audit", "--json", "--since", "1h").json["entries"]
    assert entry["what"] == "tenantry a test"
    with running(warehouse, "audit", "--follow", "--json") as process:
        assert process.stdout is not None
        while "a test" not in process.stdout.readline():
            pass
        with warehouse.connect() as opened:
            audit.add(opened, "another", "", "done")
        assert json.loads(process.stdout.readline())["data"]["entries"][0]["what"] == "another"


def test_the_administrator_alone_prunes_and_that_is_written_down(warehouse: Warehouse) -> None:
    with warehouse.connect() as opened:
        audit.add(opened, "old", "", "done")
    assert run(warehouse, "audit", "prune", "--before", "2999-01-01", "--yes").code == 1
    assert any(e.what == "old" for e in entries(warehouse))
    succeed(warehouse.admin, "audit", "prune", "--before", "2999-01-01", "--yes")
    left = entries(warehouse)
    assert "old" not in {e.what for e in left}
    assert [(e.login, e.subject) for e in left if e.result.startswith("done: ")] == [
        ("postgres", "before 2999-01-01T00:00:00+00:00")
    ]


def test_a_schema_that_whadmin_put_in_the_place_of_the_trail_is_refused(warehouse: Warehouse) -> None:
    warehouse.admin.run("DROP SCHEMA _wh_audit CASCADE")
    warehouse.run("CREATE SCHEMA _wh_audit; CREATE TABLE _wh_audit.entries (id integer)")
    for command_ in ("upgrade", "init"):
        refused = run(warehouse.admin, command_)
        assert refused.errors == [
            'the schema "_wh_audit" belongs to "whadmin", which could change its entries'
        ]
    refused = run(warehouse.admin, "audit", "prune", "--before", "2999-01-01", "--yes")
    assert refused.errors == ["this warehouse has no audit trail"]


def test_a_warehouse_without_a_trail_works_and_an_upgrade_brings_one(warehouse: Warehouse) -> None:
    warehouse.admin.run("DROP SCHEMA _wh_audit CASCADE")
    warehouse.run("UPDATE _wh.mv_templates SET description = 'another'")
    assert run(warehouse, "audit").errors == ["this warehouse has no audit trail"]
    assert [f.subject for f in findings(warehouse, "grants")] == ["_wh_audit.entries"]
    succeed(warehouse.admin, "upgrade")
    assert ("tenantry upgrade", "done") in [(e.what, e.result) for e in entries(warehouse)]
    assert findings(warehouse, "grants") == []


def test_only_commands_that_change_something_are_written_down() -> None:
    for name, options in (
        ("status", {}),
        ("tenant list", {}),
        ("doctor", {"fix": False}),
        ("verify", {"fix": False, "number": 3}),
        ("upgrade", {"dry_run": True}),
        ("queries", {"cancel": None}),
        ("audit", {"follow": True}),
    ):
        assert not changes(name, options)
    for name, options in (
        ("tenant drop", {"yes": True}),
        ("doctor", {"fix": True}),
        ("verify", {"fix": True}),
        ("queries", {"cancel": 7}),
        ("upgrade", {"dry_run": False}),
        ("backup write", {}),
        ("refresh", {"everyone": True}),
        ("audit prune", {}),
    ):
        assert changes(name, options)


def test_a_value_that_looks_like_an_option_keeps_nothing_out_of_the_trail(acme: Warehouse) -> None:
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme')")
    succeed(acme, "tenant", "disable", "acme", "--reason", "--dry-run")

    found = [(e.what, e.subject) for e in entries(acme) if e.result == "done"]
    assert ("tenantry tenant disable", "acme --reason --dry-run") in found


def test_passwords_of_a_command_line_are_left_out() -> None:
    told = audit.without_secrets(
        ["--source", "host=a password='b \\' c' user=d", "--source", "postgresql://e:f@g/h", "password=i"]
    )
    assert told == "--source host=a password=… user=d --source postgresql://e:…@g/h password=…"


def test_options_from_the_environment_are_in_the_trail_and_the_warehouses_address_is_not(
    acme: Warehouse,
) -> None:
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme')")
    reason = {"TENANTRY_TENANT_DISABLE_REASON": "rest"}
    succeed(None, "tenant", "disable", "acme", "--dsn", acme.conninfo, env=reason)
    found = [(e.what, e.subject) for e in entries(acme) if e.result == "done" and "disable" in e.what]
    assert found == [("tenantry tenant disable", "acme --reason=rest")]
