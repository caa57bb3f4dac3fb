"""What only Debian's server shows of an adoption: jobs in pg_cron are held and go on, and plpgsql_check agrees."""

from __future__ import annotations

import pytest

from tests.integration.adopt.test_adopt import adopt
from tests.support.databases import Database, plpgsql_checked
from tests.support.samples.by_hand import ByHand

pytestmark = pytest.mark.system

JOBS = "SELECT jobname, schedule, command, active, username FROM cron.job WHERE jobname <> 'bolt_week' ORDER BY 1"
WEEK = "SELECT command FROM cron.job WHERE jobname = 'bolt_week'"


def test_jobs_go_on_as_they_were_and_the_one_that_cannot_is_named_with_its_replacement(
    by_hand: ByHand,
) -> None:
    before, week = by_hand.rows(JOBS), by_hand.rows(WEEK)
    by_hand.drop_sources()
    adopted = adopt(by_hand, "--yes")
    assert adopted.code == 0, adopted.err
    assert by_hand.rows(JOBS) == before
    assert by_hand.rows(WEEK) == week
    replacement = "CALL _wh.refresh_window('foodlogstats', 'bolt_conn', 'bolt', 7, only_changed => true);"
    assert "job bolt_week cannot run any longer" in adopted.err
    assert replacement in adopted.out
    assert adopted.err.count("cannot run any longer") == 1
    fixed = adopt(by_hand, "--yes", "--fix-jobs")
    assert fixed.code == 0, fixed.err
    assert by_hand.rows(WEEK) == [(replacement,)]
    # No job met functions that were not there.
    wrong = "SELECT return_message FROM cron.job_run_details WHERE return_message ~ 'does not exist' AND return_message !~ 'database'"
    assert by_hand.rows(wrong) == []
    undone = adopt(by_hand, "--undo", "--yes")
    assert undone.code == 0, undone.err
    assert (by_hand.rows(JOBS), by_hand.rows(WEEK)) == (before, week)


def test_plpgsql_check_finds_nothing_in_the_functions_that_adopt(by_hand: ByHand) -> None:
    assert adopt(by_hand, "--yes").code == 0
    administrator = Database(by_hand.server, by_hand.database, "postgres")
    assert plpgsql_checked(administrator, "p.proname ~ '^adopt_'") == set()
