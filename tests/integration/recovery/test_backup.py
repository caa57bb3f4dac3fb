"""A warehouse that is lost, restored from its backup, and filled again."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest

from tenantry.core.errors import TenantryError
from tenantry.db.connect import session
from tenantry.embedded import Server, find_free_port
from tenantry.flow.tenant import reader
from tenantry.recovery import backup, recover, restore
from tenantry.recovery.content import Content, unpack
from tests.support.databases import SECRET, Database, Maker, Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples import backups

KEY = pyrage.x25519.Identity.generate()
ROWS = "SELECT * FROM public.foodlogstats ORDER BY schema_name, id"


@pytest.fixture
def last_year(today: date) -> date:
    """Its first day."""
    return date(today.year - 1, 1, 1)


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def empty(server: Server, templates: None, maker: Maker) -> Database:
    """A database that was never installed, as the administrator, on the server of the other warehouse."""
    return Database(server, maker.clone("template0", "empty"), "postgres")


@pytest.fixture
def elsewhere(make_server: Callable[..., Server]) -> Warehouse:
    """Another server, on which nothing was ever installed; its whadmin will have the password of the backup."""
    server = make_server()
    server.start()
    for role, password in (("whadmin", "whadmin-password"), ("phood_ro", "reader-password")):
        server.save_password(role, password)
    return Warehouse(server, "postgres", "whadmin")


def saved(warehouse: Warehouse, tmp_path: Path, *options: object) -> Path:
    file = tmp_path / "warehouse.backup"
    succeed(warehouse.admin, "backup", file, "--recipient", KEY.to_public(), "--unsigned", *options)
    return file


def content_of(file: Path) -> Content:
    return unpack(backups.unseal(file.read_bytes(), identities=str(KEY)))


def put(database: Database, content: Content) -> restore.Restored:
    with session(database.conninfo, role=None) as opened:
        return restore.run(opened, content, {}, other_jobs=True)


@pytest.fixture
def fleet(
    warehouse: Warehouse, make_source: Callable[[], Source], today: date, last_year: date
) -> dict[str, Source]:
    """acme: partitions, last year folded; globex: materialized views of five days; jobs of each."""
    sources = {"acme": make_source(), "globex": make_source()}
    sources["acme"].fill(last_year, (today - last_year).days, per_day=1)
    sources["globex"].fill(today - timedelta(days=4), 4)
    for name, source in sources.items():
        warehouse.connect_to(source, name)
        warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
        storage = "partition" if name == "acme" else "matview"
        warehouse.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
        warehouse.run("SELECT _wh_internal.open_feed('foodlogstats', %s, %s)", (name, name))
        first = last_year if name == "acme" else today - timedelta(days=4)
        succeed(warehouse, "backfill", "foodlogstats", "--tenant", name, "--from", first)
        for kind, active in (("hourly", True), ("nightly", name == "acme")):
            warehouse.run(
                "SELECT cron.schedule(%s, '12 * * * *', format('SELECT _wh.update_mv_by_template(%%L, %%L, %%L)',"
                " 'foodlogstats', %s::text, %s::text))",
                (f"{name}_{kind}", name, name),
            )
            warehouse.run("UPDATE cron.job SET active = %s WHERE jobname = %s", (active, f"{name}_{kind}"))
    warehouse.run("SELECT cron.schedule('13 * * * *', 'SELECT 1')")
    warehouse.run("CREATE FUNCTION _wh.create_crates_mv() RETURNS text LANGUAGE sql AS $$SELECT 'ours'$$")
    succeed(warehouse, "year", "fold", "foodlogstats", last_year.year, "--tenant", "acme")
    return sources


def test_a_lost_warehouse_comes_back_from_its_backup_and_its_sources(
    warehouse: Warehouse,
    fleet: dict[str, Source],
    elsewhere: Warehouse,
    identity: Path,
    tmp_path: Path,
    today: date,
    last_year: date,
) -> None:
    name = f"reader_{secrets.token_hex(4)}"
    with session(warehouse.admin.conninfo, role=None) as admin:
        reader.put(admin, name, ["acme"], "reader-password", connections=4, statement_timeout="5min")
        admin.execute(f"ALTER ROLE {name} SET search_path = acme, public")
    before = warehouse.rows(ROWS)
    assert len(before) == (today - last_year).days + 12
    warehouse.run("SELECT _wh.request_action('refresh')")
    file = saved(warehouse, tmp_path)
    with session(warehouse.admin.conninfo, role=None) as admin:
        reader.drop(admin, name)

    # What is on the disk is encrypted, and nobody else's to read.
    assert file.stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() not in file.read_bytes()
    assert list(tmp_path.glob(".*")) == []
    told = run(None, "restore", file, "--identity", identity, "--dry-run")
    assert f"{len(before):,} rows, to be loaded again" in told.out
    assert SECRET.strip() not in told.out
    assert run(warehouse.admin, "backup", file, "--recipient", KEY.to_public(), "--unsigned").code == 2, (
        "it already exists"
    )

    done = succeed(
        elsewhere.admin, "restore", file, "--identity", identity, "--unsigned", "--other-jobs", "--json"
    ).json["restored"]
    assert (done["tenants"], done["jobs"], done["passwords_generated"]) == (["acme", "globex"], 5, [])
    assert elsewhere.rows("SELECT FROM _wh.slices") == []
    assert elsewhere.rows("SELECT FROM _wh.actions") == [], "a worker would do again what was done long ago"
    assert [(f["tenant"], f["storage"], f["days"], f["rows"]) for f in succeed(elsewhere, "status", "--json").json["feeds"]] == [
        ("acme", "partition", 0, 0), ("globex", "matview", 0, 0)]  # fmt: skip
    assert elsewhere.rows("SELECT FROM cron.job WHERE active") == []
    assert elsewhere.value("SELECT _wh.create_crates_mv()") == "ours"
    again = run(elsewhere.admin, "restore", file, "--identity", identity, "--unsigned")
    assert (again.code, again.errors) == (
        2,
        ['the warehouse holds tenants or connections already, such as "acme"'],
    )

    # The source of globex does not answer: acme comes back all the same, and its jobs go on.
    fleet["globex"].run("ALTER TABLE phood_foodlogsum RENAME TO away")
    lame = run(elsewhere, "recover", "--all", "--json")
    assert lame.code == 1
    assert f"about {len(before):,} rows" in lame.err
    assert lame.json["jobs_resumed"] == ["acme_hourly", "acme_nightly"]
    assert len(lame.json["jobs_waiting"]) == 2
    # A backup of a warehouse that is not whole yet knows what is still missing.
    half = content_of(saved(elsewhere, tmp_path, "--force"))
    assert backup.summary(half).row_count == len(before)
    assert sorted(job["name"] or "" for job in half.rows("job") if job["active"]) == [
        "", "acme_hourly", "acme_nightly", "globex_hourly"]  # fmt: skip
    fleet["globex"].run("ALTER TABLE away RENAME TO phood_foodlogsum")

    done = succeed(elsewhere, "recover", "--all", "--json").json
    assert (done["load"]["complete"], done["different_days"], done["load"]["rows"]) == (True, [], 12)
    assert elsewhere.rows(ROWS) == before
    assert elsewhere.rows("SELECT jobname::text, active FROM cron.job ORDER BY 1") == warehouse.rows(
        "SELECT jobname::text, active FROM cron.job ORDER BY 1"
    )
    assert elsewhere.rows("SELECT FROM _wh.rebuilds UNION ALL SELECT FROM _wh.restored_jobs") == []
    assert elsewhere.rows("SELECT table_name, state FROM _wh.feed_tables WHERE schema_name = 'acme'") == [
        (f"acme.foodlogstats_{last_year.year}", "folded")
    ]
    succeed(elsewhere, "tenant", "test", "acme")
    assert "No days are missing" in succeed(elsewhere, "recover", "--all").err

    elsewhere.server.save_password(name, "reader-password")
    theirs = Database(elsewhere.server, "postgres", name)
    assert theirs.value("SELECT count(*) FROM foodlogstats") == len(before) - 12
    assert theirs.value("SHOW statement_timeout") == "5min"
    assert elsewhere.value("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", (name,)) == 4
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        theirs.run("SELECT FROM globex.foodlogstats")
    assert elsewhere.reader.value("SELECT count(*) FROM globex.foodlogstats") == 12


@pytest.fixture
def small(acme: Warehouse, source: Source, tmp_path: Path, today: date) -> Content:
    """The backup of a warehouse with a tenant of one day, a reader and logs."""
    source.fill(today - timedelta(days=1), 1)
    acme.load(today - timedelta(days=1), today)
    acme.run(
        "UPDATE _wh.mv_templates SET description = 'ours', column_descriptions = '{\"id\": \"our number\"}'"
    )
    acme.run("UPDATE _wh.mv_templates SET lookback = 30")
    acme.run(
        "INSERT INTO _wh.template_overrides (schema_name, template_name, query_template)"
        " VALUES ('acme', 'foodlogstats', 'SELECT 1')"
    )
    return content_of(saved(acme, tmp_path))


def test_a_restore_into_another_database_of_the_server_keeps_the_roles_as_they_are(
    acme: Warehouse, small: Content, empty: Database
) -> None:
    assert put(empty, small).kept == ["phood_ro", "whadmin"]
    assert Database(acme.server, empty.name, "whadmin").rows(
        "SELECT description, column_descriptions, lookback FROM _wh.mv_templates"
    ) == [("ours", {"id": "our number"}, 30)]
    own = "SELECT template, tenant, query, drifted FROM _wh_internal.override_facts()"
    assert empty.rows(own) == [("foodlogstats", "acme", "SELECT 1", False)]
    logs = "SELECT id, created_at, message, context FROM _wh.function_logs ORDER BY id"
    assert empty.rows(logs) == acme.rows(logs)
    empty.run("SELECT _wh_internal.write_log('x', 'INFO', 'after', '{}')")
    assert empty.rows(logs)[-1][2] == "after"


def test_a_backup_without_logs_has_none_and_one_by_whadmin_no_passwords_of_roles(
    acme: Warehouse, small: Content, tmp_path: Path
) -> None:
    assert backup.summary(small).passwords == ["phood_ro", "whadmin"]
    assert backup.summary(small).logs > 0
    told = succeed(
        acme, "backup", tmp_path / "b", "--recipient", KEY.to_public(), "--unsigned", "--no-logs", "--json"
    ).json["content"]
    assert (told["logs"], told["audit"], told["passwords"], told["secrets"]) == (0, 0, [], 1)


TRAIL = "SELECT id, at, login, what, subject, result FROM _wh_audit.{} ORDER BY at, id"


def trail(database: Database, table: str) -> list[tuple[Any, ...]]:
    with database.connect() as opened:
        return opened.execute(TRAIL.format(table).encode()).fetchall()


def test_the_audit_trail_comes_back_as_the_history_of_another_warehouse_and_never_as_this_ones(
    acme: Warehouse, small: Content, empty: Database, maker: Maker
) -> None:
    before = [row for row in trail(acme, "entries") if row[1].isoformat() <= small.about["made_at"]]
    assert backup.summary(small).audit > 0
    put(empty, small)
    there = Database(acme.server, empty.name, "whadmin")
    held = trail(there, "restored")
    assert held
    assert set(before) <= set(held)
    assert {row[1:] for row in held}.isdisjoint(row[1:] for row in trail(there, "entries"))
    name = f"{small.about['database']}, {small.about['made_at']}"
    shown = succeed(there, "audit", "--restored", "--since", "1h", "--json").json["entries"]
    assert [entry["id"] for entry in shown] == [row[0] for row in held]
    assert {(entry["backup"], entry["restored_by"]) for entry in shown} == {(name, "postgres")}
    assert name not in succeed(there, "audit", "--since", "1h", "--json").out
    assert "insert" in succeed(there, "audit", "--restored").out
    assert run(there, "audit", "--restored", "--follow").code == 2
    for statement in (
        "INSERT INTO _wh_audit.restored SELECT * FROM _wh_audit.restored",
        "UPDATE _wh_audit.restored SET login = 'x'",
        "DELETE FROM _wh_audit.restored",
    ):
        with there.connect() as opened, pytest.raises(psycopg.errors.InsufficientPrivilege):
            opened.execute(statement.encode())

    # A backup of the new warehouse holds both, and says which is which.
    with session(there.conninfo) as opened:
        again = backups.read(opened)
    third = Database(acme.server, maker.clone("template0", "third"), "postgres")
    put(third, again)
    second = f"{again.about['database']}, {again.about['made_at']}"
    assert {row[0] for row in third.rows("SELECT DISTINCT backup FROM _wh_audit.restored")} == {
        second,
        f"{second}: {name}",
    }
    succeed(third, "audit", "prune", "--before", "2999-01-01", "--yes")
    assert trail(third, "restored") == []


def test_a_trail_that_somebody_wrote_into_a_backup_is_told_apart_and_one_that_is_none_left_out(
    small: Content, empty: Database, maker: Maker
) -> None:
    entry = json.loads(next(small.texts("audit")))
    forged = entry | {"login": "auditor", "backup": "another", "restored_by": "auditor", "what": "x" * 9999}
    put(empty, dataclasses.replace(small, lines=small.lines | {"audit": [json.dumps(forged)]}))
    assert empty.rows("SELECT backup, login, restored_by, length(what) FROM _wh_audit.restored") == [
        (f"{small.about['database']}, {small.about['made_at']}: another", "auditor", "postgres", 200)
    ]
    assert "auditor" not in {row[2] for row in trail(empty, "entries")}
    other = Database(empty.server, maker.clone("template0", "other"), "postgres")
    none = dataclasses.replace(small, lines=small.lines | {"audit": ['{"id": "none"}']})
    assert [left.what for left in put(other, none).left_out] == ["entries of the audit trail: 1"]
    assert other.value("SELECT count(*) FROM _wh.tenants") == 1


def test_columns_and_tables_that_an_older_backup_does_not_know_get_their_defaults(
    small: Content, empty: Database
) -> None:
    lines = {kind: texts for kind, texts in small.lines.items() if kind != "table readers"}
    lines["table feeds"] = [
        json.dumps({key: value for key, value in row.items() if key != "storage"} | {"former": 1})
        for row in small.rows("table feeds")
    ]
    put(empty, dataclasses.replace(small, lines=lines))
    assert empty.rows("SELECT schema_name, storage FROM _wh.feeds") == [("acme", "matview")]


def test_the_records_of_slices_and_the_actions_of_an_older_backup_are_passed_over(
    small: Content, empty: Database
) -> None:
    former = {"table slices": ['{"schema_name": "acme"}'] * 3, "table actions": ['{"id": 1}']}
    assert not former.keys() & small.lines.keys()
    older = unpack(backups.packed(dataclasses.replace(small, lines=small.lines | former)))
    assert older.count("table slices") == 3
    assert backup.problems(older) == {}
    assert put(empty, older).left_out == []
    assert empty.rows("SELECT FROM _wh.slices UNION ALL SELECT FROM _wh.actions") == []


def test_a_recovery_of_what_was_lost_leaves_alone_what_the_source_keeps_no_longer(
    acme: Warehouse, source: Source, today: date
) -> None:
    before, yesterday = today - timedelta(days=2), today - timedelta(days=1)
    source.fill(before, 2)
    acme.load(before, today)
    rows = acme.rows("SELECT * FROM acme.foodlogstats ORDER BY id")
    source.run("DELETE FROM phood_foodlogsum WHERE logged_time < %s", (yesterday,))
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acme.run(f"DROP MATERIALIZED VIEW acme.foodlogstats_{yesterday:%Y_%m_%d} CASCADE")
    done = succeed(acme, "recover", "--tenant", "acme", "--json").json
    assert (done["load"]["rows"], done["different_days"]) == (3, [])
    assert acme.rows("SELECT * FROM acme.foodlogstats ORDER BY id") == rows


def test_a_recovery_counts_nothing_as_there_of_a_feed_whose_source_cannot_be_asked(acme: Warehouse) -> None:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    acme.run("UPDATE _wh.tenant_connections SET port = %s", (find_free_port(),))
    lame = run(acme, "recover", "--all", "--json")
    assert lame.code == 1
    (told,) = lame.json["load"]["feeds"]
    assert (told["loaded"], told["present"]) == (0, 0)
    assert "Connection refused" in told["source_lost"]


def test_a_disabled_tenant_stays_so_and_enabling_it_resumes_its_jobs(
    acme: Warehouse, small: Content, empty: Database, tmp_path: Path, today: date
) -> None:
    acme.run("SELECT cron.schedule(n, '1 * * * *', 'SELECT 1') FROM unnest('{one,two}'::text[]) n")
    acme.run("SELECT cron.schedule('three', '1 * * * *', $$SELECT _wh.refresh_mv('acme', 'x')$$)")
    acme.run("SELECT cron.unschedule('one')")
    succeed(acme, "tenant", "disable", "acme", "--reason", "moving")
    put(empty, content_of(saved(acme, tmp_path, "--force")))
    assert empty.rows(
        "SELECT t.disabled_reason, j.jobname::text, j.active FROM _wh.tenants t JOIN cron.job j ON j.jobid = ANY (t.paused_jobs)"
    ) == [("moving", "three", False)]
    owner = Database(acme.server, empty.name, "whadmin")
    assert [part.days.last for part in recover.plan(owner.conninfo, None)] == [today]
    owner.run("UPDATE _wh.rebuilds SET last_day = last_day - 1")
    assert [part.days.last for part in recover.plan(owner.conninfo, None)] == [today - timedelta(days=1)]
    assert empty.rows("SELECT jobname::text FROM _wh.restored_jobs JOIN cron.job USING (jobid)") == [("two",)]


def test_a_setting_that_the_server_does_not_take_is_left_out_and_named(
    small: Content, empty: Database
) -> None:
    name = f"reader_{secrets.token_hex(4)}"
    lines = small.lines | {
        "table readers": [json.dumps({"reader_name": name, "tenants": ["acme"], "created_at": "2026-01-01T00:00:00Z"})],
        "role": [json.dumps({"name": name, "connections": -1, "settings": ["statement_timeout=soon"], "verifier": None})],
    }  # fmt: skip
    restored = put(empty, dataclasses.replace(small, lines=lines))
    assert [left.what for left in restored.left_out] == [f"setting statement_timeout=soon of role {name}"]
    assert list(restored.generated) == [name]
    assert empty.rows(
        "SELECT nspname::text FROM pg_namespace WHERE nspname IN ('_wh', 'acme') ORDER BY 1"
    ) == [
        ("_wh",),
        ("acme",),
    ]
    with session(empty.conninfo, role=None) as admin:
        reader.drop(admin, name)


def test_what_cannot_be_restored_changes_nothing(
    acme: Warehouse, small: Content, empty: Database, tmp_path: Path, identity: Path
) -> None:
    good = tmp_path / "warehouse.backup"
    newer, garbage, other = tmp_path / "newer", tmp_path / "garbage", tmp_path / "other"
    about = small.about | {"migrations": [9999]}
    newer.write_bytes(
        backups.seal(
            backups.packed(dataclasses.replace(small, about=about)), recipients=[str(KEY.to_public())]
        )
    )
    garbage.write_text("CREATE TABLE x ();\n")
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    other.chmod(0o600)
    for file, options, code, error in (
        (good, (), 2, f"{good} is encrypted to an age key"),
        (good, ("--identity", other), 2, "the backup cannot be opened: it is another key, or the file is damaged"),
        (newer, ("--identity", identity), 4, f"the backup is newer than this program: Tenantry {about['version']} made it"),
        (garbage, ("--identity", identity), 2, "the file is not a backup: it is not encrypted with age"),
        (tmp_path / "none", (), 2, f"{tmp_path / 'none'} cannot be read: No such file or directory"),
    ):  # fmt: skip
        outcome = run(empty, "restore", file, *options)
        assert (outcome.code, outcome.errors) == (code, [error])
    refusals: list[tuple[str, Any]] = [
        ("CREATE SCHEMA acme", 'schema "acme" already exists'),
        ("DROP SCHEMA acme", None),
    ]
    for statement, error in refusals:
        empty.run(statement)
        if error:
            with pytest.raises(TenantryError, match=error):
                put(empty, small)
    lines = small.lines | {"table readers": [json.dumps({"reader_name": "source_reader", "tenants": None})]}
    with pytest.raises(
        TenantryError, match='role "source_reader" exists and was not made by tenantry reader'
    ):
        put(empty, dataclasses.replace(small, lines=lines))
    assert empty.rows("SELECT FROM pg_namespace WHERE nspname = '_wh'") == []


def test_a_passphrase_may_come_from_the_environment_or_a_file(acme: Warehouse, tmp_path: Path) -> None:
    file, passphrase = tmp_path / "b", tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    passphrase.chmod(0o600)
    given = {"TENANTRY_BACKUP_PASSPHRASE": "correct horse"}
    nobody = run(acme, "backup", file)
    assert (nobody.code, nobody.errors) == (2, ["no passphrase for the backup"])
    succeed(acme, "backup", file, env=given)
    told = succeed(None, "restore", file, "--dry-run", "--passphrase-file", passphrase, "--json").json[
        "content"
    ]
    assert (told["connections"], told["secrets"]) == (["acme"], 1)
