"""The template commands: files in, differences out, and nothing lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tenantry.core.errors import InputError
from tenantry.core.model import Template, TemplateFile
from tenantry.db.connect import session
from tenantry.flow.template import drop, insert, load
from tenantry.flow.template import stored as templates
from tenantry.flow.template.file import as_file, parse
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 8)

TICKS = """\
-- name: ticks
-- description: Ticks
-- time_column: at
-- columns: id int, at timestamptz, value int
-- index: UNIQUE (id)

SELECT id, at, value::int AS value FROM ticks
WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz
"""


def ticks(**changes: Any) -> Template:
    (file,) = parse(TICKS, "ticks.sql")
    return Template(**{**vars(file.template), **changes})


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """Three days of the template ticks, loaded for acme."""
    make_ticks(source, DAY, 3)
    with session(acme.conninfo) as opened:
        load.load(opened, [replace(ticks(), storage="matview")])
    acme.run("SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', '2024-03-08', '2024-03-10')")
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    return acme


def stamps(warehouse: Warehouse) -> Any:
    return warehouse.rows("SELECT *, xmin::text FROM _wh.mv_templates ORDER BY 1")


def test_a_file_loaded_twice_changes_nothing_in_either_form(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "ticks.sql"
    path.write_text(TICKS)
    loaded = succeed(warehouse, "template", "load", path, "--json").json
    assert [(t["template"], t["action"], t["outdated"]) for t in loaded["templates"]] == [
        ("ticks", "new", [])
    ]
    before = stamps(warehouse)
    shown = succeed(warehouse, "template", "show", "ticks", "--file").out
    (tmp_path / "shown.sql").write_text(shown)
    (tmp_path / "insert.sql").write_text(succeed(warehouse, "template", "show", "foodlogstats", "--sql").out)
    again = succeed(warehouse, "template", "load", tmp_path / "shown.sql", tmp_path / "insert.sql").out
    assert again == "ticks: unchanged\nfoodlogstats: unchanged\n"
    assert stamps(warehouse) == before
    # And so says psql's way, which takes the text as it is.
    warehouse.run(insert.write(Template(**{**vars(stored(warehouse)), "name": "copy"})).encode())  # type: ignore[arg-type]
    assert stored(warehouse, "copy") == Template(**{**vars(stored(warehouse)), "name": "copy"})


def stored(warehouse: Warehouse, name: str = "ticks") -> Template:
    with session(warehouse.conninfo) as opened:
        return templates.get(opened, name)


def test_a_change_is_shown_with_the_days_that_are_out_of_date_and_a_dry_run_does_nothing(
    ticking: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "ticks.sql"
    path.write_text(
        TICKS.replace("value int\n", "value int, twice int\n").replace(
            "AS value", "AS value, 2 * value::int AS twice"
        )
    )
    before = stamps(ticking)
    tried = succeed(ticking, "template", "load", path, "--dry-run").out
    assert stamps(ticking) == before
    out = succeed(ticking, "template", "load", path).out
    assert tried == out.replace("ticks: changed", "ticks: would be changed")
    assert "  +SELECT id, at, value::int AS value, 2 * value::int AS twice FROM ticks" in out
    assert "acme: 3 days made by an earlier text" in out
    # The new column is in the views at once, and in the days when they are pulled again, as the command says.
    assert ticking.reader.rows("SELECT DISTINCT twice FROM public.ticks") == [(None,)]
    command = out.partition("To load again: tenantry ")[2].split()
    assert command == [
        "backfill",
        "ticks",
        "--tenant",
        "acme",
        "--from",
        "2024-03-08",
        "--to",
        "2024-03-10",
        "--reload",
    ]
    succeed(ticking, *command)
    assert ticking.reader.value("SELECT sum(twice) FROM public.ticks") == 6
    (listed,) = [
        t
        for t in succeed(ticking, "template", "list", "--json").json["templates"]
        if t["template"] == "ticks"
    ]
    assert (listed["tenants"], listed["days"], listed["outdated_days"]) == (["acme"], 3, 0)


def test_templates_are_loaded_all_or_none(warehouse: Warehouse, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.sql", tmp_path / "bad.sql"
    good.write_text(TICKS)
    bad.write_text(TICKS.replace("ticks", "tocks", 1).replace("at >= '{START_TIME}'::timestamptz AND ", ""))
    before = stamps(warehouse)
    refused = run(warehouse, "template", "load", good, bad)
    assert refused.code == 1
    assert refused.errors == ['1 error in template "tocks"']
    assert f"{bad}:8: error: at has only one bound" in refused.err
    bad.write_text(TICKS.replace("ticks", "tocks", 1).replace("value int", "value nonsense"))
    refused = run(warehouse, "template", "load", good, bad)
    assert refused.code == 2
    assert (
        'template "tocks": column_definitions cannot be read: type "nonsense" does not exist' in refused.err
    )
    twice = run(warehouse, "template", "load", good, good)
    assert (twice.code, twice.errors) == (2, [f'template "ticks" is defined more than once, in {good}'])
    assert stamps(warehouse) == before
    bad.write_text(TICKS.replace("ticks", "tocks", 1).replace("UNIQUE ", ""))
    assert run(warehouse, "template", "load", bad, "--strict").code == 1
    assert "warning: there is no unique index" in succeed(warehouse, "template", "load", bad).err


def test_tables_that_cannot_take_a_change_refuse_it(acme: Warehouse, source: Source) -> None:
    make_ticks(source, DAY, 1)
    with session(acme.conninfo) as opened:
        load.load(opened, [ticks(storage="partition")])
        acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
        before = stamps(acme)
        with pytest.raises(
            psycopg.errors.DatatypeMismatch, match=r'column value of table .*ticks" has another type'
        ):
            load.load(opened, [ticks(columns="id int, at timestamptz, value text")])
        assert stamps(acme) == before
        more = ticks(columns="id int, at timestamptz, value int, twice int")
        assert load.load(opened, [more])[0].outdated[0].days == 1
        assert acme.rows("SELECT DISTINCT twice FROM public.ticks") == [(None,)]
        (change,) = load.load(opened, [ticks(storage="matview")])
        assert (change.action, len(change.outdated), change.other_storage) == ("changed", 0, ["acme"])


def test_lint_takes_files_without_a_warehouse_and_names_with_one(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "ticks.sql"
    path.write_text(
        TICKS.replace("at >= ", "at::date >= ").replace("value::int AS value", "pg_size_pretty(1::bigint)")
    )
    found = run(None, "template", "lint", path, "--json")
    assert found.code == 1
    assert [(f["file"], f["template"], f["line"], f["rule"]) for f in found.json["findings"]] == [
        (str(path), "ticks", 8, "day-not-utc")
    ]
    assert succeed(warehouse, "template", "lint", "foodlogstats").out == "nothing found\n"
    define(warehouse, "odd", query="SELECT id, at, pg_notify('a', 'b'), pg_stat_get_numscans(1) FROM x WHERE at >= '{START_TIME}' AND at < '{END_TIME}'", columns="id int, at timestamptz, a text, b int")  # fmt: skip
    assert succeed(warehouse, "template", "lint", "odd").out.startswith("odd:1: warning: pg_notify() returns")
    assert run(warehouse, "template", "lint", "odd", "--strict").code == 1
    missing = run(warehouse, "template", "lint", "nothing")
    assert (missing.code, missing.errors) == (2, ['template "nothing" does not exist'])
    assert run(None, "template", "lint", tmp_path / "nothing.sql").code == 2


def test_the_server_says_which_functions_are_volatile(warehouse: Warehouse) -> None:
    file = TemplateFile(
        ticks(query=ticks().query.replace("value::int", "pg_stat_reset_shared('io')::text::int")), "t"
    )
    with session(warehouse.conninfo) as opened:
        assert [f.rule for f in load.check(opened, file)] == ["volatile"]


def editor(tmp_path: Path, *commands: str) -> dict[str, str]:
    """An environment whose editor runs sed on the file."""
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\n" + "\n".join(f'sed -i {command} "$1"' for command in commands) + "\n")
    script.chmod(0o755)
    return {"EDITOR": f"{script}", "TMPDIR": str(tmp_path)}


def test_a_template_is_edited_and_what_was_saved_is_never_lost(ticking: Warehouse, tmp_path: Path) -> None:
    before = stamps(ticking)
    assert "not changed" in succeed(ticking, "template", "edit", "ticks", env=editor(tmp_path)).err
    for command in (
        "'s/at >=/at::date >=/'",
        "'s/name: ticks/name: tocks/'",
        "'s/value int/value nonsense/'",
    ):
        bad = run(ticking, "template", "edit", "ticks", env=editor(tmp_path, command))
        assert bad.code == 1
        assert bad.errors[0].startswith("template 'ticks' was not changed: ")
        (kept,) = tmp_path.glob("tenantry-*.sql")
        assert str(kept) in bad.err
        assert kept.read_text() != as_file(stored(ticking))
        kept.unlink()
    assert stamps(ticking) == before
    good = succeed(
        ticking, "template", "edit", "ticks", env=editor(tmp_path, "'s/description: .*/description: More/'")
    )
    assert "+-- description: More" in good.out
    assert stored(ticking).description == "More"
    assert list(tmp_path.glob("tenantry-*.sql")) == []
    missing = run(
        ticking, "template", "edit", "ticks", env={"EDITOR": "/nowhere/editor", "TMPDIR": str(tmp_path)}
    )
    assert (missing.code, missing.errors) == (
        2,
        ["the editor /nowhere/editor cannot be run: No such file or directory"],
    )


def test_an_unknown_template_is_refused_by_every_command(warehouse: Warehouse) -> None:
    with (
        pytest.raises(InputError, match='template "nothing" does not exist'),
        session(warehouse.conninfo) as opened,
    ):
        templates.get(opened, "nothing")
    for command in ("show", "edit"):
        assert run(warehouse, "template", command, "nothing").code == 2


def test_a_template_in_use_is_dropped_only_with_its_data_and_reports_of_other_tenants_go_on(
    ticking: Warehouse, source: Source
) -> None:
    ticking.make_schema("abba")
    define(ticking, "other")
    ticking.run("SELECT _wh.update_mv_by_template('other', 'acme', 'acme', '2024-03-08')")
    ticking.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'abba', '2024-03-08', '2024-03-10')"
    )
    succeed(ticking, "template", "set-storage", "ticks", "partition", "--tenant", "abba")
    for name in ("ticks", "other"):
        ticking.run(
            "SELECT cron.schedule(%s, '0 * * * *', format('SELECT _wh.update_mv_by_template(%%L, ''acme'', ''acme'')', %s::text))",
            (name, name),
        )
    used = run(ticking, "template", "drop", "ticks", "--yes")
    assert used.code == 2
    assert used.errors == ['template "ticks" is used by abba (3 days, 6 rows), acme (3 days, 6 rows)']
    ticking.run("CREATE VIEW public.mine AS SELECT * FROM acme.ticks")
    read = run(ticking, "template", "drop", "ticks", "--with-data", "--yes")
    assert (read.code, "mine reads acme.ticks" in read.err) == (2, True)
    ticking.run("DROP VIEW public.mine")
    assert run(ticking, "template", "drop", "ticks", "--with-data").errors == [
        "there is no terminal to ask for confirmation"
    ]
    assert ticking.value("SELECT count(*) FROM public.ticks") == 12
    # A drop that was cut off after its first step.
    with session(ticking.conninfo) as opened:
        opened.execute("SELECT _wh_internal.drop_feed('ticks', 'abba', 1)")
        assert [use.tenant for use in drop.uses(opened, "ticks")] == ["abba", "acme"]
    assert ticking.reader.value("SELECT count(*) FROM public.ticks WHERE schema_name = 'acme'") == 6
    assert succeed(ticking, "template", "drop", "ticks", "--with-data", "--yes").out.startswith(
        "ticks is dropped"
    )
    assert (
        ticking.rows(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname LIKE '%ticks%' AND n.nspname IN ('acme', 'abba', 'public') AND c.relkind <> 'i'"
        )
        == []
    )
    assert ticking.rows("SELECT template_name FROM _wh.mv_templates ORDER BY 1") == [
        ("foodlogstats",),
        ("other",),
    ]
    assert ticking.value("SELECT count(*) FROM acme.other") == 2
    assert succeed(ticking, "template", "drop", "foodlogstats", "--yes", "--json").json["dropped"] == []
