"""Schedulers and workers as processes that start in no time, because they are forked from one that has all imported."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext, ForkServerProcess

from tenantry import Warehouse
from tenantry.actions import Worker
from tenantry.schedule.scheduler import Limits, Scheduler


def forks() -> ForkServerContext:
    """Where the processes come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.schedulers"])
    return context


def start(context: ForkServerContext, conninfo: str, poll: float) -> ForkServerProcess:
    """Start a scheduler that tries to lead every `poll` seconds."""
    process = context.Process(target=_serve, args=(conninfo, poll), daemon=True)
    process.start()
    return process


def start_worker(context: ForkServerContext, conninfo: str) -> ForkServerProcess:
    """Start a worker that carries out actions."""
    process = context.Process(target=_work, args=(conninfo,), daemon=True)
    process.start()
    return process


def _work(conninfo: str) -> None:
    Worker(Warehouse(conninfo), poll=0.05).run()


def _serve(conninfo: str, poll: float) -> None:
    Scheduler(conninfo, lambda event, **facts: None, Limits(poll=poll)).run()
