"""A cluster like those of Amazon RDS: the administrator `postgres` is no superuser, and the extensions are another's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.embedded import Server
from tenantry.recovery import restore
from tests.support.databases import SECRET, SOURCE_SCHEMA, Database, Source, Warehouse
from tests.support.psql import run_scripts
from tests.support.rights import rights
from tests.support.samples import backups

DAY = date(2024, 3, 10)
PASSWORDS = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}

ROLES = """
ALTER ROLE postgres RENAME TO bootstrap;
CREATE ROLE rds_superuser NOLOGIN;
GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_data, pg_write_all_data TO rds_superuser WITH ADMIN OPTION;
CREATE ROLE postgres LOGIN CREATEROLE CREATEDB PASSWORD 'master-password' IN ROLE rds_superuser;
ALTER DATABASE postgres OWNER TO postgres;
CREATE ROLE source_reader LOGIN;
CREATE DATABASE source;
"""

EXTENSIONS = """
CREATE EXTENSION dblink;
GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO rds_superuser WITH GRANT OPTION;
"""

PG_CRON = """
CREATE EXTENSION pg_cron;
GRANT USAGE ON SCHEMA cron TO rds_superuser WITH GRANT OPTION;
GRANT SELECT, UPDATE, DELETE ON cron.job, cron.job_run_details TO rds_superuser WITH GRANT OPTION;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA cron TO rds_superuser WITH GRANT OPTION;
"""

TINY = """
INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, time_column) VALUES ('tiny',
    $$SELECT 1, '{START_TIME}'::timestamptz$$, 'id integer, at timestamptz', 'at')
"""
"""A template of one row a day, so that a year is made quickly."""


@pytest.fixture
def rds(make_server: Callable[..., Server]) -> Server:
    """The cluster, with a source that has one row on DAY."""
    server = make_server()
    server.start()
    superuser = Database(server, "postgres", "rdsadmin")
    server.save_password("rdsadmin", "rdsadmin-password")
    Database(server, "postgres", "postgres").run(
        "CREATE ROLE rdsadmin SUPERUSER LOGIN PASSWORD 'rdsadmin-password'"
    )
    for role, password in (PASSWORDS | {"postgres": "master-password"}).items():
        server.save_password(role, password)
    with superuser.connect() as session:
        for statement in ROLES.strip().split(";\n"):
            session.execute(statement.encode())
        verifier = session.pgconn.encrypt_password(SECRET.encode(), b"source_reader", b"scram-sha-256")
        session.execute(b"ALTER ROLE source_reader PASSWORD '" + verifier + b"'")
        session.execute(EXTENSIONS)
        if session.execute("SELECT FROM pg_settings WHERE name = 'cron.database_name'").rowcount:
            session.execute(PG_CRON)
    source = source_of(server)
    source.run(SOURCE_SCHEMA)
    source.fill(DAY, 1)
    return server


def source_of(server: Server) -> Source:
    return Source(server, "source", "rdsadmin")


def use(database: Database, schema: str) -> None:
    """The manual's way of a tenant, from its schema to the yearly table, as the database's user."""
    source = source_of(database.server)
    statements: list[LiteralString] = [
        f"CREATE SCHEMA {schema}",
        f"GRANT ALL PRIVILEGES ON SCHEMA {schema} TO whadmin",
        f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO whadmin",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT ALL ON TABLES TO whadmin",
        f"GRANT USAGE ON SCHEMA {schema} TO phood_ro",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO phood_ro",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO phood_ro",
    ]
    for statement in statements:
        database.run(statement)
    Warehouse(database.server, database.name, database.user).connect_to(source, schema)
    values = (schema, schema)
    assert database.value("SELECT _wh.update_mv_by_template('foodlogstats', %s, %s, '2024-03-10')", values)
    assert database.value("SELECT _wh.refresh_mv(%s, 'foodlogstats_2024_03_10')", (schema,))
    assert database.value("SELECT _wh.update_tenant_union_view_by_template('foodlogstats', %s, %s)", values)
    assert database.value("SELECT _wh.update_public_view_by_template('foodlogstats')")
    database.run(TINY + " ON CONFLICT DO NOTHING")
    loaded = database.value(
        "SELECT _wh.update_mv_window_by_template('tiny', %s, %s, '2023-01-01', '2023-12-31')", values
    )
    assert loaded["processed_mvs"] == 365
    assert (
        database.value("SELECT _wh.create_combined_table_from_template_by_year('tiny', %s, 2023)", (schema,))[
            "total_records"
        ]
        == 365
    )
    database.run("SELECT cron.schedule(%s, '12 * * * *', 'SELECT 1')", (schema,))
    database.run("UPDATE cron.job SET active = false WHERE jobname = %s", (schema,))
    assert database.value("SELECT cron.unschedule(%s)", (schema,)) is True
    reader = Database(database.server, database.name, "phood_ro")
    assert reader.value(f"SELECT count(*) FROM {schema}.tiny_2023") == 365
    assert reader.value("SELECT count(*) FROM public.foodlogstats WHERE schema_name = %s", (schema,)) == 3


def test_all_of_it_works_for_a_master_user_who_is_no_superuser(rds: Server) -> None:
    master = Database(rds, "postgres", "postgres")
    assert master.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    done = run_scripts(
        master,
        "create.sql",
        variables={"whadmin_password": PASSWORDS["whadmin"], "reader_password": PASSWORDS["phood_ro"]},
    )
    assert 'functions of dblink, which belong to role "rdsadmin"' in done.stderr
    run_scripts(Database(rds, "postgres", "whadmin"), "functions.sql", "template-foodlogstats.sql")
    use(master, "by_master")
    use(Database(rds, "postgres", "whadmin"), "by_whadmin")
    with master.connect() as session:
        assert install(session, PASSWORDS) == []
    run_scripts(master, "functions.sql", "template-foodlogstats.sql")

    # Whoever called, what was made belongs to whadmin; and no role got more than it should.
    assert master.rows(
        "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class"
        " WHERE relnamespace::regnamespace::text IN ('_wh', 'by_master', 'by_whadmin') AND relkind <> 'i'"
    ) == [("whadmin",)]
    for line in rights(master):
        kind, name, *_, reading, public = line.split("\t")
        # Every reader may ask how fresh its own tenants are.
        if name.startswith(("_wh.", "_wh_internal.", "the source")) and "freshness" not in name:
            assert (reading, public) == ("-", "-"), f"{kind} {name}"
    # dblink is open to all here, as its owner left it; the connections to tenants' sources are not.
    reader = Database(rds, "postgres", "phood_ro")
    server = master.value("SELECT _wh_internal.server_name('by_master')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=f"foreign server {server}"):
        reader.run("SELECT * FROM dblink(%s, 'SELECT 1') AS t(x integer)", (server,))


def test_a_second_database_is_installed_by_python_and_shares_the_roles(rds: Server) -> None:
    master = Database(rds, "postgres", "postgres")
    with master.connect() as session:
        install(session, PASSWORDS)
    master.run("CREATE DATABASE second")
    second = Database(rds, "second", "postgres")
    with second.connect() as session, pytest.raises(psycopg.errors.InsufficientPrivilege, match="dblink"):
        install(session, {})
    with Database(rds, "second", "rdsadmin").connect() as session:
        session.execute("CREATE EXTENSION dblink")
    with (
        second.connect() as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="USAGE ON FOREIGN DATA WRAPPER") as caught,
    ):
        install(session, {})
    assert "Ask the owner to grant these to whadmin" in str(caught.value.diag.message_hint)
    Database(rds, "second", "rdsadmin").run("GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO whadmin")
    with second.connect() as session:
        install(session, {})
    use(second, "by_master")


def test_a_backup_is_restored_by_an_administrator_who_is_no_superuser(rds: Server) -> None:
    administrator = Database(rds, "postgres", "postgres")
    with session(administrator.conninfo, role=None) as opened:
        install(opened, PASSWORDS)
        content = backups.read(opened)
    with session(administrator.conninfo, role=None) as opened:
        reader = {"reader_name": "bi", "tenants": None, "created_at": "2026-01-01T00:00:00Z"}
        role = {"name": "bi", "connections": 2, "verifier": None, "settings": ["work_mem=9MB"]}
        lines = content.lines | {
            "table readers": [json.dumps(reader)],
            "role": [json.dumps(role)],
            "function": [json.dumps("CREATE FUNCTION _wh.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")],
        }
        restored = restore.run(opened, replace(content, lines=lines), {})
    assert (restored.left_out, list(restored.generated)) == ([], ["bi"])
    owner = Database(rds, "postgres", "whadmin")
    assert owner.rows("SELECT reader_name, _wh.mine() FROM _wh.readers") == [("bi", 1)]
    assert owner.rows("SELECT FROM pg_roles WHERE rolname LIKE 'tenantry_login_%'") == []
