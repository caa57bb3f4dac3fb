"""Adding a tenant, as tenant add and start do it: the progress, the outcome, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from tenantry.cli import shapes
from tenantry.cli.interrupted import tell
from tenantry.cli.output import step
from tenantry.core import advice
from tenantry.core.errors import SliceError, TenantryError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry import Limits, Newcomer, Warehouse
    from tenantry.loader.add_tenant import Added


Step = Callable[[str, str], None]

AGAIN = "run the same command: it loads only what is missing"


def take_in(
    warehouse: Warehouse, newcomer: Newcomer, *, schedule: bool, limits: Limits, tell: Step = step
) -> Added:
    """Add a tenant with progress, and return how that ended, even if it was interrupted.

    The hint of an error that comes before anything was made says so.
    """
    from tenantry import Interrupted
    from tenantry.cli.progress import LoadProgress

    with LoadProgress() as progress, _untouched(tell) as begun:
        try:
            return warehouse.add_tenant(
                newcomer, schedule=schedule, limits=limits, step=begun, watcher=progress
            )
        except Interrupted as stop:
            return cast("Added", stop.so_far)


@contextmanager
def _untouched(told: Step) -> Iterator[Callable[[str, str], None]]:
    """What a block calls with each step that is done. An error before the first one says that nothing was created."""
    done = []

    def tell(name: str, detail: str) -> None:
        done.append(name)
        told(name, detail)

    try:
        yield tell
    except TenantryError as error:
        if not done:
            error.add("Nothing was created in the warehouse.")
        raise


def summary(added: Added) -> dict[str, Any]:
    """The outcome, as JSON."""
    return {
        "tenant": added.tenant,
        "load": shapes.load(added.load),
        "folded": [shapes.folded_year(year) for year in added.folded],
        "different_days": shapes.different_days(added.compared),
        "not_compared": shapes.not_compared(added.compared),
        "rows_ahead": shapes.rows_ahead(added.rows_ahead),
        "jobs": added.jobs,
    }


def require_complete(added: Added, again: str = AGAIN) -> None:
    """Raise SliceError if days are missing or differ from the source; end the program if the load was interrupted."""
    name = added.tenant
    if added.load.interrupted:
        tell(f"what was stored and loaded is kept. To continue, {again}.")
    failed = [failure for feed in added.load.feeds for failure in feed.failures]
    if not added.load.complete:
        reason = f"; the first: {failed[0].error}" if failed else ""
        raise SliceError(
            f"{name} was added, but slices are missing{reason}",
            hint=advice.before(
                again,
                [failure.sqlstate for failure in failed if failure.of_source],
            ),
        )
    if different := sum(len(verdict.different) + len(verdict.failed) for verdict in added.compared):
        raise SliceError(
            f"{name} was added, but {count(different, 'day differs', 'days differ')} from the source, or could not be compared",
            hint=f"To see which rows differ: tenantry verify {added.load.feeds[0].feed.template} --tenant {name}",
        )
