"""Which slice is handed out next, and to how many at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.loader.work.queue import Queue, Task
from tests.support.waiting import wait_until

ACME = Feed("acme", "ticks", "acme")
ACME_TOO = Feed("acme", "tocks", "acme")
BISTRO = Feed("bistro", "ticks", "bistro")

FIRST = date(2024, 3, 1)


def filled(per_source: int, *feeds: Feed, days: int = 3) -> Queue:
    queue = Queue(per_source)
    for feed in feeds:
        queue.add(feed, [Span(day, day) for day in (FIRST + timedelta(days=n) for n in range(days))])
    return queue


def take(queue: Queue, preferred: str | None = None) -> Task:
    task = queue.take(preferred)
    assert task is not None
    return task


def test_days_are_handed_out_oldest_first_and_then_no_more() -> None:
    queue = filled(3, ACME)
    tasks = [take(queue) for _ in range(3)]
    assert [task.span.first.day for task in tasks] == [1, 2, 3]
    for task in tasks:
        queue.done(task)
    assert queue.take(None) is None


def test_days_that_fail_together_are_handed_out_one_by_one_before_the_others() -> None:
    queue = Queue(2)
    queue.add(ACME, [Span(FIRST, date(2024, 3, 2)), Span(date(2024, 4, 1), date(2024, 4, 1))])
    task = take(queue)
    with ThreadPoolExecutor() as pool:
        april = take(queue)
        waiting = pool.submit(queue.take, None)
        queue.split(task)
        queue.done(task)
        queue.done(april)
        first = waiting.result(timeout=120)
    assert first is not None
    assert [first.span.first.day, take(queue).span.first.day] == [1, 2]


def test_an_empty_queue_hands_out_nothing() -> None:
    assert Queue(2).take(None) is None
    assert filled(2, ACME, days=0).take(None) is None


def test_sources_take_turns_and_none_gets_more_than_its_limit() -> None:
    queue = filled(2, ACME, BISTRO)
    assert sorted(take(queue).feed.schema for _ in range(4)) == ["acme", "acme", "bistro", "bistro"]


def test_the_source_that_a_worker_has_open_comes_first() -> None:
    queue = filled(2, ACME, BISTRO)
    assert take(queue, "bistro").feed == BISTRO
    assert take(queue, "bistro").feed == BISTRO
    assert take(queue, "bistro").feed == ACME


def test_feeds_of_one_source_share_its_limit() -> None:
    queue = filled(1, ACME, ACME_TOO)
    first = take(queue)
    with ThreadPoolExecutor() as pool:
        second = pool.submit(take, queue)
        assert not second.done()
        queue.done(first)
        assert second.result(timeout=120).feed.connection == "acme"


def test_a_worker_waits_for_a_place_at_the_source() -> None:
    queue = filled(2, ACME)
    tasks = [take(queue), take(queue)]
    waiting = threading.Event()

    def third() -> Task:
        waiting.set()
        return take(queue)

    with ThreadPoolExecutor() as pool:
        future = pool.submit(third)
        assert waiting.wait(120)
        assert not future.done()
        queue.done(tasks[0])
        assert future.result(timeout=120).span.first == date(2024, 3, 3)


def test_a_task_that_is_done_gives_back_one_place_and_no_more() -> None:
    queue = filled(2, ACME, days=6)
    tasks = [take(queue), take(queue)]
    queue.done(tasks[0])
    take(queue)
    with ThreadPoolExecutor() as pool:
        fourth = pool.submit(queue.take, None)
        with pytest.raises(TimeoutError):
            fourth.result(timeout=0.2)
        queue.stop()
        assert fourth.result(timeout=120) is None


def test_a_source_that_is_closed_gets_no_more_and_the_others_go_on() -> None:
    queue = filled(1, ACME, ACME_TOO, BISTRO)
    task = take(queue, "acme")
    queue.close_source("acme", "it is down")
    queue.close_source("acme", "it is still down")
    queue.done(task)
    for _ in range(3):
        task = take(queue, "acme")
        assert task.feed == BISTRO
        queue.done(task)
    assert queue.take(None) is None
    assert queue.closed_because(ACME) == queue.closed_because(ACME_TOO) == "it is down"
    assert queue.closed_because(BISTRO) is None


def test_closing_a_source_and_stopping_wake_those_who_wait() -> None:
    for end in (lambda queue: queue.close_source("acme", "it is down"), Queue.stop):
        queue = filled(1, ACME)
        take(queue)
        with ThreadPoolExecutor() as pool:
            waiting = [pool.submit(queue.take, None) for _ in range(2)]
            wait_until(lambda waiting=waiting: all(future.running() for future in waiting))  # type: ignore[misc]
            end(queue)
            assert [future.result(timeout=120) for future in waiting] == [None, None]


def test_a_queue_that_was_stopped_hands_out_nothing() -> None:
    queue = filled(2, ACME)
    queue.stop()
    assert queue.take(None) is None


def test_many_workers_get_every_day_once_and_keep_to_the_limit() -> None:
    queue = filled(2, ACME, ACME_TOO, BISTRO, days=200)
    lock = threading.Lock()
    active: dict[str, int] = {}
    most: dict[str, int] = {}
    taken: list[Task] = []

    def work() -> None:
        held = None
        while (task := queue.take(held)) is not None:
            held = task.feed.connection
            with lock:
                taken.append(task)
                active[held] = active.get(held, 0) + 1
                most[held] = max(most.get(held, 0), active[held])
            with lock:
                active[held] -= 1
            queue.done(task)

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work) for _ in range(8)]:
            future.result(timeout=120)
    assert len(taken) == len(set(taken)) == 600
    assert max(most.values()) <= 2
