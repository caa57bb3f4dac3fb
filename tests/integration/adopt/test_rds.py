"""Adopting on a cluster like those of Amazon RDS: the administrator is no superuser, and the extensions are another's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenantry.embedded import Server
from tests.integration.adopt.test_adopt import TRUTH, adopt
from tests.support.databases import Database
from tests.support.samples.by_hand import ByHand, make_by_hand

ROLES = """
ALTER ROLE postgres RENAME TO bootstrap;
CREATE ROLE rds_superuser NOLOGIN;
GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_data, pg_write_all_data TO rds_superuser WITH ADMIN OPTION;
CREATE ROLE postgres LOGIN CREATEROLE CREATEDB PASSWORD 'master-password' IN ROLE rds_superuser;
ALTER DATABASE postgres OWNER TO postgres;
CREATE EXTENSION dblink;
GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO rds_superuser WITH GRANT OPTION;
"""

PG_CRON = """
CREATE EXTENSION pg_cron;
GRANT USAGE ON SCHEMA cron TO rds_superuser WITH GRANT OPTION;
GRANT SELECT, UPDATE, DELETE ON cron.job, cron.job_run_details TO rds_superuser WITH GRANT OPTION;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA cron TO rds_superuser WITH GRANT OPTION;
"""

MEMBERS = """
SELECT m.roleid::regrole::text, m.member::regrole::text, m.grantor::regrole::text, m.admin_option FROM pg_auth_members m
WHERE m.member::regrole::text !~ '^pg_' ORDER BY 1, 2, 3
"""


@pytest.fixture
def by_hand(make_server: Callable[..., Server]) -> ByHand:
    """Made by the master user, who may act as the roles it made only if it grants them to itself."""
    server = make_server()
    server.start()
    server.save_password("rdsadmin", "rdsadmin-password")
    Database(server, "postgres", "postgres").run(
        "CREATE ROLE rdsadmin SUPERUSER LOGIN PASSWORD 'rdsadmin-password'"
    )
    server.save_password("postgres", "master-password")
    with Database(server, "postgres", "rdsadmin").connect() as session:
        for statement in ROLES.strip().split(";\n"):
            session.execute(statement.encode())
        if session.execute("SELECT FROM pg_settings WHERE name = 'cron.database_name'").rowcount:
            session.execute(PG_CRON)
    made = make_by_hand(server, folded_days=2, open_days=7)
    made.run("GRANT CREATE ON SCHEMA acme, public TO analyst_rw")
    made.run("ALTER MATERIALIZED VIEW acme.foodlogstats_2025_01_05 OWNER TO analyst_rw")
    made.run("ALTER VIEW public.heavy OWNER TO analyst_rw")
    made.run("REVOKE whadmin, analyst_rw FROM postgres")
    return made


def jobs(by_hand: ByHand) -> list[tuple[object, ...]]:
    """All jobs, as only a superuser sees them."""
    if by_hand.rows("SELECT to_regclass('cron.job') IS NULL") == [(True,)]:
        return []
    with Database(by_hand.server, by_hand.database, "rdsadmin").connect() as session:
        return session.execute(
            "SELECT jobid, jobname, schedule, command, username, active FROM cron.job ORDER BY 1"
        ).fetchall()


def test_a_master_user_who_is_no_superuser_adopts_takes_back_and_finishes(by_hand: ByHand) -> None:
    assert by_hand.rows("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
    before, rows, members = by_hand.schema_dump(), by_hand.rows(TRUTH), by_hand.rows(MEMBERS)
    scheduled = jobs(by_hand)
    for arguments in (("--dry-run",), ("--yes",), ("--undo", "--yes")):
        done = adopt(by_hand, *arguments)
        assert done.code == 0, done.err
        assert jobs(by_hand) == scheduled
        if "--dry-run" in arguments and scheduled:
            assert "foodlogstats_update_acme" in done.out
    assert by_hand.schema_dump() == before
    assert by_hand.rows(MEMBERS) == members

    by_hand.drop_sources()
    begun = adopt(by_hand, "--yes")
    assert begun.code == 0, begun.err
    # A view that was made since, by another role.
    by_hand.run(
        "CREATE ROLE late_rw; GRANT USAGE ON SCHEMA acme TO late_rw; GRANT SELECT ON acme.foodlogstats_2025_01_03 TO late_rw;"
        " GRANT late_rw TO postgres; GRANT CREATE ON SCHEMA workspace TO late_rw; SET ROLE late_rw;"
        " CREATE VIEW workspace.late AS SELECT id FROM acme.foodlogstats_2025_01_03; RESET ROLE; REVOKE late_rw FROM postgres"
    )
    done = adopt(by_hand, "--finish", "--yes")
    assert done.code == 0, done.err
    assert by_hand.rows(
        "SELECT count(*) FROM pg_auth_members WHERE roleid = 'late_rw'::regrole AND grantor = 'postgres'::regrole"
    ) == [(0,)]
    assert by_hand.rows(TRUTH) == rows
    assert "reads-the-source" not in "".join(
        row[0] for row in by_hand.rows("SELECT definition FROM pg_matviews")
    )
    assert by_hand.rows("SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname = 'heavy'") == [
        ("analyst_rw",)
    ]
    # It acts as whadmin, as an administrator of Tenantry does, and as nobody else than before.
    since = set(by_hand.rows(MEMBERS)) - set(members)
    assert {role for role, _, grantor, _ in since if grantor == "postgres"} == {"whadmin"}
