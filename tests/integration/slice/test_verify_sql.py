"""What verify compares with: the digests and the rows of what reports see."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.samples.small_template import define, make_ticks

FIRST = date(2024, 1, 15)
QUERY = "SELECT id, at, value, price, ratio, flag, code FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
COLUMNS = "id bigint, at timestamptz, value varchar(20), price numeric(10,2), ratio real, flag boolean, code char(4)"


@pytest.mark.parametrize("pull", [by_loader, by_sql])
@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_stored_rows_have_the_digest_that_the_source_says(
    acme: Warehouse, source: Source, storage: str, pull: Pull
) -> None:
    make_ticks(source, FIRST, 3)
    source.run(
        "ALTER TABLE ticks ADD price numeric DEFAULT 1.239, ADD ratio float8 DEFAULT 0.1, ADD flag boolean DEFAULT true,"
        " ADD code text DEFAULT 'ab'"
    )
    define(acme, query=QUERY, columns=COLUMNS)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    pull(acme, FIRST, date(2024, 1, 17), template="ticks")
    with acme.connect() as session:
        session.execute("SELECT _wh_internal.hold_source('acme')")
        said = session.execute(
            "SELECT _wh_internal.source_digests(f, '2024-01-14', '2024-01-17', as_kept => true) FROM _wh.feeds f"
        ).fetchone()
    kept = acme.rows(
        "SELECT to_char(d.day, 'YYYY-MM-DD'), d.digest FROM _wh.feeds f,"
        " _wh_internal.stored_digests(f, '2024-01-14', '2024-01-17') d"
    )
    assert said is not None
    assert dict(kept) == said[0]
    assert len({digest for _, digest in kept}) == 4


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_verify_slice_names_each_row_that_differs_with_its_columns(
    acme: Warehouse, source: Source, storage: str
) -> None:
    make_ticks(source, FIRST, 2, per_day=6)
    define(
        acme,
        query=QUERY.replace("price, ratio, flag, code", "value"),
        columns="id int, at timestamptz, value text, note text",
    )
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    by_sql(acme, FIRST, date(2024, 1, 16), template="ticks")
    verify = "SELECT _wh.verify_slice('ticks', 'acme', '2024-01-15')"
    assert acme.value(verify)["agrees"] is True
    first = acme.value("SELECT min(id) FROM acme.ticks")
    source.run("UPDATE ticks SET value = '' WHERE id = %s", (first,))
    source.run("UPDATE ticks SET value = NULL WHERE id = %s", (first + 1,))
    source.run("DELETE FROM ticks WHERE id = %s", (first + 2,))
    source.run("INSERT INTO ticks SELECT id + 5, at, value FROM ticks WHERE id = %s + 4", (first,))
    source.run("INSERT INTO ticks SELECT 7, at, value FROM ticks WHERE id = %s", (first + 3,))
    said = acme.value(verify)
    assert said["agrees"] is False
    assert [(row["row"], row["key"], row.get("columns")) for row in said["rows"]] == [
        ("missing", "(7)", None),
        ("changed", f"({first})", ["value", "note"]),
        ("changed", f"({first + 1})", ["value", "note"]),
        ("extra", f"({first + 2})", None),
        ("missing", f"({first + 9})", None),
    ]
    assert said["differing_rows"] == 5
    assert acme.value("SELECT _wh.verify_slice('ticks', 'acme', '2024-01-16')")["agrees"] is True
