"""A template's new column reaches tables and views in use: by the command in steps, and by SQL in one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.support.citus.cluster import stand_in
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader
from tests.support.program import run, succeed
from tests.support.samples.small_template import COLUMNS, QUERY, define, make_ticks

pytestmark = pytest.mark.any_server

FIRST, LAST = date(2025, 3, 1), date(2025, 3, 3)
TENANTS = ("acme", "brook", "cliff")
WIDER = QUERY.replace("END\n", "END, 2 AS twice\n")

UNTIL_SOMEBODY_WAITS: LiteralString = """
CREATE FUNCTION public.wait_for_a_reader() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    FOR n IN 1..400 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks l WHERE NOT l.granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
CREATE EVENT TRIGGER altered ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION public.wait_for_a_reader();
"""


@pytest.fixture(params=["partition", "shared", "distributed"])
def ticking(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Warehouse:
    """Three tenants with three days each."""
    if request.param == "distributed":
        stand_in(acme)
    make_ticks(source, FIRST, 3)
    define(acme, "ticks", query=QUERY)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (request.param,))
    for name in TENANTS:
        if name != "acme":
            acme.connect_to(source, name)
            acme.make_schema(name)
        by_loader(acme, FIRST, LAST, template="ticks", name=name)
    return acme


def widened(warehouse: Warehouse, folder: Path) -> Path:
    """A file of the template with one column more."""
    text = succeed(warehouse, "template", "show", "ticks", "--file").out
    file = folder / "ticks.sql"
    file.write_text(text.replace("value int", "value int, twice int").replace("END\n", "END, 2 AS twice\n"))
    return file


@contextmanager
def readers(warehouse: Warehouse) -> Iterator[list[str]]:
    """Readers of the public view and of each tenant's, without a pause; their errors."""
    stop = threading.Event()
    errors: list[str] = []

    def read(view: str) -> None:
        with warehouse.reader.connect() as opened:
            # A prepared SELECT * is refused after any change of columns.
            opened.prepare_threshold = None
            while not stop.is_set():
                try:
                    opened.execute(f"SELECT * FROM {view} LIMIT 1".encode())
                except psycopg.Error as error:
                    errors.append(str(error))

    threads = [threading.Thread(target=read, args=(f"{place}.ticks",)) for place in ("public", *TENANTS)]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def columns(warehouse: Warehouse) -> set[str]:
    """The places whose view has the new column."""
    return {
        place
        for (place,) in warehouse.rows(
            "SELECT attrelid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE a.attname = 'twice' AND c.relkind = 'v'"
        )
    }


def test_reports_and_a_new_column_do_not_wait_for_each_other(ticking: Warehouse, tmp_path: Path) -> None:
    file = widened(ticking, tmp_path)
    ticking.admin.run(UNTIL_SOMEBODY_WAITS)
    with readers(ticking) as errors:
        succeed(ticking, "template", "load", file)
    assert errors == []
    assert columns(ticking) == {"ticks", "acme.ticks", "brook.ticks", "cliff.ticks"}


def test_by_sql_neither(ticking: Warehouse) -> None:
    define(ticking, "ticks", query=WIDER, columns=COLUMNS + ", twice int")
    ticking.admin.run(UNTIL_SOMEBODY_WAITS)
    with readers(ticking) as errors, ticking.connect() as opened:
        opened.execute("SET statement_timeout = '20s'")
        opened.execute("SELECT _wh.update_public_view_by_template('ticks')")
    assert errors == []
    assert columns(ticking) == {"ticks", "acme.ticks", "brook.ticks", "cliff.ticks"}


LOCKED_VIEWS: LiteralString = """
CREATE TABLE public.locked_views (views bigint);
CREATE FUNCTION public.count_locked_views() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() d
        WHERE d.object_identity = current_setting('tests.refused', true)) THEN
        RAISE EXCEPTION 'stopped here';
    END IF;
    INSERT INTO public.locked_views SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND c.relkind = 'v';
END
$$;
CREATE EVENT TRIGGER viewed ON ddl_command_end WHEN TAG IN ('CREATE VIEW')
    EXECUTE FUNCTION public.count_locked_views();
"""


def test_each_view_gets_it_in_a_transaction_of_its_own_and_the_next_run_finishes_what_one_left(
    ticking: Warehouse, tmp_path: Path
) -> None:
    file = widened(ticking, tmp_path)
    ticking.admin.run(LOCKED_VIEWS)
    ticking.admin.run("ALTER ROLE whadmin SET tests.refused = 'brook.ticks'")
    stopped = run(ticking, "template", "load", file)
    assert (stopped.code, "stopped here" in stopped.err) == (1, True)
    assert columns(ticking) == {"ticks", "acme.ticks"}
    ticking.admin.run("ALTER ROLE whadmin RESET tests.refused")
    by_loader(ticking, LAST, LAST, template="ticks", name="cliff")
    assert columns(ticking) == {"ticks", "acme.ticks", "cliff.ticks"}
    assert "unchanged" in succeed(ticking, "template", "load", file).out
    assert columns(ticking) == {"ticks", "acme.ticks", "brook.ticks", "cliff.ticks"}
    assert ticking.admin.rows("SELECT DISTINCT views FROM public.locked_views") == [(1,)]
    assert succeed(ticking, "doctor", "--only", "views").code == 0


def test_a_dry_run_leaves_tables_and_views_as_they_are(ticking: Warehouse, tmp_path: Path) -> None:
    succeed(ticking, "template", "load", widened(ticking, tmp_path), "--dry-run")
    assert ticking.rows("SELECT FROM pg_attribute WHERE attname = 'twice'") == []


def test_without_room_for_the_locks_it_says_what_helps_and_changes_nothing(
    ticking: Warehouse, tmp_path: Path
) -> None:
    ticking.admin.run(
        "CREATE FUNCTION public.no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE 'out of shared memory' USING ERRCODE = 'out_of_memory'; END $$;"
        "CREATE EVENT TRIGGER altered ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.no_room()"
    )
    refused = run(ticking, "template", "load", widened(ticking, tmp_path))
    assert refused.code == 1
    assert "a new column of ticks locks" in refused.err
    assert "of all tenants at once" in refused.err
    assert "max_locks_per_transaction" in refused.err
    assert "set-storage ticks shared" in refused.err
    assert "twice" not in succeed(ticking, "template", "show", "ticks").out
