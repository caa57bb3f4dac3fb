"""A warehouse with distributed tables, from its backup and its sources."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.integration.cluster.conftest import DAYS, NAMES
from tests.support.citus.cluster import COORDINATOR, PASSWORDS
from tests.support.databases import Warehouse
from tests.support.program import succeed
from tests.support.samples.healthy import findings, troubles

OWNER_LOGS_IN = {"TENANTRY_WHADMIN_PASSWORD": PASSWORDS["whadmin"]}
TOTALS = [(name, 2 * DAYS) for name in NAMES]


@pytest.fixture
def seal(tmp_path: Path) -> tuple[object, ...]:
    phrase = tmp_path / "phrase"
    phrase.write_text("correct horse battery")
    phrase.chmod(0o600)
    return ("--passphrase-file", phrase)


@pytest.fixture
def file(spread: Warehouse, seal: tuple[object, ...], tmp_path: Path) -> Path:
    """The backup of a warehouse with a reader of acme, which is dropped afterwards."""
    file = tmp_path / "warehouse.backup"
    succeed(spread.admin, "reader", "add", "reader_of_acme", "--tenant", "acme", env=OWNER_LOGS_IN)
    try:
        with psycopg.connect(spread.admin.conninfo, autocommit=True) as session:
            if COORDINATOR:
                session.execute("SET citus.enable_ddl_propagation = on")
            session.execute(f"ALTER ROLE reader_of_acme PASSWORD '{PASSWORDS['phood_ro']}'")
        succeed(spread.admin, "backup", file, *seal, env=OWNER_LOGS_IN)
    finally:
        succeed(spread.admin, "reader", "drop", "reader_of_acme", "--yes", env=OWNER_LOGS_IN)
    return file


def rows(warehouse: Warehouse) -> list[tuple[str, int]]:
    return warehouse.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1")


def test_a_backup_brings_distributed_tables_and_their_readers_to_another_cluster(
    file: Path, seal: tuple[object, ...], elsewhere: Warehouse
) -> None:
    try:
        restored = succeed(elsewhere.admin, "restore", file, *seal, "--json", env=OWNER_LOGS_IN).json[
            "restored"
        ]
        assert restored["failures"] == []
        succeed(elsewhere, "recover", "--all")
        assert rows(elsewhere) == TOTALS
        feeds = succeed(elsewhere, "status", "--json").json["feeds"]
        assert {feed["storage"] for feed in feeds} == {"distributed"}
        assert elsewhere.value("SELECT count(*) FROM pg_dist_partition") > 0
        conninfo = make_conninfo(
            elsewhere.server.conninfo(user="reader_of_acme", dbname=elsewhere.name),
            password=PASSWORDS["phood_ro"],
        )
        with psycopg.connect(conninfo, autocommit=True) as reader:
            seen = reader.execute("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1").fetchall()
        assert seen == TOTALS[:1]
        succeed(elsewhere, "verify", "ticks", "--all")
        assert troubles(findings(elsewhere, "slices", "records", "views", "grants", "cluster")) == []
    finally:
        succeed(elsewhere.admin, "reader", "drop", "reader_of_acme", "--yes", env=OWNER_LOGS_IN)


@pytest.mark.skipif(bool(COORDINATOR), reason="is about a server without Citus")
def test_without_citus_a_restore_says_so_and_keeps_the_tenants_in_shared_storage(
    file: Path, seal: tuple[object, ...], warehouse: Warehouse, elsewhere: Warehouse
) -> None:
    with psycopg.connect(elsewhere.admin.conninfo, autocommit=True) as session:
        session.execute("SET allow_system_table_mods = on")
        session.execute("DROP FUNCTION pg_catalog.create_distributed_table")
    try:
        restored = succeed(elsewhere.admin, "restore", file, *seal, "--json").json["restored"]
        assert (restored["failures"], restored["without_cluster"]) == ([], ["ticks"])
        succeed(elsewhere, "recover", "--all")
        assert rows(elsewhere) == TOTALS
    finally:
        succeed(elsewhere.admin, "reader", "drop", "reader_of_acme", "--yes")


@pytest.mark.skipif(bool(COORDINATOR), reason="needs no cluster")
def test_a_rehearsal_needs_no_citus(file: Path, seal: tuple[object, ...]) -> None:
    assert succeed(None, "backup", "verify", file, *seal, "--rehearse", "--json").json["failures"] == []
