"""Schedules in pg_cron's syntax: the times that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim, CronSimError

MAKE_UP = timedelta(minutes=10)
"""How late a run may start. Of those that are later, only the last is made up, and only if there is no newer run."""

_SHORTCUTS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_SECONDS = re.compile(r"\s*(\d+)\s+seconds?\s*", re.IGNORECASE)


def at_start(schedule: str) -> bool:
    """Whether a schedule means the server's start, and not a time."""
    return schedule.strip() in ("@reboot", "@restart")


def interval(schedule: str) -> int | None:
    """The seconds of a schedule such as `30 seconds`; None for another kind."""
    found = _SECONDS.fullmatch(schedule)
    return int(found[1]) if found else None


def five_fields(schedule: str) -> str:
    """A schedule with its shortcut, if any, written out."""
    return _SHORTCUTS.get(schedule.strip(), schedule)


def after(schedule: str, moment: datetime, zone: tzinfo = UTC) -> Iterator[datetime]:
    """The times that a schedule names after a moment, in UTC; none if it names none.

    `zone` is the time zone of the schedule's hours. Intervals are counted from 1970 on, so that everyone computes the
    same times.
    """
    seconds = interval(schedule)
    if seconds:
        step = timedelta(seconds=seconds)
        count = int(moment.timestamp()) // seconds + 1
        time = datetime.fromtimestamp(count * seconds, UTC)
        while True:
            yield time
            time += step
    for time in _cron(schedule, moment, zone):
        if time > moment:
            yield time


def due(schedule: str, since: datetime, now: datetime) -> list[datetime]:
    """The runs to start now, oldest first, if none has run since `since` (not included): see MAKE_UP."""
    recent = max(since, now - MAKE_UP)
    found = []
    for time in after(schedule, recent):
        if time > now:
            break
        found.append(time)
    if not found and recent > since:
        latest = _latest(schedule, recent)
        if latest is not None and latest > since:
            found.append(latest)
    return found


def _latest(schedule: str, moment: datetime) -> datetime | None:
    """The last time up to a moment."""
    seconds = interval(schedule)
    if seconds:
        return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
    return next(_cron(schedule, moment + timedelta(microseconds=1), UTC, reverse=True), None)


def _cron(schedule: str, moment: datetime, zone: tzinfo, reverse: bool = False) -> Iterator[datetime]:
    if at_start(schedule):
        return
    # In pg_cron, "$" is the last day of a month.
    expression = five_fields(schedule).replace("$", "L")
    try:
        for time in CronSim(expression, moment.astimezone(zone), reverse=reverse):
            yield time.astimezone(UTC)
    except CronSimError:
        # Such as February 30th.
        return
