"""What happens to rights that a new warehouse does not have, when a warehouse by hand is adopted."""

from __future__ import annotations

import pytest

from tests.integration.adopt.test_adopt import adopt
from tests.support.program import run
from tests.support.samples.by_hand import ByHand

pytestmark = pytest.mark.any_server

ATTRIBUTES = "SELECT rolname, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname IN ('whadmin', 'phood_ro', 'analyst_rw')"
WORKSPACE = """
SELECT n.nspname::text, pg_get_userbyid(n.nspowner)::text, n.nspacl::text FROM pg_namespace n WHERE n.nspname = 'workspace'
UNION ALL
SELECT c.oid::regclass::text, pg_get_userbyid(c.relowner)::text, c.relacl::text FROM pg_class c
WHERE c.relnamespace = 'workspace'::regnamespace ORDER BY 1
"""
OPEN = "SELECT has_function_privilege('public', 'dblink(text, text)', 'EXECUTE'), has_schema_privilege('public', 'public', 'CREATE')"


def test_rights_that_are_too_wide_are_told_kept_or_taken_away_and_given_back(by_hand: ByHand) -> None:
    by_hand.run("GRANT CREATE ON SCHEMA public TO PUBLIC")
    attributes, workspace, dump = by_hand.rows(ATTRIBUTES), by_hand.rows(WORKSPACE), by_hand.schema_dump()
    dry = adopt(by_hand, "--dry-run")
    for words in (
        "whadmin is CREATEROLE, CREATEDB: stays so",
        "phood_ro is CREATEDB: stays so",
        "functions of dblink: taken away",
        "PUBLIC may create objects in schema public: taken away",
    ):
        assert words in dry.out
    assert adopt(by_hand, "--yes").code == 0
    assert (by_hand.rows(ATTRIBUTES), by_hand.rows(WORKSPACE)) == (attributes, workspace)
    assert by_hand.rows(OPEN) == [(False, False)]
    doctor = run(None, "doctor", "--only", "roles", "--json", env={"TENANTRY_DSN": by_hand.owner_conninfo})
    assert {finding["command"] for finding in doctor.json["findings"]} >= {
        "ALTER ROLE whadmin NOCREATEROLE NOCREATEDB; -- as the administrator",
        "ALTER ROLE phood_ro NOCREATEDB; -- as the administrator",
    }
    assert adopt(by_hand, "--undo", "--yes").code == 0
    assert (by_hand.rows(ATTRIBUTES), by_hand.rows(OPEN)) == (attributes, [(True, True)])
    assert by_hand.schema_dump() == dump
    for arguments in (("--yes",), ("--finish", "--yes")):
        assert adopt(by_hand, *arguments).code == 0
    assert (by_hand.rows(ATTRIBUTES), by_hand.rows(WORKSPACE)) == (attributes, workspace)
