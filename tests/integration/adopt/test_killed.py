"""Adopting that is killed anywhere: run again, it ends the same; taken back, the warehouse is as it was.

TENANTRY_TEST_KILLS=20 plays more points, TENANTRY_TEST_SEED=8 others; a failure says at which moment.
"""

from __future__ import annotations

import difflib
import os
import random
import subprocess
import sys
import time

import pytest

from tests.integration.adopt.test_adopt import TRUTH, adopt
from tests.support.program import environment
from tests.support.samples.by_hand import ByHand

pytestmark = pytest.mark.any_server

KILLS = int(os.environ.get("TENANTRY_TEST_KILLS", "2"))
SEED = int(os.environ.get("TENANTRY_TEST_SEED", "7"))
LONGEST = 6.0
"""Seconds: about as long as it takes."""


def kill(by_hand: ByHand, after: float, *arguments: str) -> None:
    """Begin `tenantry adopt`, and kill it with -9."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tenantry", "adopt", "--yes", *arguments],
        env=environment()
        | {"TENANTRY_ADMIN_DSN": by_hand.conninfo, "TENANTRY_WHADMIN_PASSWORD": "whadmin-by-hand"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    process.kill()
    process.wait()


def difference(by_hand: ByHand, before: str) -> list[str]:
    """How a dump of the schema differs from an earlier one."""
    return list(difflib.unified_diff(before.splitlines(), by_hand.schema_dump().splitlines(), n=2))


@pytest.mark.timeout(600 + 40 * KILLS)
def test_it_is_killed_anywhere_and_taken_back_or_run_again(by_hand: ByHand) -> None:
    before, rows = by_hand.schema_dump(), by_hand.rows(TRUTH)
    by_hand.drop_sources()
    chance = random.Random(SEED)
    moments = [chance.uniform(0.5, LONGEST) for _ in range(KILLS)]
    for moment in moments:
        kill(by_hand, moment)
        assert by_hand.rows(TRUTH) == rows, moment
        undone = adopt(by_hand, "--undo", "--yes")
        assert undone.code == 0 or "no adoption to take back" in undone.err, (moment, undone.err)
        assert difference(by_hand, before) == [], moment
    for moment in moments:
        kill(by_hand, moment)
        assert by_hand.rows(TRUTH) == rows, moment
    done = adopt(by_hand, "--yes")
    assert done.code == 0, done.err
    assert by_hand.rows(TRUTH) == rows
    for moment in moments:
        kill(by_hand, moment / 2, "--finish")
        assert by_hand.rows(TRUTH) == rows, moment
    done = adopt(by_hand, "--finish", "--yes")
    assert done.code == 0 or "no adoption to finish" in done.err, done.err
    assert by_hand.rows(TRUTH) == rows
    left = by_hand.rows("SELECT count(*) FROM pg_matviews WHERE definition ~ 'password='")
    assert left == [(0,)]


@pytest.mark.timeout(600 + 40 * KILLS)
@pytest.mark.skipif(KILLS < 5, reason="played by hand: TENANTRY_TEST_KILLS=20")
def test_it_is_run_again_from_each_point(by_hand: ByHand) -> None:
    before, rows = by_hand.schema_dump(), by_hand.rows(TRUTH)
    by_hand.drop_sources()
    first = None
    chance = random.Random(SEED)
    for moment in [chance.uniform(0.5, LONGEST) for _ in range(KILLS)]:
        kill(by_hand, moment)
        done = adopt(by_hand, "--yes")
        assert done.code == 0, (moment, done.err)
        assert by_hand.rows(TRUTH) == rows, moment
        slices = by_hand.rows(
            "SELECT schema_name, template_name, slice_date, row_count FROM _wh.slices ORDER BY 1, 2, 3"
        )
        first = first or slices
        assert slices == first, moment
        assert adopt(by_hand, "--undo", "--yes").code == 0
        assert difference(by_hand, before) == [], moment
