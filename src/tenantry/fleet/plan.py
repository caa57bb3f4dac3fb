"""A plan: the file and the warehouse side by side, and the differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from tenantry.core import file as known
from tenantry.core.errors import InputError
from tenantry.core.settings import FILE_NAME
from tenantry.fleet import file, forecast, live
from tenantry.fleet.automatic import laid_out
from tenantry.fleet.change import Change, in_order
from tenantry.fleet.difference import difference, staying
from tenantry.fleet.file import Declared
from tenantry.fleet.live import Live
from tenantry.fleet.model import Fleet
from tenantry.flow.job.subject import subject
from tenantry.flow.slice.room import Shortage
from tenantry.schedule.setup import sized_feeds


@dataclass(frozen=True)
class Plan:
    """What is declared, what exists, and the changes between them in the order in which they are made.

    `shortages` are the templates whose reports will lack locks or memory.
    """

    wanted: Fleet
    live: Live
    changes: Sequence[Change]
    shortages: Sequence[Shortage] = field(default=(), compare=False)


def make(session: psycopg.Connection, declared: Declared) -> Plan:
    """Compare what files declare with the session's warehouse; change nothing.

    Raises InputError for a file that is not valid here, and for secrets that cannot be fetched.
    """
    found = live.read(session)
    readers = declared.fleet.readers or {}
    wanted = file.with_secrets(
        declared, readers=[name for name in readers if name not in (found.fleet.readers or {})]
    )
    for name in found.dropping:
        if name in (wanted.tenants or {}):
            raise InputError(
                f'tenant "{name}" is being dropped', hint=f"Finish that first: tenantry tenant drop {name}"
            )
    if found.cron is None and (wanted.jobs or wanted.automatic):
        raise InputError(
            "the file declares jobs, but this database has no cron to store them",
            hint="Run tenantry init as the administrator.",
        )
    if wanted.automatic:
        rows = {(item.feed.schema, item.feed.template): item.rows for item in sized_feeds(session)}
        tenants = staying(wanted, found.fleet)
        wanted = replace(wanted, jobs=laid_out(wanted.jobs, found, tenants, rows))
    changes = in_order([*difference(wanted, found.fleet, file.builtin), *_leftovers(wanted, found)])
    _require_matching_jobs(wanted, changes, found)
    return Plan(wanted, found, changes, list(forecast.shortages(session, wanted, found.fleet, changes)))


def _leftovers(wanted: Fleet, found: Live) -> list[Change]:
    """The rest of feeds whose removal was interrupted."""
    return [
        Change("remove", "feed", schema, (), template, loses="what is left of its days")
        for schema, template in found.leftovers
        if schema in (wanted.tenants or {}) and template not in (wanted.tenants or {})[schema].feeds
    ]


def _require_matching_jobs(wanted: Fleet, changes: Sequence[Change], found: Live) -> None:
    """Raise InputError for a job that would bring back what is removed, or a connection that its tenant no longer uses."""
    gone = {(change.name, change.template) for change in changes if change.loses}
    moved = {change.name for change in changes if (change.action, change.kind) == ("change", "tenant")}
    for job in (wanted.jobs or {}).values():
        about = subject(job.command)
        if (about.schema, None) in gone or (about.schema, about.template) in gone:
            raise InputError(f'job "{job.name}" loads {about.schema}, but the file does not declare it')
    for job in (found.fleet.jobs or {} if wanted.jobs is None else wanted.jobs).values():
        about = subject(job.command)
        if about.schema in moved and wanted.tenants:
            feed = wanted.tenants[about.schema].feeds.get(about.template or "")
            if feed and about.connection not in (None, feed.connection):
                raise InputError(
                    f'job "{job.name}" loads {about.schema} through connection "{about.connection}", and the file '
                    f'says "{feed.connection}"',
                    hint="Declare the job with the new connection, too.",
                )


def files(path: Path | None, folder: Path) -> list[Path]:
    """Return the files to read: those that `path` names, or the nearest from `folder` upwards. Raises InputError if there are none."""
    found = known.find(folder) if path is None else known.named(path)
    if not found:
        raise InputError(
            f"there is no {FILE_NAME} in {folder} or above it",
            hint="Name one with --file, or write one from the warehouse: tenantry export",
        )
    return found
