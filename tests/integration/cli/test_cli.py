"""The program from an empty database to reports, as an operator runs it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tenantry.db.migrations import known
from tenantry.embedded import Server, find_free_port
from tests.support.databases import SECRET, Database, Maker, Source, Warehouse
from tests.support.program import address, run, succeed
from tests.support.samples.small_template import define, make_ticks, spoil

pytestmark = pytest.mark.any_server

PASSWORDS = {
    "TENANTRY_WHADMIN_PASSWORD": "whadmin-password",
    "TENANTRY_READER_PASSWORD": "reader-password",
}
"""Those that the roles have already: all databases of the tests' server share them."""


@pytest.fixture
def empty(server: Server, maker: Maker) -> Database:
    """A database with nothing in it, as its administrator."""
    return Database(server, maker.clone("template0", "empty"), "postgres")


def test_init_makes_a_warehouse_once_and_finds_it_in_place_afterwards(empty: Database) -> None:
    first = succeed(empty, "init", "--json", env=PASSWORDS).json
    assert first["done"] == [f"migration {m.name} applied" for m in known()]
    assert first["installation"]["templates"] == ["foodlogstats"]
    assert [role["role"] for role in first["installation"]["roles"]] == ["phood_ro", "whadmin"]
    assert not any(role["superuser"] or role["createrole"] for role in first["installation"]["roles"])

    second = succeed(empty, "init", env=PASSWORDS)
    assert "everything was in place" in second.err
    assert succeed(empty, "init", "--json", env=PASSWORDS).json == {**first, "done": []}


def test_init_leaves_passwords_alone_when_none_is_given(empty: Database, server: Server) -> None:
    succeed(empty, "init", env=PASSWORDS)
    succeed(empty, "init")
    for role in ("whadmin", "phood_ro"):
        assert Database(server, empty.name, role).value("SELECT current_user") == role


def test_a_tenant_is_taken_in_with_one_command(
    empty: Database, source: Source, server: Server, today: date
) -> None:
    succeed(empty, "init", env=PASSWORDS)
    source.fill(today - timedelta(days=4), 5)
    done = succeed(
        empty,
        *(
            "tenant",
            "add",
            "acme",
            "--source",
            address(source),
            "--from",
            today - timedelta(days=6),
            "--json",
        ),
        env={"TENANTRY_SOURCE_PASSWORD": SECRET},
    )
    summary = done.json
    assert summary["load"].pop("duration_seconds") >= 0
    assert summary == {
        "tenant": "acme",
        "load": {
            "complete": True,
            "interrupted": False,
            "rows": 15,
            "feeds": [
                {
                    "tenant": "acme",
                    "template": "foodlogstats",
                    "loaded": 7,
                    "rows": 15,
                    "present": 0,
                    "unchanged": 0,
                    "not_tried": 0,
                    "source_lost": None,
                    "gone": [],
                    "before_first_day": None,
                    "failed": 0,
                    "failures": [],
                    "not_indexed": [],
                }
            ],
        },
        "folded": [],
        "different_days": [],
        "not_compared": [],
        "rows_ahead": [],
        "jobs": ["foodlogstats_update_acme", "acme_2week_refresh", "yearly_combination_acme"],
    }
    for name in ("connection", "test", "schema", "source", "backfill", "views", "compared"):
        assert f"✓ {name}" in done.err
    assert re.search(r"✓ backfill +7 slices, 15 rows in [0-9.]+ s\"", done.err)
    assert Database(server, empty.name, "phood_ro").rows(
        "SELECT id, quantity, weight, logged_time, schema_name FROM public.foodlogstats ORDER BY id"
    ) == source.rows(
        "SELECT f.id, quantity, quantity - 1.5, logged_time, 'acme' FROM phood_foodlogsum f ORDER BY id"
    )
    assert SECRET.strip() not in done.out + done.err


def test_a_tenant_is_taken_in_again_without_its_password_and_nothing_is_loaded_twice(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    add = (
        "tenant",
        "add",
        "acme",
        "--source",
        address(source),
        "--from",
        today - timedelta(days=2),
        "--json",
    )
    source.fill(today - timedelta(days=2), 3)
    succeed(warehouse, *add, env={"TENANTRY_SOURCE_PASSWORD": SECRET})
    again = succeed(warehouse, *add).json
    assert again["load"]["complete"]
    assert (again["load"]["feeds"][0]["loaded"], again["load"]["feeds"][0]["present"]) == (0, 3)


def test_taking_in_a_tenant_says_how_many_of_its_days_are_missing(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    first = today - timedelta(days=3)
    make_ticks(source, first, 4)
    spoil(source, first)
    spoil(source, first + timedelta(days=1))
    define(warehouse)
    add = ("tenant", "add", "acme", "--source", address(source), "--template", "ticks", "--from", first)
    done = run(warehouse, *add, env={"TENANTRY_SOURCE_PASSWORD": SECRET})
    assert done.code == 1
    assert re.search(r"✓ backfill +2 slices, 4 rows in [0-9.]+ s; 2 are missing$", done.err, re.MULTILINE)
    again = run(warehouse, *add, env={"TENANTRY_SOURCE_PASSWORD": SECRET})
    assert "; 2 already loaded; 2 are missing" in again.err


def test_years_that_are_over_are_folded_at_once_unless_somebody_says_not_to(
    warehouse: Warehouse, source: Source, today: date
) -> None:
    # In January last year stays open.
    first = date((today - timedelta(days=31)).year - 1, 1, 1)
    make_ticks(source, first, (today - first).days + 1, per_day=1)
    define(warehouse)
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    add = ("tenant", "add", "acme", "--source", address(source), "--template", "ticks", "--json")
    kept = succeed(warehouse, *add, "--no-fold", env={"TENANTRY_SOURCE_PASSWORD": SECRET}).json
    assert (kept["load"]["complete"], kept["folded"]) == (True, [])
    folded = succeed(warehouse, *add).json["folded"]
    assert [item["table"] for item in folded] == [f"ticks_{first.year}"]


def test_the_password_of_a_source_may_come_from_a_file(
    warehouse: Warehouse, source: Source, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("secret") / "password"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    done = succeed(
        warehouse,
        *("tenant", "add", "acme", "--source", address(source), "--from", "today", "--password-file", file),
    )
    assert "acme is added" in done.out


def test_every_command_that_looks_speaks_json(acme: Warehouse, source: Source, today: date) -> None:
    source.fill(date(2024, 3, 8), 3)
    loaded = succeed(
        acme, "tenant", "add", "acme", "--source", address(source), "--from", today, "--json"
    ).json
    assert loaded["load"]["complete"]
    acme.load(date(2024, 3, 8), date(2024, 3, 10))

    (listed,) = succeed(acme, "tenant", "list", "--json").json["tenants"]
    assert (listed["tenant"], listed["connection"], listed["templates"]) == ("acme", "acme", ["foodlogstats"])
    assert listed["source"] == f"source_reader@127.0.0.1:{source.server.port}/{source.name}"
    shown = succeed(acme, "tenant", "show", "acme", "--json").json
    assert (shown["tenant"], shown["facts"]) == ("acme", listed)
    (status,) = succeed(acme, "status", "--json").json["feeds"]
    assert shown["feeds"] == [status]
    assert {
        key: status[key] for key in ("tenant", "days", "rows", "first_day", "last_day", "failed", "stale")
    } == {
        "tenant": "acme",
        "days": 4,
        "rows": 9,
        "first_day": "2024-03-08",
        "last_day": str(today),
        "failed": 0,
        "stale": 0,
    }
    assert status["missing"] == (today - date(2024, 3, 10)).days - 1
    tried = succeed(acme, "tenant", "test", "acme", "--json").json["answered"]
    assert (tried["database"], tried["time_zone"], tried["read_only"]) == (source.name, "UTC", True)


def test_every_command_that_looks_prints_for_people_too(acme: Warehouse, source: Source) -> None:
    source.fill(date(2024, 3, 8), 3)
    acme.load(date(2024, 3, 8), date(2024, 3, 10))
    for command, words in (
        (("tenant", "list"), "source_reader@127.0.0.1"),
        (
            ("tenant", "show", "acme"),
            "  from           2024-03-08\n  to             2024-03-10\n  days           3\n  rows           9\n",
        ),
        (("tenant", "test", "acme"), "read only, UTC"),
        (("status",), "2024-03-08"),
    ):
        assert words in succeed(acme, *command).out


def test_a_refresh_pulls_a_day_again(acme: Warehouse, source: Source) -> None:
    source.fill(date(2024, 3, 8), 1)
    acme.load(date(2024, 3, 8), date(2024, 3, 8))
    source.run("DELETE FROM phood_foodlogsum WHERE quantity = 10")
    result = succeed(acme, "refresh", "foodlogstats", "--all", "--date", "2024-03-08", "--json").json
    assert [(t["tenant"], t["loaded"], t["rows"]) for t in result["load"]["feeds"]] == [("acme", 1, 2)]
    assert acme.reader.value("SELECT count(*) FROM public.foodlogstats") == 2


def test_a_year_is_checked_filled_and_folded(acme: Warehouse, source: Source) -> None:
    make_ticks(source, date(2023, 1, 1), 365)
    define(acme)
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2023-07-01')")
    check = run(acme, "year", "check", "ticks", 2023, "--tenant", "acme", "--json")
    (checked,) = check.json["years"]
    assert (check.code, checked["expected_days"] - checked["days"]) == (1, 364)
    assert checked["missing"][0] == {"first_day": "2023-01-01", "last_day": "2023-06-30"}

    backfill = ("backfill", "ticks", "--all", "--from", "2023-01-01", "--to", "2023-12-31", "--json")
    (filled,) = succeed(acme, *backfill).json["load"]["feeds"]
    assert (filled["loaded"], filled["present"], filled["rows"]) == (364, 1, 728)

    (checked,) = succeed(acme, "year", "check", "ticks", 2023, "--all", "--json").json["years"]
    assert checked["status"] == "complete"
    folded = succeed(acme, "year", "fold", "ticks", 2023, "--tenant", "acme", "--json").json
    assert (folded["failed"], folded["failures"]) == (0, [])
    assert [(c["days"], c["rows"]) for c in folded["folded"]] == [(365, 730)]
    assert succeed(acme, *backfill).json["load"]["feeds"][0]["present"] == 365
    assert acme.reader.value("SELECT count(*) FROM public.ticks") == 730


def test_a_day_that_fails_is_named_with_the_words_of_the_source(acme: Warehouse, source: Source) -> None:
    make_ticks(source, date(2024, 3, 1), 30)
    spoil(source, date(2024, 3, 12))
    define(acme)
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-03-01')")
    done = run(acme, "backfill", "ticks", "--tenant", "acme", "--from", "2024-03-01", "--to", "2024-03-30")
    assert done.code == 1
    assert done.errors == ["1 slice failed; all others are kept"]
    assert 'acme    2024-03-12  invalid input syntax for type integer: "broken"' in done.out
    assert acme.value("SELECT count(*) FROM acme.ticks") == 58


def test_without_a_first_day_a_backfill_begins_where_the_source_does(acme: Warehouse, source: Source) -> None:
    source.fill(date(2024, 3, 8), 3)
    acme.load(date(2024, 3, 9), date(2024, 3, 9))
    (result,) = succeed(acme, "backfill", "foodlogstats", "--all", "--to", "2024-03-12", "--json").json[
        "load"
    ]["feeds"]
    assert (result["loaded"], result["present"], result["rows"]) == (4, 1, 6)


def test_a_source_that_cannot_be_asked_for_its_days_does_not_stop_the_others(
    acme: Warehouse, source: Source
) -> None:
    source.fill(date(2024, 3, 8), 3)
    acme.load(date(2024, 3, 10), date(2024, 3, 10))
    acme.connect_to(source, "zoo")
    acme.make_schema("zoo")
    acme.load(date(2024, 3, 8), date(2024, 3, 8), "zoo", "zoo")
    acme.run("UPDATE _wh.tenant_connections SET port = %s WHERE tenant_name = 'acme'", (find_free_port(),))
    done = run(acme, "backfill", "foodlogstats", "--all", "--to", "2024-03-10", "--json")
    assert done.code == 1
    assert done.errors == ["the source of acme did not answer; all others are kept"]
    first, second = done.json["load"]["feeds"]
    assert (first["tenant"], first["loaded"], first["not_tried"]) == ("acme", 0, 0)
    assert "Connection refused" in first["source_lost"]
    assert (second["tenant"], second["loaded"], second["present"]) == ("zoo", 2, 1)


def test_square_brackets_are_printed_as_they_are(acme: Warehouse, source: Source) -> None:
    source.fill(date(2024, 3, 8), 1)
    acme.connect_to(source, "[/bold]")
    acme.make_schema("[/bold]")
    acme.load(date(2024, 3, 8), date(2024, 3, 8), "[/bold]", "[/bold]")
    source.run('ALTER TABLE phood_pan RENAME TO "gone[/red]"')
    for command in (("status",), ("tenant", "list"), ("tenant", "show", "[/bold]")):
        assert "[/bold]" in succeed(acme, *command).out
    failed = run(acme, "refresh", "foodlogstats", "--all", "--date", "2024-03-08")
    assert failed.code == 1
    assert '[/bold]  2024-03-08  relation "phood_pan" does not exist' in failed.out
