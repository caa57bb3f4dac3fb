"""What to do about an error of a source is said by its kind: each gets the hint that fits it, and no other."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

import pytest
from psycopg import sql

from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 8)
ADDRESS = "Check the connection's address, user and password"

SPOILT: dict[str, tuple[str, LiteralString, str]] = {
    "a relation that is gone": (
        "source",
        "ALTER TABLE phood_foodlogsum RENAME TO elsewhere",
        "Compare the template's query",
    ),
    "a right that is gone": (
        "source",
        "REVOKE SELECT ON phood_foodlogsum FROM source_reader",
        "Grant the missing right",
    ),
    "a wrong password": (
        "warehouse",
        "UPDATE _wh.tenant_connections SET password = 'wrong'",
        "user and password",
    ),
    "a server that is away": ("warehouse", "UPDATE _wh.tenant_connections SET port = 1", ADDRESS),
}


@pytest.mark.parametrize("storage", ["matview", "partition"])
@pytest.mark.parametrize("spoilt", SPOILT)
def test_the_hint_fits_the_kind_of_error(acme: Warehouse, source: Source, spoilt: str, storage: str) -> None:
    source.fill(FIRST, 3, 1)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    where, statement, hint = SPOILT[spoilt]
    (source if where == "source" else acme).run(statement)
    outcome = run(acme, "refresh", "foodlogstats", "--tenant", "acme", "--date", FIRST)
    said = " ".join((outcome.out + outcome.err).split())
    assert outcome.code == 1
    assert hint in said
    assert where == "warehouse" or "user and password" not in said


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_right_that_is_missing_here_is_not_looked_for_at_the_source(
    acme: Warehouse, source: Source, storage: str
) -> None:
    source.fill(FIRST, 3, 1)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    succeed(acme, "refresh", "foodlogstats", "--tenant", "acme", "--date", FIRST)
    with acme.admin.connect() as session:
        session.execute(
            sql.SQL("ALTER DATABASE {} SET default_tablespace = pg_global").format(sql.Identifier(acme.name))
        )
    outcome = run(acme, "refresh", "foodlogstats", "--tenant", "acme", "--date", FIRST.replace(year=2023))
    assert outcome.code == 1
    assert "permission denied for tablespace" in outcome.out
    assert "Fix the cause. Then" in outcome.err
    assert "at the source" not in outcome.err
