"""A source may give its errors any code: such a day fails as any other, and stops none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import QUERY, define, make_ticks, spoil

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 8)
BAD = date(2024, 3, 10)
LAST = date(2024, 3, 12)


@pytest.mark.parametrize("storage", ["matview", "partition"])
@pytest.mark.parametrize("code", ["P0004", "P0003", "57014", "40001", "XX000"])
def test_a_day_whose_error_has_any_code_fails_alone(
    acme: Warehouse, source: Source, code: str, storage: str
) -> None:
    make_ticks(source, FIRST, 5)
    spoil(source, BAD, "boom")
    source.run(
        "CREATE FUNCTION public.boom() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING"
        f" ERRCODE = '{code}', MESSAGE = E'words of the source \\x1b[2J'; END $$".encode()  # type: ignore[arg-type]
    )
    define(
        acme,
        query=QUERY.replace("WHEN 'slow' THEN length(pg_sleep(0.3)::text)", "WHEN 'boom' THEN public.boom()"),
    )
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    result = acme.value(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (FIRST, LAST)
    )
    assert (result["processed_mvs"], result["failed"]) == (4, 1)
    states = dict(acme.rows("SELECT slice_date, status FROM _wh.slices"))
    days = [FIRST + timedelta(days=n) for n in range(5)]
    assert states == {day: "failed" if day == BAD else "loaded" for day in days}
    reason = acme.value("SELECT error FROM _wh.slices WHERE slice_date = %s", (BAD,))
    assert "words of the source" in reason
    assert "\x1b" not in reason
