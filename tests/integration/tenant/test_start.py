"""tenantry start: from a source's address to a report, for any business; and its steps as commands of their own."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from tenantry.embedded import Server
from tests.integration.tenant.test_first_tenant import WITH_PASSWORD, made
from tests.support.databases import Source, Warehouse
from tests.support.program import address, command, environment, run, succeed
from tests.support.samples.businesses import open_shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAYS = 20

SAME = {
    "flights": (
        "SELECT flight, carrier, origin::text, delay, departed FROM newcomer.flights ORDER BY 1",
        "SELECT flight, carrier, origin::text, delay, departed FROM ops.flights ORDER BY 1",
    ),
    "orders": (
        "SELECT id, customer, state, total, items, created_at FROM newcomer.orders ORDER BY 1",
        "SELECT id, customer, state::text, total, items, created_at FROM orders ORDER BY 1",
    ),
    "rentals": (
        'SELECT "No", "Start Date", source_schema_name, car FROM newcomer.rental ORDER BY 1',
        'SELECT "No", "Start Date", schema_name, car FROM "Rental" ORDER BY 1',
    ),
}


@pytest.mark.parametrize("business", ["flights", "orders", "rentals"])
def test_start_leads_any_business_to_its_report(
    warehouse: Warehouse, source: Source, today: date, business: str
) -> None:
    open_shop(source, business, today - timedelta(days=DAYS), DAYS)
    done = succeed(
        warehouse, "start", "--source", address(source), "--tenant", "newcomer", "--yes", env=WITH_PASSWORD
    )
    ours, theirs = SAME[business]
    assert warehouse.rows(ours) == source.rows(theirs)
    assert warehouse.value("SELECT storage FROM _wh.feeds") == "partition"
    lines = [line for line in (done.out + done.err).splitlines() if not line.startswith('  psql "')]
    assert [line for line in lines if len(line.rstrip()) > 80] == []
    assert "s3cret" not in done.out + done.err
    # The report that it prints is a reader's.
    report = done.out.partition("A report:")[2].partition("\n\n")[0]
    rows = warehouse.reader.rows(report)
    assert sum(row[2] for row in rows) <= source.value(f"SELECT count(*) FROM ({theirs}) t")
    assert {row[0] for row in rows} == {"newcomer"}


def test_nothing_is_made_before_you_agree_or_if_adding_fails(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    open_shop(source, "orders", today - timedelta(days=DAYS), DAYS)
    before = made(warehouse)
    words = ("start", "--source", address(source))
    for options, code, told in (
        ((), 2, "there is no terminal to ask"),
        (("--table", "no", "--yes"), 2, 'no table "no"'),
        (("--table", "orders", "--time", "no", "--yes"), 2, 'no date or timestamp column "no"'),
        (("--tenant", "pg_x", "--yes"), 2, "tenant name 'pg_x'"),
        (("--source", address(source, port=1), "--yes"), 1, "cannot be used"),
    ):
        failed = run(warehouse, *words, *options, env=WITH_PASSWORD)
        assert (failed.code, len(failed.errors)) == (code, 1), failed.err
        assert told in failed.err
        assert "Nothing was created" in failed.err
        assert made(warehouse) == before
    # A schema of somebody else's.
    warehouse.admin.run("CREATE SCHEMA taken")
    assert run(warehouse, *words, "--tenant", "taken", "--yes", env=WITH_PASSWORD).code == 2
    refused = run(
        warehouse, "tenant", "add", "taken", "--source", address(source), "--template", "foodlogstats",
        env=WITH_PASSWORD,
    )  # fmt: skip
    assert refused.errors == ['schema "taken" exists, and whadmin may create nothing in it']
    assert made(warehouse) == [*before, "schema taken"]
    warehouse.admin.run("DROP SCHEMA taken; CREATE TABLE public.orders ()")
    assert run(warehouse, *words, "--yes", env=WITH_PASSWORD).code == 2
    # The template answers, but its tables cannot be created.
    warehouse.admin.run(
        "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no tables today'; END $$;"
        " CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE TABLE')"
        " EXECUTE FUNCTION public.refuse()"
    )
    failed = run(warehouse, *words, "--tenant", "shop", "--template", "sales", "--yes", env=WITH_PASSWORD)
    assert failed.code == 1
    assert "no tables today" in failed.err
    assert "Nothing was created in the warehouse" in failed.err
    assert made(warehouse) == before


def test_a_second_tenant_uses_the_template_of_the_first(
    warehouse: Warehouse, make_source: Callable[[], Source], today: date, tmp_path: Path
) -> None:
    (tmp_path / "services").write_text("[reports]\n" + warehouse.conninfo.replace(" ", "\n") + "\n")
    with_service = {**WITH_PASSWORD, "PGSERVICEFILE": str(tmp_path / "services")}
    for name in ("first", "second", "third"):
        shop = open_shop(make_source(), "orders", today - timedelta(days=2), 2)
        stored = ("--template", "orders") if name == "third" else ()
        words = ("start", "--source", address(shop), "--tenant", name, *stored, "--yes")
        done = succeed("service=reports", *words, env=with_service)
        # Wherever it is run, it leads to this server.
        assert f"dbname={warehouse.name} user=phood_ro" in done.out
        assert f"port={warehouse.server.port}" in done.out
    assert warehouse.reader.rows("SELECT schema_name, count(*) FROM public.orders GROUP BY 1 ORDER BY 1") == [
        ("first", 6),
        ("second", 6),
        ("third", 6),
    ]
    other = open_shop(make_source(), "flights", today, 1)
    other.run("ALTER TABLE ops.flights RENAME TO orders")
    clash = run(warehouse, "start", "--source", address(other), "--yes", env=WITH_PASSWORD)
    assert clash.errors == ['template "orders" already exists with another query']


def dialogue(words: Sequence[str], answers: Sequence[str | Callable[[], str]]) -> tuple[int, str]:
    """The exit code and the screen of the program on a terminal, which gets an answer at each question.

    An answer that is a function is what it returns when it is asked for.
    """
    terminal, line = pty.openpty()
    left = list(answers)
    shown = b""
    give_up = time.monotonic() + 200
    with subprocess.Popen(
        words, stdin=line, stdout=line, stderr=line, env=environment({"TERM": "dumb", "COLUMNS": "80"})
    ) as process:
        os.close(line)
        asked = 0
        while time.monotonic() < give_up:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    shown += os.read(terminal, 65536)
                except OSError:  # the program has closed it
                    break
            elif left and len(shown) > asked and shown.endswith(b": "):
                asked = len(shown) + 2
                answer = left.pop(0)
                os.write(terminal, (answer if isinstance(answer, str) else answer()).encode() + b"\n")
        process.kill() if process.poll() is None and time.monotonic() >= give_up else None
        process.wait(120)
    os.close(terminal)
    return process.returncode, shown.decode()


def test_a_terminal_is_asked_and_may_refuse(warehouse: Warehouse, source: Source, today: date) -> None:
    open_shop(source, "orders", today - timedelta(days=2), 2)
    words = command(warehouse, "start")
    answers = ["nonsense", address(source), source.password, "pg_x", "shop", "1", "", ""]
    code, screen = dialogue(words, [*answers, "n"])
    assert (code, made(warehouse)) == (2, []), screen
    for said in ("Table (number or name)", "Time column (created_at, paid_at)", "To load: ", "not confirmed"):
        assert said in screen
    assert source.password not in screen
    code, screen = dialogue(words, [*answers, ""])
    assert code == 0, screen
    assert warehouse.value("SELECT count(*) FROM shop.orders") == 6


def test_what_others_made_while_you_answered_is_left_alone(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    open_shop(source, "orders", today - timedelta(days=2), 2)
    words = command(
        warehouse, "start", "--source", address(source), "--table", "orders", "--time", "created_at"
    )
    answers = [source.password, "shop", "orders"]

    def connection() -> str:
        warehouse.run(
            "INSERT INTO _wh.tenant_connections VALUES ('shop', 'theirs', 5432, 'shop', 'reader', 'x')"
        )
        return "y"

    def template() -> str:
        warehouse.run(
            "INSERT INTO _wh.mv_templates (template_name, query_template,"
            " column_definitions) VALUES ('orders', 'SELECT 1 AS n', 'n int')"
        )
        return "y"

    for meanwhile, refusal in (
        (connection, 'a tenant, schema or connection "shop" already exists'),
        (template, 'template "orders" already exists'),
    ):
        code, screen = dialogue(words, [*answers, meanwhile])
        assert (code, refusal in screen) == (2, True), screen
        assert "Nothing was created in the warehouse" in " ".join(screen.split())
        assert warehouse.rows("DELETE FROM _wh.tenant_connections RETURNING host") in ([("theirs",)], [])
    assert (
        warehouse.value("SELECT query_template FROM _wh.mv_templates WHERE template_name = 'orders'")
        == "SELECT 1 AS n"
    )


def test_an_embedded_server_becomes_a_warehouse_without_examples(
    make_server: Callable[..., Server], source: Source, today: date
) -> None:
    server = make_server()
    open_shop(source, "flights", today - timedelta(days=2), 2)
    dsn = f"embedded:{server.directory}"
    words = ("start", "--source", address(source), "--tenant", "newark")
    assert run(dsn, *words, env=WITH_PASSWORD).code == 2
    assert not server.exists
    succeed(dsn, *words, "--yes", env=WITH_PASSWORD)
    assert server.status().kept
    listed = succeed(dsn, "template", "list", "--json").json["templates"]
    assert [template["template"] for template in listed] == ["flights"]
    server.stop()


def test_a_connection_is_stored_tested_listed_and_dropped(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    open_shop(source, "rentals", today, 1)
    source.run('GRANT DELETE ON "Rental" TO source_reader')
    add = ("connection", "add", "hire", "--source", address(source))
    outcomes = [
        succeed(warehouse, *add, env=WITH_PASSWORD),
        succeed(warehouse, "connection", "list"),
        succeed(warehouse, "connection", "test", "hire"),
        succeed(warehouse, "connection", "test", "--source", address(source), env=WITH_PASSWORD),
    ]
    for outcome in outcomes:
        assert "s3cret" not in outcome.out + outcome.err
    assert f"source_reader@127.0.0.1:{source.server.port}/{source.name}" in outcomes[1].out
    for tested in outcomes[2:]:
        assert 'login: can write to "Rental". Use a role that can only read instead.' in tested.out
        assert "line: not encrypted" in tested.out
        assert "Start Date" in tested.out
    assert run(warehouse, *add, env=WITH_PASSWORD).errors == ['connection "hire" already exists']
    succeed(warehouse, "connection", "drop", "hire", "--yes")
    assert made(warehouse) == []


def test_a_connection_is_not_dropped_under_a_tenant_that_is_being_added(
    warehouse: Warehouse, source: Source
) -> None:
    warehouse.connect_to(source)
    with warehouse.connect() as other, ThreadPoolExecutor() as pool:
        with other.transaction():
            other.execute("UPDATE _wh.tenant_connections SET port = port")
            dropped = pool.submit(run, warehouse, "connection", "drop", "acme", "--yes")
            wait_until(lambda: warehouse.admin.value("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0)
            other.execute("INSERT INTO _wh.tenants (schema_name, tenant_name) VALUES ('shop', 'acme')")
        assert dropped.result().errors == ['connection "acme" is used by shop']


def test_a_template_comes_from_a_table_or_an_example_without_a_connection(
    warehouse: Warehouse, source: Source, today: date, tmp_path: Path
) -> None:
    open_shop(source, "rentals", today - timedelta(days=2), 2)
    where = ("--source", address(source))
    file = tmp_path / "rentals.sql"
    drafted = succeed(
        warehouse, "template", "new", "rentals", *where, "--table", "Rental", "--output", file,
        env=WITH_PASSWORD,
    )  # fmt: skip
    assert "secret is left out: the login may not read it" in drafted.err
    assert '-- index: UNIQUE ("No")' in file.read_text()
    tried = succeed(
        warehouse, "template", "test", file, *where, "--day", today - timedelta(days=1), env=WITH_PASSWORD
    )
    assert "2 rows" in tried.out
    unsaid = run(warehouse, "template", "new", *where, env=WITH_PASSWORD)
    assert (unsaid.code, "a date or timestamp column: Rental" in unsaid.err) == (2, True)
    assert made(warehouse) == []
    for example in ("orders", "foodlogstats"):
        text = succeed(None, "template", "new", "mine", "--example", example).out
        assert text.startswith("-- name: mine\n")
        (tmp_path / "mine.sql").write_text(text)
        linted = succeed(None, "template", "lint", tmp_path / "mine.sql")
        assert linted.out == "nothing found\n"


def test_a_template_is_never_written_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "link.sql").symlink_to(tmp_path / "elsewhere.sql")
    for file, reason in (
        (tmp_path / "missing" / "orders.sql", "No such file or directory"),
        (tmp_path / "link.sql", "File exists"),
    ):
        refused = run(None, "template", "new", "--example", "orders", "--output", file)
        assert (refused.code, refused.errors) == (2, [f"{file} cannot be written: {reason}"])
    assert not (tmp_path / "elsewhere.sql").exists()


def test_names_that_could_be_read_as_sql_or_placeholders_stay_names(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    source.run(
        'CREATE TABLE "order; DROP TABLE x" ("select" int PRIMARY KEY, "a""b" text, "{SCHEMA}" text, "at" timestamptz NOT NULL)'
    )
    source.run("INSERT INTO \"order; DROP TABLE x\" VALUES (1, $$it's$$, 'x', now() - interval '1 day')")
    source.run('GRANT SELECT ON "order; DROP TABLE x" TO source_reader')
    words = ("--table", "order; DROP TABLE x", "--tenant", "odd", "--template", "odd", "--yes")
    done = succeed(warehouse, "start", "--source", address(source), *words, env=WITH_PASSWORD)
    assert "'{SCHEMA}' is left out" in done.out
    assert warehouse.rows('SELECT "select", "a""b" FROM odd.odd') == [(1, "it's")]
