"""Making a warehouse match a file: the order, the lock, and what is refused beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tenantry.core import advice
from tenantry.core.errors import DatabaseError, InputError, TenantryError, WarehouseUnreachable
from tenantry.core.model import Feed
from tenantry.db.errors import translated
from tenantry.db.queries import one_row, query
from tenantry.fleet import live, needs
from tenantry.fleet import plan as plans
from tenantry.fleet.change import Change
from tenantry.fleet.file import Declared
from tenantry.fleet.plan import Plan
from tenantry.fleet.steps import Means, Steps
from tenantry.flow.template import drop as template_drop
from tenantry.flow.tenant import drop, reader


@dataclass(frozen=True)
class Failed:
    """A change that was refused, or not tried because it needs one that was refused."""

    change: Change
    reason: str
    hint: str | None = None


@dataclass(frozen=True)
class Done:
    """The changes that were made, those that were not, and feeds with missing days: their number, or 0 if never loaded."""

    changes: Sequence[Change]
    unloaded: Mapping[Feed, int]
    failed: Sequence[Failed] = ()

    @property
    def commands(self) -> list[str]:
        """What is still to be run."""
        return [advice.backfill_command(feed) for feed in self.unloaded]


def check(session: psycopg.Connection, plan: Plan, means: Means, *, allow_drop: bool) -> None:
    """Raise InputError for what would be refused halfway: secrets that cannot be read, data that must not be dropped, or
    missing rights.
    """
    plans.require_secrets(plan)
    losses = [change for change in plan.changes if change.loses]
    if losses and not allow_drop:
        more = f", and {len(losses) - 1} more" if len(losses) > 1 else ""
        raise InputError(
            f"the file has no {losses[0].subject}{more}: {losses[0].loses} would be dropped",
            hint="To drop it: --allow-drop.",
        )
    for change in losses:
        if change.kind == "tenant":
            drop.refuse_foreign(drop.look(session, change.name))
    for change in plan.changes:
        if (change.action, change.kind) == ("remove", "template"):
            template_drop.refuse_readers(session, change.name)
    readers = [change for change in plan.changes if change.kind == "reader"]
    if readers:
        with means.administrator() as (administrator, _):
            reader.require_administrator(administrator)
            for change in readers:
                if change.action == "create":
                    reader.require_free(administrator, change.name)


def run(
    session: psycopg.Connection,
    declared: Declared,
    shown: Plan,
    means: Means,
    watch: Callable[[Change], None],
) -> Done:
    """Make the changes that were shown; `watch` is called after each.

    A refused change only stops those that need it; `Done.failed` lists both.

    Raises:
        InputError: the warehouse has changed since the plan was shown; nothing was changed.
        TenantryError: another apply is running, or the warehouse was lost; earlier changes stay.
    """
    with _alone(session):
        plan = plans.make(session, declared, shown.choice)
        if plan.changes != shown.changes:
            raise InputError(
                "the warehouse has changed since the plan was shown",
                hint="Review it again: tenantry plan",
            )
        plans.require_secrets(plan)
        steps = Steps(session, plan, means)
        done: list[Change] = []
        failed: list[Failed] = []
        for change in plan.changes:
            failure = _make(steps, change, _lacking(plan, change, {f.change for f in failed}))
            if failure:
                failed.append(failure)
            else:
                done.append(change)
                watch(change)
        return Done(done, live.unloaded(session), failed)


def _make(steps: Steps, change: Change, lacking: Change | None) -> Failed | None:
    """Make one change; return how it failed, or None."""
    if lacking:
        return Failed(change, f"not tried, because {lacking.subject} could not be made")
    try:
        with translated():
            steps.run(change)
    except WarehouseUnreachable:
        raise
    except TenantryError as error:
        return Failed(change, error.message, error.hint)
    return None


def _lacking(plan: Plan, change: Change, failed: Set[Change]) -> Change | None:
    """A failed change that this one needs."""
    wanted = needs.of(plan.wanted, change)
    return next(
        (
            f
            for f in plan.changes
            if f in failed and f.action != "remove" and (f.kind, f.name, f.template) in wanted
        ),
        None,
    )


@contextmanager
def _alone(session: psycopg.Connection) -> Iterator[None]:
    """Keep other applies out, until the session ends at the latest."""
    if not one_row(session, query("fleet", "try_lock"))[0]:
        holder = one_row(session, query("fleet", "lock_holder"))[0]
        raise DatabaseError(
            f"another apply is running{f' in {holder}' if holder else ''}",
            hint="Run the same command when it has ended.",
        )
    try:
        yield
    finally:
        if not session.closed:
            session.execute(query("fleet", "unlock"))
