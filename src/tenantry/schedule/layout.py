"""Where jobs go: apart from each other, with the manual's spacing, names and commands."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import sql

from tenantry.core.model import Feed
from tenantry.flow.job.subject import Kind
from tenantry.flow.job.table import Job

KINDS: tuple[Kind, ...] = ("hourly", "window", "yearly")

_LARGE = (5_000_000, 20_000_000, 80_000_000)
"""Rows per year from which a tenant gets two, three or four times the room. The manual's tenant has 1.5 million."""


@dataclass(frozen=True)
class SizedFeed:
    """A feed and the rows of its last 365 days; None if nothing is loaded yet. With `at_work`, its tenant is not disabled."""

    feed: Feed
    rows: int | None = None
    at_work: bool = True


@dataclass(frozen=True)
class Proposal:
    """A job to create."""

    name: str
    schedule: str
    command: str
    kind: Kind
    feed: Feed


@dataclass(frozen=True)
class _Clock(ABC):
    """The places that jobs of a kind can take, and how to write them as a schedule.

    Places are minutes: of the hour from :10 on; of the day from 08:30 on; from 07:00 to 16:59 on 15 to 28 February.
    """

    size: int
    room: int

    @abstractmethod
    def place(self, schedule: str) -> Sequence[int]:
        """The places that a schedule takes; none if it is written in another form."""

    @abstractmethod
    def schedule(self, place: int) -> str:
        """The schedule of a place."""


class _Hour(_Clock):
    def place(self, schedule: str) -> Sequence[int]:
        found = re.fullmatch(r"(\*|[\d,]+)(?:/(\d+))? \* \* \* \*", schedule.strip())
        if not found:
            return ()
        minutes = range(60) if found[1] == "*" else [int(m) for m in found[1].split(",") if m]
        return [(minute - 10) % 60 for minute in minutes if minute % int(found[2] or 1) == 0]

    def schedule(self, place: int) -> str:
        return f"{(place + 10) % 60} * * * *"


class _Night(_Clock):
    def place(self, schedule: str) -> Sequence[int]:
        found = re.fullmatch(r"(\d+) (\d+) \* \* \*", schedule.strip())
        return [(int(found[2]) * 60 + int(found[1]) - 510) % 1440] if found else ()

    def schedule(self, place: int) -> str:
        minute = (place + 510) % 1440
        return f"{minute % 60} {minute // 60} * * *"


class _February(_Clock):
    def place(self, schedule: str) -> Sequence[int]:
        found = re.fullmatch(r"(\d+) (\d+) (\d+) 2 \*", schedule.strip())
        if not found:
            return ()
        minute = int(found[2]) * 60 + int(found[1]) - 420
        place = (int(found[3]) - 15) * 600 + minute
        return [place] if 0 <= minute < 600 and 0 <= place < self.size else ()

    def schedule(self, place: int) -> str:
        day, minute = divmod(place, 600)
        return f"{minute % 60} {7 + minute // 60} {15 + day} 2 *"


_CLOCKS: dict[Kind, _Clock] = {
    "hourly": _Hour(60, 1),
    "window": _Night(1440, 2),
    "yearly": _February(14 * 600, 10),
}


def lay_out(
    jobs: Sequence[Job], feeds: Sequence[SizedFeed], chosen: Iterable[Feed] | None = None
) -> list[Proposal]:
    """The jobs that the chosen feeds (default: those of all enabled tenants) lack, each at the next free place.

    `jobs` and `feeds` must be complete. Jobs made by hand keep their places, and larger tenants get more room. If all
    places are taken, the one with the fewest jobs is shared. A paused job counts as existing.
    """
    wanted = [item.feed for item in feeds if item.at_work] if chosen is None else list(chosen)
    rows = {(item.feed.schema, item.feed.template): item.rows for item in feeds}
    names = {job.name for job in jobs}
    proposals: list[Proposal] = []
    for kind in KINDS:
        clock = _CLOCKS[kind]
        taken = [0] * clock.size
        for job in jobs:
            for place in clock.place(job.schedule):
                _take(taken, place, _room(clock, rows.get((job.schema or "", job.template or ""))))
        for feed in wanted:
            if any(_covers(job, feed, kind) for job in jobs):
                continue
            room = _room(clock, rows.get((feed.schema, feed.template)))
            place = _free(taken, room, clock.room)
            _take(taken, place, room)
            name = _free_name(job_name(kind, feed), names)
            names.add(name)
            proposals.append(Proposal(name, clock.schedule(place), command(kind, feed), kind, feed))
    return proposals


def job_name(kind: Kind, feed: Feed) -> str:
    """The manual's name of a job; in the last two, the template is part of the name if it is not foodlogstats."""
    suffix = "" if feed.template == "foodlogstats" else f"_{feed.template}"
    return _fitted(
        {
            "hourly": f"{feed.template}_update_{feed.schema}",
            "window": f"{feed.schema}_2week_refresh{suffix}",
            "yearly": f"yearly_combination_{feed.schema}{suffix}",
        }[kind]
    )


def command(kind: Kind, feed: Feed) -> str:
    """The command of a job: the manual's, except for the nightly one, which loads only changed days of the template's lookback and fails if one failed."""
    template, connection, schema = (
        sql.Literal(text).as_string().strip() for text in (feed.template, feed.connection, feed.schema)
    )
    if kind == "hourly":
        return (
            f"SELECT _wh.update_mv_by_template({template}, {connection}, {schema}, _wh.current_date_utc());"
        )
    if kind == "window":
        return f"CALL _wh.refresh_window({template}, {connection}, {schema}, only_changed => true);"
    last_year = "EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL '1 year')::integer"
    return f"SELECT _wh.create_combined_table_from_template_by_year({template}, {schema}, {last_year});"


def is_usual(name: str | None, schedule: str, text: str, kind: Kind, feed: Feed) -> bool:
    """Whether a job of a feed has the name and command that `lay_out` gives, and one of the times."""
    clock = _CLOCKS.get(kind)
    if clock is None or name != job_name(kind, feed) or text != command(kind, feed):
        return False
    return [clock.schedule(place) for place in clock.place(schedule)] == [schedule]


def _covers(job: Job, feed: Feed, kind: Kind) -> bool:
    return job.kind == kind and job.schema == feed.schema and job.template in (feed.template, None)


def _room(clock: _Clock, rows: int | None) -> int:
    return clock.room * (1 + sum((rows or 0) >= limit for limit in _LARGE))


def _take(taken: list[int], place: int, room: int) -> None:
    for minute in range(place, place + room):
        taken[minute % len(taken)] += 1


def _free(taken: Sequence[int], room: int, step: int) -> int:
    """The first place with room, at multiples of `step` if possible; otherwise the one with the fewest neighbours."""
    places = range(0, len(taken) - room + 1, step)
    return min(places, key=lambda place: (sum(taken[place : place + room]), place))


def _fitted(name: str) -> str:
    """A name cut to PostgreSQL's 63 bytes, made unique by a hash, as _wh_internal.fit_name does."""
    if len(name.encode()) <= 63:
        return name
    size = min(len(name), 54)
    while len(name[:size].encode()) > 54:
        size -= 1
    return f"{name[:size]}_{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8]}"


def _free_name(name: str, taken: set[str | None]) -> str:
    """A name that no job has: scheduling under an existing name would replace that job."""
    free, number = name, 2
    while free in taken:
        free, number = _fitted(f"{name}_{number}"), number + 1
    return free
