"""`tenantry cluster`, and what doctor says of a cluster, over the stand-in, whose nodes can be spoiled."""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.integration.cluster.conftest import DAYS, NAMES
from tests.support.citus.cluster import COORDINATOR
from tests.support.databases import Warehouse
from tests.support.people import member
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings

pytestmark = [
    pytest.mark.any_server,
    pytest.mark.skipif(bool(COORDINATOR), reason="the nodes of a real cluster are not spoiled here"),
]

NEW = ("localhost", "--port", 9703)


def spoil(warehouse: Warehouse, port: int, change: LiteralString) -> None:
    """Change what there is of a node's server."""
    warehouse.admin.run(f"UPDATE pg_catalog.citus_stand_in_servers SET {change} WHERE port = %s", (port,))


def found(warehouse: Warehouse) -> list[tuple[str, str, str | None]]:
    """Severity, subject and remedy of what doctor finds of the cluster."""
    return [
        (finding.severity.value, finding.subject, finding.command)
        for finding in findings(warehouse, "cluster")
    ]


def reasons(warehouse: Warehouse) -> list[str]:
    return [finding.reason for finding in findings(warehouse, "cluster")]


def test_status_shows_each_node_and_what_it_holds(spread: Warehouse) -> None:
    status = succeed(spread, "cluster", "status", "--json").json
    nodes = {node["port"]: node for node in status["nodes"]}
    assert [node["role"] for node in status["nodes"]] == ["coordinator", "worker", "worker"]
    assert {node["citus"] for node in nodes.values()} == {"13.0-1"}
    assert [nodes[port]["holds_shards"] for port in (5432, 9701, 9702)] == [False, True, True]
    assert nodes[5432]["placements"] == 0
    assert nodes[9701]["placements"] + nodes[9702]["placements"] == status["shards"] > 0
    assert nodes[9701]["size_bytes"] > 0
    assert sum(node["tenants"] for node in nodes.values()) == len(NAMES)
    assert sum(node["rows"] for node in nodes.values()) == len(NAMES) * DAYS * 2
    assert (status["moves"], status["rebalance"]) == ([], None)
    out = succeed(spread, "cluster", "status").out
    assert "localhost:9701" in out
    assert "takes shards" in out


def test_status_says_of_a_node_that_does_not_answer_why(spread: Warehouse) -> None:
    spoil(spread, 9702, "answers = false")
    outcome = succeed(spread, "cluster", "status")
    assert (
        "localhost:9702 does not answer: connection to the remote node whadmin@localhost:9702" in outcome.err
    )
    node = succeed(spread, "cluster", "status", "--json").json["nodes"][2]
    assert (node["postgres"], node["size_bytes"], node["rows"] + node["tenants"] > 0) == (None, None, True)


def test_sizes_on_a_node_that_does_not_answer_are_unknown(spread: Warehouse) -> None:
    assert all(feed["data_bytes"] > 0 for feed in succeed(spread, "sizes", "--json").json["feeds"])
    spoil(spread, 9702, "answers = false")
    outcome = succeed(spread, "sizes")
    assert outcome.out.count("unknown") == 2 * len(NAMES)
    assert "tenantry cluster status" in outcome.err
    assert {feed["data_bytes"] for feed in succeed(spread, "sizes", "--json").json["feeds"]} == {None}


@pytest.mark.parametrize("command", [("status",), ("rebalance",), ("add-worker", "localhost")])
def test_a_database_without_citus_is_no_coordinator(warehouse: Warehouse, command: tuple[str, ...]) -> None:
    login = warehouse.admin if command[0] == "add-worker" else warehouse
    outcome = run(login, "cluster", *command)
    assert outcome.code == 2
    assert outcome.errors == [f'database "{warehouse.name}" is not a coordinator of Citus']


def test_a_worker_is_not_a_coordinator(on_cluster: Warehouse) -> None:
    on_cluster.admin.run("UPDATE pg_catalog.pg_dist_local_group SET groupid = 1")
    assert run(on_cluster, "cluster", "status").errors == [
        f'database "{on_cluster.name}" is not a coordinator of Citus'
    ]
    assert found(on_cluster) == []


def test_doctor_says_nothing_of_a_database_without_citus_or_of_a_sound_cluster(
    warehouse: Warehouse, spread: Warehouse
) -> None:
    assert found(spread) == []


def test_a_worker_is_added_and_gets_shards_by_a_rebalance(spread: Warehouse) -> None:
    succeed(spread.admin, "reader", "add", "reader_of_acme", "--tenant", "acme")
    try:
        spoil(spread, 9703, "lacks = '{phood_ro,reader_of_acme}', refuses = '{reader_of_acme}'")
        outcome = succeed(spread.admin, "cluster", "add-worker", *NEW)
        assert "phood_ro created on localhost:9703" in outcome.err
        assert "reader_of_acme created on localhost:9703" in outcome.err
        assert "reader_of_acme needs a password there" in outcome.err
        assert "phood_ro needs" not in outcome.err
        assert (
            spread.admin.value("SELECT lacks FROM pg_catalog.citus_stand_in_servers WHERE port = 9703") == []
        )
        assert found(spread) == [("warning", "shards", "tenantry cluster rebalance")]

        again = succeed(spread.admin, "cluster", "add-worker", *NEW, "--json").json["worker"]
        assert (again["made"], again["roles"]) == (False, [])

        planned = succeed(spread, "cluster", "rebalance", "--dry-run", "--json").json
        assert {move["to_node"] for move in planned["moves"]} == {"localhost:9703"}
        assert planned["rebalance"] is None
        assert run(spread, "cluster", "rebalance").errors == ["there is no terminal to ask for confirmation"]
        moved = succeed(spread, "cluster", "rebalance", "--yes", "--json").json
        assert moved["rebalance"]["state"] == "finished"
        assert moved["rebalance"]["done"] == moved["rebalance"]["moves"] > 0
        assert succeed(spread, "cluster", "status", "--json").json["nodes"][3]["placements"] == len(
            planned["moves"]
        )
        assert found(spread) == []
        assert "nothing would move" in succeed(spread, "cluster", "rebalance").out
    finally:
        succeed(spread.admin, "reader", "drop", "reader_of_acme", "--yes")


def test_an_added_worker_gets_the_settings_of_roles_as_they_are(spread: Warehouse) -> None:
    succeed(spread.admin, "reader", "add", "reader_of_acme", "--tenant", "acme")
    try:
        spread.admin.run(
            """ALTER ROLE reader_of_acme SET search_path = acme, "$user", "Odd, ""Name";"""
            """ALTER ROLE reader_of_acme SET temp_tablespaces = ''; ALTER ROLE reader_of_acme SET DateStyle = 'ISO, DMY';"""
            """ALTER ROLE reader_of_acme SET work_mem = '5MB'; ALTER ROLE reader_of_acme SET own.words = 'a, "b"'"""
        )
        spoil(spread, 9703, "lacks = '{reader_of_acme}'")
        succeed(spread.admin, "cluster", "add-worker", *NEW)
        (kept,) = spread.admin.rows(
            "SELECT settings FROM pg_catalog.citus_stand_in_servers WHERE port = 9703"
        )
        ours = spread.admin.value(
            "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'reader_of_acme'::regrole"
        )
        assert sorted(kept[0]) == sorted(ours)
    finally:
        succeed(spread.admin, "reader", "drop", "reader_of_acme", "--yes")


@pytest.mark.parametrize(
    "change, reason",
    [
        ("answers = false", "localhost:9703 does not answer"),
        ("citus = '12.1-1'", "localhost:9703 has Citus 12.1-1, and the coordinator has 13.0-1"),
        ("major = 14", "localhost:9703 is PostgreSQL 14, and the coordinator is"),
        ("refuses = '{whadmin}'", "localhost:9703 does not let whadmin in"),
    ],
)
def test_a_worker_that_cannot_be_used_is_not_added(
    on_cluster: Warehouse, change: LiteralString, reason: str
) -> None:
    spoil(on_cluster, 9703, change)
    outcome = run(on_cluster.admin, "cluster", "add-worker", *NEW)
    assert outcome.code == 1
    assert reason in outcome.errors[0]
    assert on_cluster.value("SELECT count(*) FROM pg_dist_node") == 3


def test_only_a_superuser_adds_a_worker(on_cluster: Warehouse) -> None:
    outcome = run(on_cluster, "cluster", "add-worker", *NEW)
    assert outcome.errors == ['role "whadmin" is not a superuser, and Citus lets no other role add a node']


def test_a_rebalance_that_fails_says_why_and_is_run_again(spread: Warehouse) -> None:
    succeed(spread.admin, "cluster", "add-worker", *NEW)
    spoil(spread, 9703, "full_disk = true")
    outcome = run(spread, "cluster", "rebalance", "--yes")
    assert outcome.code == 1
    assert "not enough empty space on node" in outcome.errors[0]
    spoil(spread, 9703, "full_disk = false")
    assert "done" in succeed(spread, "cluster", "rebalance", "--yes").err


def test_a_rebalance_needs_all_nodes(spread: Warehouse) -> None:
    spoil(spread, 9701, "answers = false")
    outcome = run(spread, "cluster", "rebalance", "--yes")
    assert outcome.code == 1
    assert outcome.errors[0].startswith("1 node does not answer: localhost:9701:")


def test_a_rebalance_that_is_at_work_is_not_begun_again(spread: Warehouse) -> None:
    spread.admin.run(
        "INSERT INTO pg_dist_background_job (state) VALUES ('running');"
        "INSERT INTO pg_dist_background_task (job_id, status) VALUES (1, 'done'), (1, 'running')"
    )
    outcome = succeed(spread, "cluster", "rebalance", "--no-wait")
    assert "Rebalance 1 is running: 1 of 2 moves done" in outcome.err
    assert succeed(spread, "cluster", "status", "--json").json["rebalance"]["job"] == 1
    assert spread.value("SELECT count(*) FROM pg_dist_background_job") == 1


def test_an_auditor_sees_the_cluster_as_whadmin_does_and_moves_nothing(spread: Warehouse) -> None:
    whadmins = succeed(spread, "cluster", "status", "--json").json
    with member(spread, "tenantry_auditor") as auditor:
        assert succeed(auditor, "cluster", "status", "--json").json == whadmins
        assert succeed(auditor, "doctor", "--only", "cluster", "--json").json["findings"] == []
        assert succeed(auditor, "cluster", "rebalance", "--dry-run", "--json").json["moves"] == []
        outcome = run(auditor, "cluster", "rebalance", "--yes")
        assert "who can read but not change anything" in outcome.errors[0]


def test_doctor_names_nodes_that_do_not_answer_or_are_not_active(spread: Warehouse) -> None:
    spoil(spread, 9701, "answers = false")
    spread.admin.run("UPDATE pg_dist_node SET isactive = false WHERE nodeport = 9702")
    assert found(spread) == [
        ("error", "localhost:9701", "tenantry cluster status"),
        ("error", "localhost:9702", "SELECT citus_activate_node('localhost', 9702); -- as the administrator"),
    ]
    assert "Connection refused" in reasons(spread)[0]


def test_doctor_names_other_versions_missing_logins_and_placements_that_are_not_active(
    spread: Warehouse,
) -> None:
    spoil(spread, 9701, "citus = '12.1-1', lacks = '{phood_ro}'")
    spoil(spread, 9702, "postgres = '9.6'")
    spread.admin.run("UPDATE pg_dist_placement SET shardstate = 4 WHERE groupid = 2")
    told = reasons(spread)
    assert [subject for _, subject, _ in found(spread)] == ["localhost:9701"] * 1 + ["localhost:9702"] + [
        "localhost:9701",
        "localhost:9702",
    ]
    assert told[0] == "1 login does not exist there, and their reports fail: phood_ro"
    assert "placements of shards are not active there" in told[1]
    assert told[2] == "it has Citus 12.1-1, and the coordinator has 13.0-1"
    assert told[3].startswith("it has PostgreSQL 9.6, and the coordinator has")
    assert found(spread)[0][2] == "tenantry cluster add-worker localhost --port 9701"


def test_doctor_names_where_the_propagation_is_off_with_the_statement_that_mends_it(
    spread: Warehouse,
) -> None:
    with spread.admin.connect() as session:
        session.execute(f'ALTER DATABASE "{spread.name}" SET citus.enable_ddl_propagation = off')
    try:
        ((severity, subject, remedy),) = found(spread)
        assert (severity, subject) == ("error", "citus.enable_ddl_propagation")
        assert (
            remedy
            == f'ALTER DATABASE "{spread.name}" RESET citus.enable_ddl_propagation; -- as the administrator'
        )
        with spread.admin.connect() as session:
            session.execute(remedy)
        assert found(spread) == []
        with spread.admin.connect() as session:
            session.execute(
                f'ALTER ROLE whadmin IN DATABASE "{spread.name}" SET citus.enable_ddl_propagation = off'
            )
        ((_, _, remedy),) = found(spread)
        assert remedy
        assert remedy.startswith(f'ALTER ROLE "whadmin" IN DATABASE "{spread.name}" RESET')
    finally:
        with spread.admin.connect() as session:
            session.execute(
                f'ALTER ROLE whadmin IN DATABASE "{spread.name}" RESET citus.enable_ddl_propagation'
            )
