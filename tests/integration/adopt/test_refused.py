"""What stands in the way of adopting is named in one line, and nothing has changed then."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.adopt.test_adopt import adopt, whose
from tests.support.program import environment, run
from tests.support.samples.by_hand import ByHand

pytestmark = pytest.mark.any_server


def test_functions_at_work_stand_in_the_way_unless_they_are_waited_for(by_hand: ByHand) -> None:
    before = by_hand.schema_dump()
    with by_hand.connect() as session:
        session.execute("BEGIN")
        session.execute("SELECT _wh.log_info('somebody', 'is at work')")
        refused = adopt(by_hand, "--yes")
        assert refused.code == 1
        error = refused.err.splitlines()[-2:]
        assert "is being loaded by its old functions: session" in error[0]
        assert "tenantry adopt --wait" in error[1]
        assert by_hand.schema_dump() == before
        with subprocess.Popen(
            [sys.executable, "-m", "tenantry", "adopt", "--yes", "--wait", "200"],
            env=environment() | whose(by_hand),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as adopting:
            assert adopting.stderr is not None
            said = ""
            while "waiting" not in said and (line := adopting.stderr.readline()):
                said += line
            session.execute("COMMIT")
            said += adopting.stderr.read()
    assert adopting.returncode == 0, said
    assert "waiting" in said


def test_a_role_without_the_rights_and_a_warehouse_of_tenantrys_are_refused_unchanged(
    by_hand: ByHand,
) -> None:
    before = by_hand.schema_dump()
    for role in ("whadmin", "phood_ro"):
        conninfo = by_hand.owner_conninfo if role == "whadmin" else by_hand.reader_conninfo
        refused = run(None, "adopt", "--yes", env={"TENANTRY_ADMIN_DSN": conninfo})
        assert refused.code != 0
        assert "may not adopt" in refused.err or "permission denied" in refused.err
        assert refused.err.count("\n") <= 2
        assert by_hand.schema_dump() == before
    by_hand.run("CREATE TABLE _wh.migrations (version integer)")
    before = by_hand.schema_dump()
    refused = adopt(by_hand, "--yes")
    assert refused.code == 4
    assert "is a warehouse of Tenantry already" in refused.err
    assert by_hand.schema_dump() == before


def test_an_installation_that_fails_brings_everything_back(by_hand: ByHand) -> None:
    by_hand.run(
        "CREATE FUNCTION workspace.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF to_regclass('_wh.slices') IS NOT NULL THEN RAISE EXCEPTION 'no such tables here'; END IF; END $$"
    )
    by_hand.run(
        "CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION workspace.refuse()"
    )
    before = by_hand.schema_dump()
    refused = adopt(by_hand, "--yes")
    assert refused.code == 1
    assert "no such tables here" in refused.err
    assert by_hand.schema_dump() == before
