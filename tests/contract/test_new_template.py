"""Manual, "Adding a New Template": a file with one INSERT, then slices and views of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, acting, either
from tests.support.databases import Source, Warehouse
from tests.support.psql import psql

TEMPLATE = """
INSERT INTO _wh.mv_templates (
    template_name,
    description,
    query_template,
    column_definitions,
    indexes
) VALUES (
    'pan_moves',
    'Pans as they move between kitchens',
    $template$
SELECT
    m.id,
    k.name AS kitchen,
    m.pan_name,
    m.pans_left,
    m.moved_at AS recorded_time
FROM pan_moves m
LEFT JOIN kitchens k ON m.kitchen_id = k.id
WHERE (m.moved_at AT TIME ZONE 'UTC')::DATE = '{TARGET_DATE}'::DATE
$template$,
    $columns$
id INTEGER,
kitchen TEXT,
pan_name TEXT,
pans_left INTEGER,
recorded_time TIMESTAMP
$columns$,
    'CREATE UNIQUE INDEX idx_{SCHEMA}_{VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);
CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_recorded_time ON {SCHEMA}.{VIEW_NAME} (recorded_time);
CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_kitchen ON {SCHEMA}.{VIEW_NAME} (kitchen);'
)"""

AGAIN = """
ON CONFLICT (template_name) DO UPDATE SET description = excluded.description,
    query_template = excluded.query_template, column_definitions = excluded.column_definitions, indexes = excluded.indexes"""


@pytest.fixture
def pans(acme: Warehouse, source: Source) -> Warehouse:
    """The template is there, and a schema `kitchens` for its slices; the source has moves around two midnights of UTC."""
    source.run("CREATE TABLE kitchens (id int, name text)")
    source.run("INSERT INTO kitchens VALUES (1, 'North'), (2, 'South')")
    source.run(
        "CREATE TABLE pan_moves (id int, kitchen_id int, pan_name text, pans_left int, moved_at timestamptz)"
    )
    source.run(
        "INSERT INTO pan_moves VALUES (1, 1, 'Half', 9, '2023-11-04 23:59:59+00'), (2, 1, 'Half', 8, '2023-11-05 00:00+00'),"
        " (3, 2, 'Full', 7, '2023-11-05 23:59:59+00'), (4, 2, 'Full', 6, '2023-11-06 00:00+00'), (5, 3, 'Full', 5, now())"
    )
    source.run("GRANT SELECT ON kitchens, pan_moves TO source_reader")
    acme.make_schema("kitchens")
    with acme.connect() as session:
        session.execute(TEMPLATE.encode())
    return acme


@AS_EITHER
def test_a_template_file_is_loaded_by_psql(warehouse: Warehouse, tmp_path: Path, role: str) -> None:
    file = tmp_path / "template-pan_moves.sql"
    file.write_text(TEMPLATE + ";\n")
    done = psql(warehouse, "--set=ON_ERROR_STOP=on", text=f"\\c {warehouse.name} {role}\n\\i {file}\n")
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
    assert warehouse.rows(
        "SELECT column_name, data_type FROM _wh.template_columns WHERE template_name = 'pan_moves' ORDER BY position"
    ) == [
        ("id", "integer"),
        ("kitchen", "text"),
        ("pan_name", "text"),
        ("pans_left", "integer"),
        ("recorded_time", "timestamp without time zone"),
    ]


@AS_EITHER
def test_a_slice_of_the_new_template_has_its_days_rows_and_its_indexes(pans: Warehouse, role: str) -> None:
    assert acting(pans, role).value(
        "SELECT _wh.create_mv_from_template('pan_moves', 'acme', 'kitchens', '2023-11-05'::date)"
    )
    assert pans.rows("SELECT id, kitchen, pans_left FROM kitchens.pan_moves_2023_11_05 ORDER BY id") == [
        (2, "North", 8),
        (3, "South", 7),
    ]
    assert pans.rows("SELECT matviewowner::text FROM pg_matviews WHERE schemaname = 'kitchens'") == [
        ("whadmin",)
    ]
    assert pans.rows("SELECT indexname::text FROM pg_indexes WHERE schemaname = 'kitchens' ORDER BY 1") == [
        (f"idx_kitchens_pan_moves_2023_11_05_{column}",) for column in ("id", "kitchen", "recorded_time")
    ]


def test_a_slice_of_today_is_made_with_current_date(pans: Warehouse) -> None:
    before = datetime.now(UTC).date()
    assert (
        pans.value("SELECT _wh.create_mv_from_template('pan_moves', 'acme', 'kitchens', CURRENT_DATE)")
        is True
    )
    ((made,),) = pans.rows("SELECT slice_date FROM _wh.slices WHERE status = 'loaded'")
    assert made in {before, datetime.now(UTC).date()}


@AS_EITHER
def test_the_tenants_union_view_of_the_new_template_shows_its_slices(pans: Warehouse, role: str) -> None:
    for day in ("2023-11-04", "2023-11-05"):
        pans.run("SELECT _wh.create_mv_from_template('pan_moves', 'acme', 'kitchens', %s)", (day,))
    assert acting(pans, role).value(
        "SELECT _wh.update_tenant_union_view_by_template('pan_moves', 'acme', 'kitchens')"
    )
    assert pans.reader.rows("SELECT id FROM kitchens.pan_moves ORDER BY id") == [(1,), (2,), (3,)]
    assert pans.rows("SELECT viewowner::text FROM pg_views WHERE schemaname = 'kitchens'") == [("whadmin",)]


@AS_EITHER
def test_the_public_view_of_the_new_template_shows_every_tenant(pans: Warehouse, role: str) -> None:
    for schema in ("acme", "kitchens"):
        pans.run("SELECT _wh.create_mv_from_template('pan_moves', 'acme', %s, '2023-11-06')", (schema,))
        pans.run("SELECT _wh.update_tenant_union_view_by_template('pan_moves', 'acme', %s)", (schema,))
    assert acting(pans, role).value("SELECT _wh.update_public_view_by_template('pan_moves')") is True
    assert pans.reader.rows("SELECT schema_name, id FROM public.pan_moves ORDER BY 1") == [
        ("acme", 4),
        ("kitchens", 4),
    ]
    assert pans.rows(
        "SELECT viewowner::text FROM pg_views WHERE viewname = 'pan_moves' AND schemaname = 'public'"
    ) == [("whadmin",)]


def test_all_templates_are_listed_with_the_time_they_came(pans: Warehouse) -> None:
    for database in either(pans):
        listed = database.rows(
            "SELECT template_name, description, created_at FROM _wh.mv_templates ORDER BY 1"
        )
        assert [row[0] for row in listed] == ["foodlogstats", "pan_moves"]
        assert listed[1][1] == "Pans as they move between kitchens"
        assert listed[0][2] <= listed[1][2]


def test_one_template_is_shown_in_full(pans: Warehouse) -> None:
    for database in either(pans):
        with database.connect() as session:
            cursor = session.execute("SELECT * FROM _wh.mv_templates WHERE template_name = 'pan_moves'")
            (row,) = cursor.fetchall()
            shown = dict(zip([column.name for column in cursor.description or ()], row, strict=True))
        assert (
            shown["query_template"]
            .strip()
            .endswith("WHERE (m.moved_at AT TIME ZONE 'UTC')::DATE = '{TARGET_DATE}'::DATE")
        )
        assert shown["column_definitions"].strip().startswith("id INTEGER,")
        assert shown["indexes"].count("CREATE") == 3


@AS_EITHER
def test_an_edited_template_file_is_run_again_and_its_next_load_follows_it(
    pans: Warehouse, tmp_path: Path, role: str
) -> None:
    pans.run("SELECT _wh.update_mv_by_template('pan_moves', 'acme', 'kitchens', '2023-11-05')")
    file = tmp_path / "template-pan_moves.sql"
    file.write_text(TEMPLATE.replace("m.pans_left,", "m.pans_left * 10,") + AGAIN + ";\n")
    for _ in range(2):
        done = psql(acting(pans, role), "--set=ON_ERROR_STOP=on", text=f"\\i {file}\n")
        assert done.returncode == 0, done.stderr
    assert pans.value("SELECT count(*) FROM _wh.mv_templates WHERE template_name = 'pan_moves'") == 1
    assert pans.rows("SELECT pans_left FROM kitchens.pan_moves ORDER BY id") == [(8,), (7,)]
    pans.run("SELECT _wh.update_mv_by_template('pan_moves', 'acme', 'kitchens', '2023-11-05')")
    assert pans.rows("SELECT pans_left FROM kitchens.pan_moves ORDER BY id") == [(80,), (70,)]


def test_a_file_without_on_conflict_changes_nothing_when_it_is_run_again(pans: Warehouse) -> None:
    """The manual's example lacks the clause that its last remark counts on."""
    with pytest.raises(psycopg.errors.UniqueViolation), pans.connect() as session:
        session.execute(TEMPLATE.replace("m.pans_left,", "0,").encode())
    assert pans.value(
        "SELECT query_template LIKE '%m.pans_left,%' FROM _wh.mv_templates WHERE template_name = 'pan_moves'"
    )
