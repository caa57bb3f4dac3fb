"""A tenant's own query of a template: sources whose tables and columns are called otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

STORAGES = pytest.mark.parametrize("storage", ["matview", "partition"])
DAY = date(2024, 3, 10)
OWN: LiteralString = (
    "SELECT nummer AS id, zeit AS at, wert::int AS value FROM shop.bestellungen "
    "WHERE zeit >= '{START_TIME}' AND zeit < '{END_TIME}'"
)
SET: LiteralString = "SELECT _wh.set_template_override('ticks', 'globex', %s, %s)"


@pytest.fixture
def two(acme: Warehouse, source: Source, make_source: Callable[[], Source]) -> tuple[Warehouse, Source]:
    """Two tenants of the template `ticks`; the source of globex has `shop.bestellungen` instead of `ticks`."""
    make_ticks(source, DAY, 4)
    other = make_source()
    other.run("CREATE SCHEMA shop")
    other.run("CREATE TABLE shop.bestellungen (nummer int, zeit timestamptz, wert text)")
    other.run(
        "INSERT INTO shop.bestellungen SELECT n, '2024-03-10 00:00:00+00'::timestamptz + n * interval '8 hours', n "
        "FROM generate_series(0, 11) n"
    )
    other.run("GRANT USAGE ON SCHEMA shop TO source_reader")
    other.run("GRANT SELECT ON shop.bestellungen TO source_reader")
    define(acme)
    acme.connect_to(other, "globex")
    acme.make_schema("globex")
    return acme, other


def register(warehouse: Warehouse, storage: str = "matview") -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    for name in ("acme", "globex"):
        warehouse.run("SELECT _wh_internal.open_feed('ticks', %s, %s)", (name, name))


@STORAGES
@pytest.mark.parametrize("pull", [by_loader, by_sql])
def test_a_tenant_with_its_own_query_is_loaded_beside_the_others(
    two: tuple[Warehouse, Source], storage: str, pull: Pull
) -> None:
    warehouse, _ = two
    register(warehouse, storage)
    assert warehouse.value(SET, (OWN, DAY))["rows"] == 3
    last = DAY + timedelta(days=3)
    pull(warehouse, DAY, last, template="ticks", name="acme")
    pull(warehouse, DAY, last, template="ticks", name="globex")
    counts = "SELECT schema_name, count(*), sum(value) FROM public.ticks GROUP BY 1 ORDER BY 1"
    assert warehouse.reader.rows(counts) == [("acme", 8, 4), ("globex", 12, 66)]
    done = warehouse.value("SELECT _wh.verify_slice('ticks', 'globex', %s)", (DAY,))
    assert done["agrees"]
    assert done["source_rows"] == 3
    outdated = "SELECT count(*) FROM _wh_internal.template_outdated('ticks')"
    assert warehouse.value(outdated) == 0
    # Another query makes its days outdated, and no others.
    warehouse.run(SET, (OWN.replace("wert::int", "wert::int * 2"), DAY))
    assert warehouse.rows("SELECT tenant, days FROM _wh_internal.template_outdated('ticks')") == [
        ("globex", 4)
    ]
    pull(warehouse, DAY, last, template="ticks", name="globex")
    assert warehouse.reader.rows(counts) == [("acme", 8, 4), ("globex", 12, 132)]
    assert warehouse.value(outdated) == 0
    warehouse.run("SELECT _wh.drop_template_override('ticks', 'globex')")
    assert warehouse.value(outdated) == 1
    # A query goes with the tenant's data of the template.
    warehouse.run(SET, (OWN, DAY))
    warehouse.run("SELECT _wh_internal.drop_feed('ticks', 'globex', 1000)")
    assert warehouse.value("SELECT count(*) FROM _wh.template_overrides") == 0


@pytest.mark.parametrize(
    "query, reason",
    [
        (OWN.replace("nummer AS id, zeit AS at", "zeit AS at, nummer AS id"), "column 1 is at timestamp with time zone, but the template has id integer"),
        (OWN.replace("wert::int AS value", "wert AS value"), "column 3 is value text, but the template has value integer"),
        (OWN.replace("wert::int AS value", "wert::int AS amount"), "column 3 is amount integer"),
        (OWN.replace(", wert::int AS value", ""), "2 columns"),
        (OWN.replace("shop.", ""), 'relation "bestellungen" does not exist'),
        (OWN.replace("zeit <", "zeit - interval '1 day' <"), "rows are outside 2024-03-10"),
        (OWN + "; SELECT 1", "only one statement is allowed"),
    ],
)  # fmt: skip
def test_a_query_that_does_not_give_the_columns_is_not_stored(
    two: tuple[Warehouse, Source], query: str, reason: str
) -> None:
    warehouse, _ = two
    register(warehouse)
    with pytest.raises(psycopg.Error, match=reason):
        warehouse.run(SET, (query, DAY))
    assert warehouse.value("SELECT count(*) FROM _wh.template_overrides") == 0


def test_the_program_sets_shows_and_drops_an_own_query_and_tells_when_the_columns_change(
    two: tuple[Warehouse, Source], tmp_path: Path
) -> None:
    warehouse, _ = two
    register(warehouse)
    file = tmp_path / "globex.sql"
    file.write_text(OWN.replace("'{END_TIME}'", "{END_TIME}"))
    refused = run(warehouse, "override", "set", "ticks", "globex", file, "--day", DAY)
    assert refused.code == 1
    assert f"{file}:1: error: " in refused.err
    file.write_text(OWN)
    told = succeed(warehouse, "override", "set", "ticks", "globex", file, "--day", DAY)
    assert "globex has its own query of ticks: 3 rows on 2024-03-10" in told.out
    succeed(warehouse, "backfill", "ticks", "--tenant", "globex", "--from", DAY, "--to", DAY)
    assert succeed(warehouse, "override", "show", "ticks", "globex").out.strip() == OWN
    assert succeed(warehouse, "template", "test", "ticks", "--tenant", "globex", "--day", DAY).out.startswith(
        "globex, 2024-03-10: 3 rows"
    )
    assert "own queries: globex" in succeed(warehouse, "template", "show", "ticks").out
    assert re.search("own queries +ticks", succeed(warehouse, "tenant", "show", "globex").out)
    assert findings(warehouse, "templates") == []
    # A column more: the own query lacks it, and all that look say so before a load fails.
    shown = succeed(warehouse, "template", "show", "ticks", "--file").out
    changed = tmp_path / "ticks.sql"
    changed.write_text(
        shown.replace("value int", "value int, place text").replace(
            "value::int END", "value::int END, 'x'::text AS place"
        )
    )
    loaded = succeed(warehouse, "template", "load", changed).out
    assert (
        "globex: tried before the columns changed. To try them again: tenantry override check ticks" in loaded
    )
    (found,) = findings(warehouse, "templates")
    assert (found.subject, found.command) == ("globex.ticks", "tenantry override check ticks")
    assert run(warehouse, "override", "check", "ticks", "--day", DAY).code == 1
    file.write_text(OWN.replace("AS value", "AS value, 'y'::text AS place"))
    succeed(warehouse, "override", "set", "ticks", "globex", file, "--day", DAY)
    assert succeed(warehouse, "override", "check", "ticks", "--day", DAY, "--json").json["failures"] == []
    assert findings(warehouse, "templates") == []
    succeed(warehouse, "override", "drop", "ticks", "globex")
    assert succeed(warehouse, "override", "list", "--json").json["overrides"] == []
    again = run(warehouse, "override", "drop", "ticks", "globex")
    assert (again.code, "has no query of its own" in again.err) == (2, True)
