"""Workers: each action is carried out once, whoever dies, and ends when it is cancelled."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import LiteralString

import pytest

from tenantry.actions import Worker
from tenantry.flow.action.model import Action
from tests.integration.action.conftest import DAYS, FIRST, Shop
from tests.support.people import member
from tests.support.program import running, succeed
from tests.support.samples.small_template import mend
from tests.support.schedulers import forks, start_worker
from tests.support.waiting import wait_until

LAST = FIRST + timedelta(days=DAYS - 1)

pytestmark = pytest.mark.any_server


@pytest.fixture
def slow(shop: Shop) -> Iterator[Shop]:
    """The shop, whose source takes a third of a second for each row of the year's second half, in daily steps."""
    shop.source.run("UPDATE ticks SET value = 'slow' WHERE at > %s", (FIRST + timedelta(days=180),))
    yield shop
    mend(shop.source)


HELD: LiteralString = """
SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = 8321568 AND objid <> 0
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""The actions that somebody works on."""


def _is_loading(action: Action) -> bool:
    return action.progress is not None and action.progress.done > 0


def _long(shop: Shop, tenant: str) -> Action:
    """A backfill that takes minutes if the source is slow."""
    return shop.opened().request(
        "backfill", tenant=tenant, template="ticks", first=FIRST, last=LAST, reload=True
    )


def test_four_workers_take_each_action_once(shop: Shop) -> None:
    opened = shop.opened()
    days = [FIRST + timedelta(days=n) for n in range(4)]
    asked = [opened.request("refresh", tenant=tenant, day=day) for day in days for tenant in ("acme", "bolt")]
    context = forks()
    workers = [start_worker(context, shop.warehouse.conninfo) for _ in range(4)]
    try:
        wait_until(lambda: not opened.actions(unfinished=True))
    finally:
        for worker in workers:
            worker.kill()
    ended = [opened.action(action.id) for action in asked]
    assert {(action.state, action.attempts) for action in ended} == {("succeeded", 1)}
    numbers = [action.id for action in asked]
    assert shop.warehouse.rows(
        "SELECT count(*), count(DISTINCT subject) FROM _wh_audit.entries WHERE what = 'action refresh' AND result = 'done'"
        " AND split_part(subject, ' ', 1)::bigint = ANY (%s)",
        (numbers,),
    ) == [(8, 8)]
    # Those of one tenant never ran at once.
    assert not shop.warehouse.rows(
        "SELECT a.id, b.id FROM _wh.actions a JOIN _wh.actions b ON a.id < b.id"
        " AND a.arguments ->> 'tenant' = b.arguments ->> 'tenant' AND a.ended_at > b.started_at"
        " WHERE a.id = ANY (%(numbers)s) AND b.id = ANY (%(numbers)s)",
        {"numbers": numbers},  # type: ignore[arg-type]
    )


def test_what_a_killed_worker_left_is_begun_again_and_every_row_is_right(slow: Shop) -> None:
    asked = _long(slow, "acme")
    assert _long(slow, "acme").id == asked.id
    context = forks()
    killed = start_worker(context, slow.warehouse.conninfo)
    begun = slow.when(asked, _is_loading)
    assert (begun.state, begun.pid, begun.attempts) == ("running", killed.pid, 1)
    killed.kill()
    killed.join()
    # Whoever looks sooner sees its lock.
    wait_until(lambda: not slow.warehouse.rows(HELD))
    left = slow.opened().action(asked.id)
    assert left.state == "running"
    mend(slow.source)
    slow.work()
    ended = slow.opened().action(asked.id)
    assert (ended.state, ended.attempts) == ("succeeded", 2), ended.result
    assert slow.warehouse.rows("SELECT count(*), count(DISTINCT id) FROM acme.ticks") == [
        (2 * DAYS, 2 * DAYS)
    ]
    assert slow.done("verify", tenant="acme", first=FIRST, last=LAST).state == "succeeded"


def test_a_running_action_is_cancelled_and_keeps_what_it_has_loaded(slow: Shop) -> None:
    asked = _long(slow, "bolt")
    worker = Worker(slow.opened(), poll=0.05)
    worker.start()
    slow.when(asked, _is_loading)
    behind = slow.opened().request("verify", tenant="bolt")
    assert (
        succeed(slow.operator, "action", "cancel", str(behind.id)).out == f"Action {behind.id}: cancelled\n"
    )
    told = succeed(slow.operator, "action", "cancel", str(asked.id)).out
    assert told.startswith(f"Action {asked.id} is being cancelled.")
    ended = slow.when(asked, lambda action: not action.unfinished)
    worker.stop()
    assert (ended.state, ended.cancelled_by) == ("cancelled", slow.operator.user)
    assert "days loaded" in (ended.result or "")
    assert "what was loaded is kept" in (ended.result or "")
    assert ended.progress is not None
    assert 0 < ended.progress.done < DAYS
    never = slow.opened().action(behind.id)
    assert (never.state, never.attempts, never.started_at) == ("cancelled", 0, None)


def test_a_worker_that_is_stopped_leaves_its_action_to_the_next(slow: Shop) -> None:
    asked = _long(slow, "bolt")
    with running(slow.warehouse, "action", "work", "--json") as program:
        slow.when(asked, _is_loading)
        program.send_signal(signal.SIGTERM)
        out, error = program.communicate(timeout=120)
    assert program.returncode == 0, error
    assert '"event": "put back"' in out
    left = slow.opened().action(asked.id)
    assert (left.state, left.attempts, left.host) == ("waiting", 0, None)
    mend(slow.source)
    slow.work()
    assert slow.opened().action(asked.id).state == "succeeded"


def test_a_scheduler_has_a_worker_and_ends_with_it(shop: Shop) -> None:
    with running(shop.warehouse, "scheduler", "--json") as program:
        done = shop.when(
            shop.opened().request("refresh", tenant="bolt", day=LAST), lambda action: not action.unfinished
        )
        program.send_signal(signal.SIGTERM)
        out, error = program.communicate(timeout=120)
    assert (program.returncode, done.state, done.pid) == (0, "succeeded", program.pid), error
    assert '"event": "leads"' in out


def test_an_action_that_ten_workers_did_not_survive_is_given_up(shop: Shop) -> None:
    asked = shop.opened().request("refresh", tenant="acme", day=FIRST)
    shop.warehouse.run("UPDATE _wh.actions SET state = 'running', attempts = 10 WHERE id = %s", (asked.id,))
    shop.work()
    ended = shop.opened().action(asked.id)
    assert (ended.state, "given up: begun 10 times" in (ended.result or "")) == ("failed", True)


def test_whoever_has_lost_the_right_meanwhile_is_refused(shop: Shop) -> None:
    with member(shop.warehouse, "tenantry_operator") as leaver:
        asked = shop.opened(leaver).request("refresh", tenant="acme", day=FIRST)
    shop.work()
    ended = shop.opened().action(asked.id)
    assert (ended.state, ended.result) == (
        "failed",
        f'refused: the login "{leaver.user}" may no longer ask for this',
    )
    assert ended.progress is None


def test_actions_that_ended_long_ago_are_pruned(shop: Shop) -> None:
    old = shop.done("refresh", tenant="acme", day=FIRST)
    shop.warehouse.run(
        "UPDATE _wh.actions SET ended_at = ended_at - interval '91 days' WHERE id = %s", (old.id,)
    )
    shop.work()
    assert old.id not in {action.id for action in shop.opened().actions()}
