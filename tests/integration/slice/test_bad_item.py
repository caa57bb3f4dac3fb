"""One bad item does not stop the others, and what cannot be right is refused rather than shown."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks, mend, spoil

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)


@pytest.fixture(params=["matview", "partition"])
def acme_now(request: pytest.FixtureRequest, acme: Warehouse, source: Source, today: date) -> Warehouse:
    """Yesterday was loaded before it had ended."""
    yesterday = today - timedelta(days=1)
    make_ticks(source, yesterday, 2)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (request.param,))
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (yesterday,))
    acme.run("UPDATE _wh.slices SET loaded_at = %s::date + interval '5 hours'", (yesterday,))
    return acme


def test_a_bad_yesterday_keeps_today_not_out_and_is_on_record(
    acme_now: Warehouse, source: Source, today: date
) -> None:
    yesterday = today - timedelta(days=1)
    spoil(source, yesterday)
    heard: list[str] = []
    with acme_now.connect() as session:
        session.add_notice_handler(lambda notice: heard.append(str(notice.message_primary)))
        done = session.execute(
            "SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (today,)
        ).fetchone()
    assert done == (True,)
    assert [line for line in heard if line.startswith(f"yesterday was not completed: acme.ticks {yesterday}")]
    assert acme_now.rows(
        "SELECT slice_date, status, row_count, error LIKE '%broken%' FROM _wh.slices ORDER BY 1"
    ) == [(yesterday, "failed", 2, True), (today, "loaded", 2, None)]
    by_day = "SELECT (at AT TIME ZONE 'UTC')::date, count(*) FROM acme.ticks GROUP BY 1 ORDER BY 1"
    assert acme_now.rows(by_day) == [(yesterday, 2), (today, 2)]
    logged = "SELECT count(*) FROM _wh.function_logs WHERE log_level = 'ERROR' AND context ->> 'date' = %s"
    assert acme_now.value(logged, (str(yesterday),)) == 1
    # The next hour completes it.
    mend(source)
    acme_now.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (today,))
    assert acme_now.rows("SELECT status, error FROM _wh.slices WHERE slice_date = %s", (yesterday,)) == [
        ("loaded", None)
    ]


def test_a_bad_today_is_an_error_as_before(acme_now: Warehouse, source: Source, today: date) -> None:
    spoil(source, today)
    with pytest.raises(psycopg.Error, match="broken"):
        acme_now.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (today,))


def test_a_view_never_loses_all_of_its_branches_while_what_it_reads_is_there(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, DAY, 2)
    define(acme)
    acme.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)",
        (DAY, DAY + timedelta(days=1)),
    )
    acme.run("ALTER MATERIALIZED VIEW acme.ticks_2024_03_10 RENAME TO first_day")
    acme.run("ALTER MATERIALIZED VIEW acme.ticks_2024_03_11 RENAME TO second_day")
    show = "SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')"
    with pytest.raises(
        psycopg.Error, match=r"view acme.ticks would become empty.*acme.first_day, acme.second_day"
    ) as caught:
        acme.run(show)
    assert "DROP VIEW acme.ticks" in str(caught.value.diag.message_hint)
    assert acme.value("SELECT count(*) FROM acme.ticks") == 4
    # What is truly gone may go.
    acme.run("DROP MATERIALIZED VIEW acme.first_day, acme.second_day CASCADE")
    acme.run(show)
    assert acme.value("SELECT count(*) FROM acme.ticks") == 0


def test_a_yesterday_that_its_source_cancels_does_not_keep_today_out(
    acme_now: Warehouse, source: Source, today: date
) -> None:
    yesterday = today - timedelta(days=1)
    spoil(source, yesterday, "slow")
    acme_now.run('UPDATE _wh.tenant_connections SET options = \'{"statement_timeout": "200ms"}\'')
    assert acme_now.value("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (today,)) is True
    assert acme_now.rows("SELECT slice_date, status FROM _wh.slices ORDER BY 1") == [
        (yesterday, "failed"),
        (today, "loaded"),
    ]
