"""A plan: the file and the warehouse side by side, and the differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from tenantry.core import file as known
from tenantry.core.errors import InputError
from tenantry.core.settings import FILE_NAME
from tenantry.fleet import file, forecast, live, target
from tenantry.fleet.automatic import laid_out
from tenantry.fleet.change import Change, Kind, in_order
from tenantry.fleet.difference import difference, staying
from tenantry.fleet.file import Declared
from tenantry.fleet.live import Live
from tenantry.fleet.model import Fleet
from tenantry.flow.job.subject import subject
from tenantry.flow.slice.room import Shortage
from tenantry.schedule.setup import sized_feeds


@dataclass(frozen=True)
class Choice:
    """What to plan: the `targets` (none: everything), and whether to read secrets. The passwords of existing connections
    in `leave`, and the secrets of `alerts.NAME` there, stay as they are, because the plan that is repeated could not compare them.
    """

    targets: tuple[str, ...] = ()
    secrets: bool = True
    leave: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What is declared, what exists, and the changes between them in the order in which they are made.

    `shortages` are the templates whose reports will run out of locks or memory. `left_out` are changes that no target asks for.
    `not_compared` says for each connection and reader whose password could not be read, why.
    """

    wanted: Fleet
    live: Live
    changes: Sequence[Change]
    choice: Choice = Choice()
    left_out: Sequence[Change] = ()
    not_compared: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    shortages: Sequence[Shortage] = field(default=(), compare=False)


def make(session: psycopg.Connection, declared: Declared, choice: Choice = Choice()) -> Plan:
    """Compare what files declare with the session's warehouse; change nothing.

    Raises InputError for a file that is not valid here, or a target that names nothing.
    """
    found = live.read(session, secrets=choice.secrets)
    readers = declared.fleet.readers or {}
    wanted = file.with_secrets(
        declared,
        readers=[name for name in readers if name not in (found.fleet.readers or {})],
        fetch=choice.secrets,
        leave=choice.leave
        & {*found.fleet.connections, *(f"alerts.{name}" for name in found.fleet.alerts or ())},
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
    unread: dict[tuple[Kind, str], str] = {
        **{("connection", name): one.unread for name, one in wanted.connections.items() if one.unread},
        **{("reader", name): one.unread for name, one in (wanted.readers or {}).items() if one.unread},
        **{("alert", name): one.unread for name, one in (wanted.alerts or {}).items() if one.unread},
    }
    shortages = list(forecast.shortages(session, wanted, found.fleet, changes))
    return target.limited(Plan(wanted, found, changes, choice, (), unread, shortages))


def require_secrets(plan: Plan) -> None:
    """Raise InputError with one line for each password that could not be read."""
    missing = list(plan.not_compared.values())
    if len(missing) > 1:
        missing.insert(0, f"{len(missing)} secrets are missing")
    if missing:
        raise InputError("\n       ".join(missing))


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
