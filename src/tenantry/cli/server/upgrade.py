"""`tenantry upgrade`: bring a warehouse up to this version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.target import administrator

if TYPE_CHECKING:
    from tenantry.db.upgrade import Changes, Work


def upgrade(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change without changing it.")
    ] = False,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for loads and jobs to end.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Upgrade the warehouse to this version: tables, functions, delivered template.

    The upgrade is one transaction: if anything fails, nothing changes, so you
    need not save anything first. Data, connections, your own templates, jobs
    and passwords stay.

    If there is something to change while loads or jobs are running, they are
    named and the command exits with status 1; --wait gives them time to end.
    --dry-run does the whole upgrade in a transaction that it rolls back, so it
    also finds what would fail. Loads may have to wait for it for a moment.

    Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN.
    """
    from tenantry.cli.progress import Progress
    from tenantry.db import upgrade as upgrades
    from tenantry.db.connect import session

    told: set[str] = set()

    def watch(busy: Sequence[Work]) -> None:
        for work in map(str, busy):
            if work not in told:
                told.add(work)
                notes.print(f"waiting for {work}")

    with (
        administrator(current=False) as (conninfo, _),
        session(conninfo, role=None) as opened,
        Progress() as progress,
    ):
        bar = progress.bar("upgrading")

        def settling(feed: str, done: int, total: int) -> None:
            bar.name, bar.total, bar.unit, bar.doing = "moving tables", total, "feed", feed
            bar.reach(done)

        changes = upgrades.rehearse(opened) if dry_run else upgrades.run(opened, {}, wait, watch, settling)
        progress.remove(bar)
        busy = upgrades.at_work(opened) if dry_run else []
    if as_json:
        print_json(dry_run=dry_run, changes=changes, at_work=busy)
    else:
        _tell(changes, busy, dry_run=dry_run)


def _tell(changes: Changes, busy: Sequence[Work], *, dry_run: bool) -> None:
    if not changes.any:
        data.print("Nothing to change: the warehouse is up to date.")
    elif dry_run:
        data.print("An upgrade would change:")
        for line in changes.lines():
            data.print(f"  {line}")
        for work in busy:
            data.print(f"Running now: {work}")
    else:
        for line in changes.lines():
            step("upgrade", line)
