"""Making a warehouse what a file declares: the order, the lock, and what is refused beforehand."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import DatabaseError, InputError
from tenantry.core.model import Feed
from tenantry.db.queries import one_row, query
from tenantry.fleet import live
from tenantry.fleet import plan as plans
from tenantry.fleet.change import Change
from tenantry.fleet.file import Declared
from tenantry.fleet.plan import Plan
from tenantry.fleet.steps import Means, Steps
from tenantry.flow import drop, reader, template_drop


@dataclass(frozen=True)
class Done:
    """The changes that were made, and the feeds of which no day was ever loaded."""

    changes: Sequence[Change]
    unloaded: Sequence[Feed]

    @property
    def commands(self) -> list[str]:
        """What is still to be run."""
        return [
            shlex.join(["tenantry", "backfill", feed.template, "--tenant", feed.schema])
            for feed in self.unloaded
        ]


def check(session: psycopg.Connection, plan: Plan, means: Means, *, allow_drop: bool) -> None:
    """Raise InputError for what would be refused in the middle: data that may not go, or rights that are missing."""
    losses = [change for change in plan.changes if change.loses]
    if losses and not allow_drop:
        more = f", and {len(losses) - 1} more" if len(losses) > 1 else ""
        raise InputError(
            f"the file has no {losses[0].subject}{more}: {losses[0].loses} would go",
            hint="To drop it: --allow-drop.",
        )
    for change in losses:
        if change.kind == "tenant":
            drop.refuse_foreign(drop.look(session, change.name))
    for change in plan.changes:
        if (change.action, change.kind) == ("remove", "template"):
            template_drop.refuse_readers(session, change.name)
    if any(change.kind == "reader" for change in plan.changes):
        with means.administrator() as (administrator, _):
            reader.require_administrator(administrator)


def run(
    session: psycopg.Connection,
    declared: Declared,
    shown: Plan,
    means: Means,
    watch: Callable[[Change], None],
) -> Done:
    """Make the changes that were shown; `watch` hears of each when it is done.

    Raises:
        InputError: the warehouse is not what it was when the plan was shown; nothing was changed.
        TenantryError: another apply is at work, or a step was refused: what was done before it stays.
    """
    with _alone(session):
        plan = plans.make(session, declared)
        if plan.changes != shown.changes:
            raise InputError(
                "the warehouse has changed since the plan was shown",
                hint="Look at it again: tenantry plan",
            )
        steps = Steps(session, plan, means)
        for change in plan.changes:
            steps.run(change)
            watch(change)
        return Done(plan.changes, live.unloaded(session))


@contextmanager
def _alone(session: psycopg.Connection) -> Iterator[None]:
    """Keep other applies out, until the session ends at the latest."""
    if not one_row(session, query("fleet", "try_lock"))[0]:
        holder = session.execute(query("fleet", "lock_holder")).fetchone()
        raise DatabaseError(
            f"another apply is at work{f' in session {holder[0]}' if holder else ''}",
            hint="Run the same command when it has ended.",
        )
    try:
        yield
    finally:
        if not session.closed:
            session.execute(query("fleet", "unlock"))
