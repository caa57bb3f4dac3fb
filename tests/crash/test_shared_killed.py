"""The session is killed at each step of a fold and of a drop in shared tables: other tenants lose nothing, and the same command finishes it."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

import pytest

from tests.support.citus.cluster import stand_in
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.timeout(900)

FIRST, LAST = date(2023, 1, 1), date(2023, 12, 31)
EACH_STEP: LiteralString = """
CREATE SEQUENCE public.steps;
CREATE TABLE public.killing (step bigint);
CREATE FUNCTION public.step() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('public.steps') = (SELECT k.step FROM public.killing k) THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
END
$$;
CREATE FUNCTION public.of_table() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.step(); RETURN NULL; END $$;
CREATE FUNCTION public.of_command() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.step(); END $$;
CREATE EVENT TRIGGER each_command ON ddl_command_end EXECUTE FUNCTION public.of_command();
DO $$ DECLARE part regclass; BEGIN
    FOR part IN SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        -- Distributed tables have no triggers.
        AND (c.relnamespace = '_wh_data'::regnamespace AND c.relname !~ 'distributed' OR c.relnamespace = '_wh'::regnamespace AND c.relname IN
            ('slices', 'feeds', 'tenants', 'tenant_connections', 'feed_tables', 'published_views'))
    LOOP
        EXECUTE format('CREATE TRIGGER each_step AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT'
            ' EXECUTE FUNCTION public.of_table()', part);
    END LOOP;
END $$;
"""


@pytest.fixture(params=["shared", "distributed"])
def ticking(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Warehouse:
    """Two tenants with all of 2023, two rows a day; each step of any session is counted."""
    if request.param == "distributed":
        stand_in(acme)
    make_ticks(source, FIRST, 365)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (request.param,))
    acme.connect_to(source, "bistro")
    acme.make_schema("bistro")
    for name in ("acme", "bistro"):
        by_loader(acme, FIRST, LAST, template="ticks", name=name)
    acme.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    acme.admin.run(EACH_STEP)
    return acme


def kill_at(warehouse: Warehouse, step: int) -> None:
    """Let the next run be killed at that step of it."""
    warehouse.admin.run("DELETE FROM public.killing; SELECT setval('public.steps', 1, false)")
    warehouse.admin.run("INSERT INTO public.killing VALUES (%s)", (step,))


def rows(warehouse: Warehouse) -> dict[str, int]:
    return dict(warehouse.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1"))


def test_a_fold_is_killed_at_each_step_and_then_done(ticking: Warehouse) -> None:
    killed = 0
    while True:
        kill_at(ticking, killed + 1)
        folded = run(ticking, "year", "fold", "ticks", 2023, "--tenant", "acme")
        assert rows(ticking) == {"acme": 730, "bistro": 730}
        if folded.code == 0:
            break
        killed += 1
        assert ticking.value("SELECT to_regclass('acme.ticks_2023') IS NULL"), killed
    assert killed > 1
    assert ticking.value("SELECT count(*) FROM acme.ticks_2023") == 730
    assert [feed["years"] for feed in succeed(ticking, "status", "--json").json["feeds"]] == [[2023], []]


def test_a_drop_is_killed_at_each_step_and_then_done(ticking: Warehouse) -> None:
    killed = 0
    while True:
        kill_at(ticking, killed + 1)
        dropped = run(ticking, "tenant", "drop", "acme", "--yes")
        seen = rows(ticking)
        assert seen["bistro"] == 730
        assert seen.get("acme", 730) == 730, killed
        # The last step ends the drop, whether its session lives to say so or not.
        if dropped.code == 0 or "does not exist" in dropped.err:
            break
        killed += 1
    assert killed > 1
    assert seen == {"bistro": 730}
    assert ticking.rows("SELECT schema_name FROM _wh.tenants") == [("bistro",)]
    assert ticking.value("SELECT to_regnamespace('acme') IS NULL")
    assert ticking.rows("SELECT DISTINCT schema_name FROM _wh.slices") == [("bistro",)]
    assert ticking.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("bistro",)]
