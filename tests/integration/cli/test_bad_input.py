"""What cannot be meant or done: one clear line, the right exit code, and nothing changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tenantry.embedded import Server, find_free_port
from tests.support.databases import SECRET, Source, Warehouse
from tests.support.program import Outcome, address, run

pytestmark = pytest.mark.any_server

INPUT, UNREACHABLE, NOT_INSTALLED, FAILED = 2, 3, 4, 1


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with one slice of foodlogstats for tenant acme."""
    source.fill(date(2024, 3, 8), 1)
    acme.load(date(2024, 3, 8), date(2024, 3, 8))
    return acme


def everything(warehouse: Warehouse) -> list[Any]:
    """All that a command might have changed: rows of _wh, schemas, relations, foreign servers and their mappings."""
    return warehouse.admin.rows(
        "SELECT (SELECT jsonb_agg(t ORDER BY t.tenant_name) FROM _wh.tenant_connections t),"
        " (SELECT jsonb_agg(t ORDER BY t) FROM _wh.mv_templates t),"
        " (SELECT jsonb_agg(t ORDER BY t) FROM _wh.tenants t), (SELECT jsonb_agg(t ORDER BY t) FROM _wh.feeds t),"
        " (SELECT jsonb_agg(t ORDER BY t) FROM _wh.slices t), (SELECT count(*) FROM _wh.function_logs),"
        " (SELECT jsonb_agg(t ORDER BY t) FROM _wh.migrations t),"
        " (SELECT array_agg(nspname ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),"
        " (SELECT array_agg(oid::regclass::text ORDER BY oid) FROM pg_class WHERE relnamespace::regnamespace::text !~ '^pg_'),"
        " (SELECT jsonb_agg(s ORDER BY s.oid) FROM pg_foreign_server s), (SELECT jsonb_agg(m ORDER BY m.oid) FROM pg_user_mapping m)"
    )


def refused(outcome: Outcome, code: int, message: str) -> None:
    """The outcome is one error line, and perhaps a hint below it."""
    assert len(outcome.errors) == 1, outcome.err
    assert re.search(message, outcome.errors[0]), outcome.errors[0]
    assert outcome.code == code
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert SECRET.strip() not in outcome.err


def test_names_and_days_that_cannot_be_meant_are_refused(loaded: Warehouse, today: date) -> None:
    tomorrow = today + timedelta(days=1)
    before = everything(loaded)
    for arguments, message in (
        ("backfill foodlogstats --tenant nobody --from 2024-03-08", 'schema "nobody" does not exist'),
        ("backfill foodlogstat --tenant acme --from 2024-03-08", 'template "foodlogstat" does not exist'),
        ("backfill foodlogstat --all --from 2024-03-08", 'template "foodlogstat" does not exist'),
        ("backfill foodlogstats --from 2024-03-08", "no tenants were named"),
        (
            "backfill foodlogstats --all --tenant acme --from 2024-03-08",
            "--tenant and --all cannot be combined",
        ),
        (
            "backfill foodlogstats --all --from 2024-03-10 --to 2024-03-08",
            "the first day, 2024-03-10, is after the last day",
        ),
        ("backfill foodlogstats --all --from 2024-02-30", "'2024-02-30' is not a day"),
        ("backfill foodlogstats --all --to {tomorrow}", "{tomorrow} has not begun"),
        ("refresh foodlogstats --all --date {tomorrow}", "{tomorrow} has not begun"),
        ("year check foodlogstats 2024 --tenant nobody", 'schema "nobody" does not exist'),
        ("year check foodlogstats 9999 --all", "year 9999 cannot be checked"),
        ("year fold foodlogstats 9999 --all", "year 9999 is not over"),
        ("tenant show nobody", 'tenant "nobody" does not exist'),
        ("tenant test nobody", 'connection "nobody" does not exist'),
    ):
        words = arguments.format(tomorrow=tomorrow).split()
        refused(run(loaded, *words), INPUT, message.format(tomorrow=tomorrow))
        assert everything(loaded) == before, arguments


def test_what_becomes_of_tenants_and_slices_is_not_guessed(loaded: Warehouse) -> None:
    before = everything(loaded)
    for arguments, message in (
        ("tenant disable nobody --reason rests", 'tenant "nobody" does not exist'),
        ("tenant edit acme --option sslmode", "'sslmode' is not of the form word=value"),
        (
            "tenant edit acme --host h --source host=h",
            "--source cannot be combined with other parts of the address",
        ),
        ("tenant edit acme --option service=s", "options may not contain service"),
        ("tenant reload acme foodlogstat --yes", 'template "foodlogstat" does not exist'),
        ("tenant reload acme --yes --since noon", "'noon' is not a time"),
        ("tenant reload acme", "there is no terminal to ask for confirmation"),
        ("tenant drop acme", "there is no terminal to ask for confirmation"),
        ("tenant drop nobody --yes", 'tenant "nobody" does not exist'),
        ("slice list foodlogstats --from 2024-03-10 --to 2024-03-08", "is after the last day, 2024-03-08"),
        (
            "slice reload foodlogstats 2024-03-08 --from 2024-03-08 --all",
            "days and --from or --to cannot be combined",
        ),
        ("year fold foodlogstats 2024 --all --spacing 10", "'10' is not a time"),
    ):
        refused(run(loaded, *arguments.split()), INPUT, message)
    assert everything(loaded) == before


def test_a_year_that_is_incomplete_is_not_folded(loaded: Warehouse) -> None:
    before = everything(loaded)
    done = run(loaded, "year", "fold", "foodlogstats", 2024, "--all")
    refused(
        done,
        FAILED,
        r"year 2024 of acme\.foodlogstats is incomplete: 365 of 366 days are missing: 2024-01-01 to",
    )
    assert everything(loaded) == before


@pytest.mark.parametrize(
    "name, message",
    [
        ('a"b', "may not .* contain quotes"),
        ("public", "is a name that"),
        ("ü" * 32, "longer than 63 bytes"),
    ],
)
def test_a_tenant_that_cannot_be_a_schema_is_refused(
    loaded: Warehouse, source: Source, name: str, message: str
) -> None:
    before = everything(loaded)
    done = run(
        loaded, "tenant", "add", name, "--source", address(source), env={"TENANTRY_SOURCE_PASSWORD": SECRET}
    )
    refused(done, INPUT, message)
    assert everything(loaded) == before


@pytest.mark.parametrize(
    "changes, code, message",
    [
        ({"password": "hunter2"}, INPUT, "--source holds a password"),
        ({"port": "many"}, INPUT, "the port is not a number"),
        ({"wrongkey": "1"}, INPUT, "--source cannot be read"),
        (
            {"user": "nobody"},
            FAILED,
            'source of "beta" cannot be used: .*authentication failed for user "nobody"',
        ),
        ({"dbname": "nowhere"}, FAILED, 'source of "beta" cannot be used: .*"nowhere" does not exist'),
        ({"passfile": "/etc/passwd"}, INPUT, "options may not contain passfile"),
    ],
)
def test_a_source_that_cannot_be_used_leaves_nothing_behind(
    loaded: Warehouse, source: Source, changes: dict[str, object], code: int, message: str
) -> None:
    before = everything(loaded)
    done = run(
        loaded,
        *("tenant", "add", "beta", "--source", address(source, **changes)),
        env={"TENANTRY_SOURCE_PASSWORD": SECRET},
    )
    refused(done, code, message)
    assert "hunter2" not in done.err
    assert everything(loaded) == before


@pytest.mark.parametrize("tenant", ["beta", "acme"])
def test_a_wrong_password_changes_neither_a_new_nor_an_old_connection(
    loaded: Warehouse, source: Source, tenant: str
) -> None:
    before = everything(loaded)
    done = run(
        loaded,
        *("tenant", "add", tenant, "--source", address(source)),
        env={"TENANTRY_SOURCE_PASSWORD": "not-the-password"},
    )
    refused(done, FAILED, f'source of "{tenant}" cannot be used: .*password authentication failed')
    assert "not-the-password" not in done.err
    assert everything(loaded) == before
    assert run(loaded, "tenant", "test", "acme").code == 0


def test_a_source_that_is_down_leaves_nothing_behind(loaded: Warehouse, source: Source) -> None:
    before = everything(loaded)
    done = run(
        loaded,
        *("tenant", "add", "beta", "--source", address(source, port=find_free_port())),
        env={"TENANTRY_SOURCE_PASSWORD": SECRET},
    )
    refused(done, FAILED, 'source of "beta" cannot be used: .*Connection refused')
    assert everything(loaded) == before


def test_a_source_without_a_password_is_refused(loaded: Warehouse, source: Source) -> None:
    before = everything(loaded)
    refused(
        run(loaded, "tenant", "add", "beta", "--source", address(source)), INPUT, "no password for the source"
    )
    assert everything(loaded) == before


def test_a_source_written_wrongly_does_not_show_the_password_in_it(loaded: Warehouse) -> None:
    done = run(
        loaded, "tenant", "add", "beta", "--source", "postgresql://reader:hunter 2@localhost/production"
    )
    refused(done, INPUT, "--source cannot be read")
    assert "hunter" not in done.err


COMMANDS = (
    ("status",),
    ("backfill", "foodlogstats", "--all"),
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_database_that_is_no_warehouse_is_refused(source: Source, arguments: tuple[str, ...]) -> None:
    refused(run(source, *arguments), NOT_INSTALLED, "this database holds no warehouse")
    assert source.value("SELECT to_regnamespace('_wh')") is None


@pytest.mark.parametrize("arguments", [*COMMANDS, ("init",)], ids=" ".join)
def test_a_warehouse_that_is_newer_than_the_program_is_refused(
    loaded: Warehouse, arguments: tuple[str, ...]
) -> None:
    loaded.run("INSERT INTO _wh.migrations (version, name, sha256) VALUES (999, 'future', '')")
    before = everything(loaded)
    refused(run(loaded.admin, *arguments), NOT_INSTALLED, "newer than this program: it has migration 999")
    assert everything(loaded) == before


def test_a_warehouse_that_is_older_than_the_program_is_refused(loaded: Warehouse) -> None:
    loaded.run("DELETE FROM _wh.migrations WHERE version = 1")
    loaded.run("INSERT INTO _wh.migrations (version, name, sha256) VALUES (0, 'past', '')")
    refused(run(loaded, "status"), NOT_INSTALLED, "older than this program: migration 1 is missing")


def test_a_server_that_never_had_a_warehouse_is_refused(make_server: Callable[..., Server]) -> None:
    server = make_server()
    server.start()
    refused(run(server.conninfo(), "status"), NOT_INSTALLED, "this database holds no warehouse")


def test_a_reader_is_not_let_in_as_an_operator(loaded: Warehouse) -> None:
    refused(run(loaded.reader, "status"), FAILED, 'role "phood_ro" may not act as whadmin')


@pytest.mark.parametrize("command", ["status", "init"])
def test_a_warehouse_that_does_not_answer_is_told_apart(loaded: Warehouse, command: str) -> None:
    port = loaded.server.port
    for dsn, message in (
        (
            f"host=127.0.0.1 port={find_free_port()} user=whadmin dbname=x",
            "warehouse cannot be reached: .*refused",
        ),
        (
            f"host=127.0.0.1 port={port} user=whadmin dbname={loaded.name} password=hunter2",
            "authentication failed",
        ),
        (
            f"host=127.0.0.1 port={port} user=postgres dbname=nowhere passfile={loaded.server.directory}/pgpass",
            "does not exist",
        ),
    ):
        done = run(dsn, command)
        refused(done, UNREACHABLE, message)
        assert "hunter2" not in done.err


def test_a_dsn_that_cannot_be_read_is_refused_without_its_password() -> None:
    for dsn in (
        "postgresql://whadmin:hunter 2@localhost/warehouse",
        "host=localhost hunter2",
        "postgresql://whadmin:x@hunter2@localhost/warehouse",
        "postgresql://whadmin:x/hunter2@localhost/warehouse",
        "postgresql://whadmin:hunter/2@localhost/warehouse",
        "host=localhost password=x hunter2=y",
    ):
        done = run(dsn, "status")
        refused(done, INPUT, "the connection string cannot be read")
        assert "hunter" not in done.err


def test_a_password_on_the_command_line_is_warned_of_once_and_not_shown(loaded: Warehouse) -> None:
    port = loaded.server.port
    for dsn, warned in (
        (f"host=127.0.0.1 port={port} user=whadmin dbname={loaded.name} password=whadmin-password", True),
        (f"postgresql://whadmin:whadmin-password@127.0.0.1:{port}/{loaded.name}", True),
        (
            f"postgresql://whadmin@127.0.0.1:{port}/{loaded.name}?passfile={loaded.server.directory}/pgpass",
            False,
        ),
    ):
        for done, times in (
            (run(dsn, "status"), warned),
            (run(None, "status", env={"TENANTRY_DSN": dsn}), 0),
        ):
            assert done.code == 0, done.err
            assert done.err.count("--dsn holds a password") == times
            assert "whadmin-password" not in done.out + done.err


def test_an_empty_password_is_refused_by_init(loaded: Warehouse) -> None:
    before = everything(loaded)
    refused(
        run(loaded.admin, "init", env={"TENANTRY_READER_PASSWORD": ""}),
        INPUT,
        "TENANTRY_READER_PASSWORD is empty",
    )
    assert everything(loaded) == before
