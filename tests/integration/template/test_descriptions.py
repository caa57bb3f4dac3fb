"""A template's descriptions are the comments of its views; what somebody else wrote as a comment stays."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tenantry.recovery.rows import with_short_description
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.program import succeed
from tests.support.samples.small_template import COLUMNS, QUERY, define, make_ticks

pytestmark = pytest.mark.any_server

FIRST = date(2024, 1, 1)
LAST = FIRST + timedelta(days=1)
VIEWS = ("acme.ticks", "public.ticks")

SAID = {"": "Ticks of a clock", "at": "when it ticked", "value": "how loud"}

COMMENTS: LiteralString = """
SELECT coalesce(a.attname, ''), d.description FROM pg_description d
LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND a.attnum > 0
WHERE d.classoid = 'pg_class'::regclass AND d.objoid = to_regclass(%s)
"""

in_both_storages = pytest.mark.parametrize("storage", ["matview", "partition"])


def comments(warehouse: Warehouse, relation: str) -> dict[str, str]:
    """The comments of a relation by column; its own under the empty name."""
    return dict(warehouse.rows(COMMENTS, (relation,)))


def describe(warehouse: Warehouse, said: dict[str, str]) -> None:
    """As a user of psql does."""
    columns = {name: text for name, text in said.items() if name}
    warehouse.run(
        "UPDATE _wh.mv_templates SET description = %s, column_descriptions = %s WHERE template_name = 'ticks'",
        (said.get(""), Jsonb(columns)),
    )


def ticking(warehouse: Warehouse, source: Source, storage: str) -> None:
    """Two days of `ticks`, which is described."""
    make_ticks(source, FIRST, 3)
    define(warehouse)
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    describe(warehouse, SAID)
    by_loader(warehouse, FIRST, LAST, template="ticks")


def publish(warehouse: Warehouse) -> None:
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")


@in_both_storages
def test_descriptions_are_comments_in_public_and_with_the_tenant(
    acme: Warehouse, source: Source, storage: str
) -> None:
    ticking(acme, source, storage)
    assert [comments(acme, view) for view in VIEWS] == [SAID, SAID]


@in_both_storages
def test_a_changed_description_follows_and_a_removed_one_takes_its_comment_along(
    acme: Warehouse, source: Source, storage: str
) -> None:
    ticking(acme, source, storage)
    oids: LiteralString = "SELECT 'acme.ticks'::regclass::oid, 'public.ticks'::regclass::oid"
    before = acme.rows(oids)
    describe(acme, {"": "Ticks", "at": "when it ticked", "id": "its number"})
    by_sql(acme, LAST, LAST, template="ticks")
    now = {"": "Ticks", "at": "when it ticked", "id": "its number"}
    assert [comments(acme, view) for view in VIEWS] == [now, now]
    describe(acme, {})
    publish(acme)
    assert [comments(acme, view) for view in VIEWS] == [{}, {}]
    assert acme.rows(oids) == before
    assert acme.value("SELECT count(*) FROM _wh.feeds f, _wh_internal.day_states(f) d WHERE d.outdated") == 0


@in_both_storages
def test_a_comment_of_somebody_else_stays_whatever_the_template_says(
    acme: Warehouse, source: Source, storage: str
) -> None:
    ticking(acme, source, storage)
    kind: LiteralString = "VIEW" if acme.value("SELECT relkind FROM pg_class WHERE oid = 'acme.ticks'::regclass") == "v" else "TABLE"  # fmt: skip
    for statement in ("acme.ticks IS 'theirs'", "public.ticks IS 'theirs'"):
        acme.run("COMMENT ON " + kind + " " + statement)
    acme.run("COMMENT ON COLUMN acme.ticks.value IS 'their value'")
    acme.run("COMMENT ON COLUMN acme.ticks.id IS 'their id'")
    describe(acme, {"": "Another", "value": "another", "id": "another", "at": "another"})
    publish(acme)
    for _ in range(2):
        assert comments(acme, "acme.ticks") == {"": "theirs", "value": "their value", "id": "their id", "at": "another"}  # fmt: skip
        assert comments(acme, "public.ticks")[""] == "theirs"
        describe(acme, {"at": "another"})
        publish(acme)
    acme.run("COMMENT ON COLUMN acme.ticks.id IS NULL")
    describe(acme, {"id": "ours again"})
    publish(acme)
    assert comments(acme, "acme.ticks") == {"": "theirs", "value": "their value", "id": "ours again"}


def test_descriptions_and_comments_of_others_survive_a_move_and_can_be_changed_after_it(
    acme: Warehouse, source: Source
) -> None:
    ticking(acme, source, "matview")
    acme.run("COMMENT ON COLUMN acme.ticks.id IS 'their id'")
    for number, storage in enumerate(("partition", "matview")):
        # Not published before the move, which must not take the old one for somebody else's.
        said = SAID | {"at": f"move {number}"}
        describe(acme, said)
        acme.run("CALL _wh.set_storage('ticks', %s, 'acme')", (storage,))
        assert comments(acme, "acme.ticks") == said | {"id": "their id"}
        assert comments(acme, "public.ticks") == said
        acme.run("CALL _wh.drop_old_storage('ticks', 'acme')")
    describe(acme, {})
    publish(acme)
    assert comments(acme, "acme.ticks") == {"id": "their id"}
    assert comments(acme, "public.ticks") == {}


@in_both_storages
def test_a_column_that_the_template_drops_takes_its_description_along(
    acme: Warehouse, source: Source, storage: str
) -> None:
    ticking(acme, source, storage)
    define(
        acme,
        columns=COLUMNS.replace(", value int", ", loudness int"),
        query=QUERY.replace(" END\n", " END AS loudness\n"),
    )
    assert acme.value("SELECT column_descriptions FROM _wh.mv_templates WHERE template_name = 'ticks'") == {"at": SAID["at"]}  # fmt: skip
    by_loader(acme, FIRST, LAST, template="ticks")
    assert comments(acme, "public.ticks")["at"] == SAID["at"]
    describe(acme, {"loudness": "how loud"})
    publish(acme)
    assert (
        comments(acme, "public.ticks")["loudness"] == comments(acme, "acme.ticks")["loudness"] == "how loud"
    )


@pytest.mark.parametrize(
    "said, reason, hint",
    [
        ({"colour": "red"}, 'column "colour" is described, and is not among its columns', "id, at, value"),
        ({"at": "x" * 1001}, 'the description of column "at" is longer than 1,000 characters', "Shorten it."),
        ({"": "x" * 1001}, "its description is longer than 1,000 characters", "Shorten it."),
        ({"": "a\u202eb"}, "its description has characters that cannot be seen", r"a\u202eb"),
        ({"at": "a\x1b[2Jb"}, 'of column "at" has characters that cannot be seen', r"a\x1b[2Jb"),
    ],
)
def test_what_cannot_be_a_comment_is_refused(
    warehouse: Warehouse, said: dict[str, str], reason: str, hint: str
) -> None:
    define(warehouse)
    with pytest.raises(psycopg.Error) as caught:
        describe(warehouse, said)
    assert caught.value.diag.message_primary is not None
    assert caught.value.diag.message_primary.startswith('template "ticks": ')
    assert reason in caught.value.diag.message_primary
    assert hint in str(caught.value.diag.message_hint)


@pytest.mark.parametrize("value", ["[]", '"at"', '{"at": 1}', '{"at": {"at": "x"}}', '{"at": null}'])
def test_column_descriptions_are_an_object_of_texts(warehouse: Warehouse, value: str) -> None:
    define(warehouse)
    with pytest.raises(psycopg.Error, match="not an object of texts"):
        warehouse.run("UPDATE _wh.mv_templates SET column_descriptions = %s::jsonb", (value,))


def test_descriptions_are_data_and_are_never_run(acme: Warehouse, source: Source) -> None:
    said = {"": "'; DROP TABLE _wh.slices; --", "at": "$$ || pg_sleep(9) \\ %s {SCHEMA}"}
    make_ticks(source, FIRST, 2)
    define(acme, columns='id int, at timestamptz, "Odd ""name" int')
    describe(acme, {**said, 'Odd "name': "odd"})
    by_loader(acme, FIRST, LAST, template="ticks")
    assert comments(acme, "acme.ticks") == {**said, 'Odd "name': "odd"}


def test_a_view_that_belongs_to_somebody_else_is_not_described_and_the_load_goes_on(
    acme: Warehouse, source: Source
) -> None:
    ticking(acme, source, "matview")
    with acme.admin.connect() as administrator:
        administrator.execute("ALTER VIEW public.ticks OWNER TO postgres")
    describe(acme, {"": "Another"})
    publish(acme)
    assert comments(acme, "public.ticks") == SAID
    assert comments(acme, "acme.ticks") == {"": "Another"}


def test_a_file_says_what_columns_mean_and_loading_it_makes_no_day_outdated(
    acme: Warehouse, source: Source, tmp_path: Path
) -> None:
    ticking(acme, source, "matview")
    file = tmp_path / "ticks.sql"
    text = succeed(acme, "template", "show", "ticks", "--file").out
    assert "-- description: Ticks of a clock\n" in text
    assert "-- descriptions:\n--   at: when it ticked\n--   value: how loud\n" in text
    file.write_text(text.replace("--   value: how loud\n", "--   value: how loud,\n--     in decibels\n"))
    (done,) = succeed(acme, "template", "load", str(file), "--json").json["templates"]
    assert (done["action"], done["outdated"]) == ("changed", [])
    assert comments(acme, "acme.ticks") == comments(acme, "public.ticks") == SAID | {"value": "how loud,\nin decibels"}  # fmt: skip
    for form in ("--file", "--sql"):
        file.write_text(succeed(acme, "template", "show", "ticks", form).out)
        (again,) = succeed(acme, "template", "load", str(file), "--json").json["templates"]
        assert again["action"] == "unchanged", form


def test_a_file_that_does_not_speak_of_descriptions_leaves_those_of_the_columns_it_keeps(
    acme: Warehouse, source: Source, tmp_path: Path
) -> None:
    ticking(acme, source, "matview")
    file = tmp_path / "ticks.sql"
    file.write_text(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions) VALUES ('ticks',"
        f" $${QUERY.replace(' END', ' END AS loudness')}$$, '{COLUMNS.replace(', value', ', loudness')}')"
    )
    succeed(acme, "template", "load", file)
    assert comments(acme, "public.ticks") == {"": SAID[""], "at": SAID["at"]}


def test_the_fleets_file_describes_templates_and_apply_publishes_that(
    acme: Warehouse, source: Source, tmp_path: Path
) -> None:
    ticking(acme, source, "matview")
    (tmp_path / "ticks.sql").write_text(succeed(acme, "template", "show", "ticks", "--file").out)
    fleet = tmp_path / "tenantry.toml"
    fleet.write_text(
        '[templates.ticks]\nfile = "ticks.sql"\n[templates.ticks.descriptions]\nvalue = "how loud it was"\n'
    )
    done: Any = succeed(acme, "apply", "--file", str(fleet), "--yes", "--json").json
    assert "descriptions" in json.dumps(done)
    assert comments(acme, "acme.ticks") == SAID | {"value": "how loud it was"}
    out = tmp_path / "out" / "tenantry.toml"
    succeed(acme, "export", "--file", str(out))
    assert "--   value: how loud it was\n" in (out.parent / "templates" / "ticks.sql").read_text()


def test_the_delivered_template_describes_every_column_and_an_upgrade_says_so(
    acme: Warehouse, source: Source
) -> None:
    source.fill(FIRST, 1)
    acme.run("UPDATE _wh.mv_templates SET description = NULL, column_descriptions = '{}'")
    by_loader(acme, FIRST, FIRST)
    assert comments(acme, "public.foodlogstats") == {}
    succeed(acme.admin, "upgrade")
    columns = {row[0] for row in acme.rows("SELECT column_name FROM _wh.template_columns")}
    assert comments(acme, "public.foodlogstats").keys() == columns | {""}
    assert comments(acme, "acme.foodlogstats").keys() == columns | {""}


def test_a_warehouse_of_a_version_without_descriptions_of_columns_is_upgraded_with_what_its_templates_say(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, FIRST, 2)
    define(acme)
    by_loader(acme, FIRST, LAST, template="ticks")
    acme.run("ALTER TABLE _wh.mv_templates DISABLE TRIGGER check_descriptions")
    long = "x" * 1500 + "\u202e"
    acme.run("UPDATE _wh.mv_templates SET description = %s WHERE template_name = 'ticks'", (long,))
    acme.run("ALTER TABLE _wh.mv_templates DROP COLUMN column_descriptions")
    acme.run("DROP TABLE _wh.view_comments")
    acme.run("DELETE FROM _wh.migrations WHERE name = 'descriptions'")
    succeed(acme.admin, "upgrade")
    assert comments(acme, "acme.ticks") == comments(acme, "public.ticks") == {"": "x" * 1000}
    # What was stored before stays as it is until somebody writes another one.
    define(acme, indexes=None)
    assert acme.value("SELECT description FROM _wh.mv_templates WHERE template_name = 'ticks'") == long


def test_a_description_in_a_backup_of_an_older_version_is_cut_to_what_a_warehouse_takes() -> None:
    row = {"template_name": "t", "description": "a\u202e" + "x" * 1000}
    restored = json.loads(with_short_description(json.dumps(row)))
    assert restored == {"template_name": "t", "description": "a\\u202e" + "x" * 993}
    assert json.loads(with_short_description('{"description": null}')) == {"description": None}
