"""Schedules in words, in UTC and in the operator's time zone."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tenantry.schedule import times

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True)
class Zone:
    """A time zone and its name."""

    name: str
    info: tzinfo


def zone_called(name: str) -> Zone | None:
    """The zone of an IANA name, such as Europe/Paris; GMT is UTC. None if it does not exist."""
    if name.upper() in ("GMT", "UTC"):
        return Zone("UTC", UTC)
    try:
        return Zone(name, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local_zone() -> Zone:
    """The operator's zone: from the environment's TZ, otherwise this machine's."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    found = zone_called(name) if name else None
    if found is None:
        info = datetime.now().astimezone().tzinfo or UTC
        found = Zone(info.tzname(None) or "local time", info)
    return found if found.name not in ("Etc/UTC", "Universal", "Zulu") else Zone("UTC", UTC)


def human(schedule: str, zone: Zone, now: datetime, cron_zone: Zone | None = None) -> str:
    """A schedule in words: `every hour at :12`, `daily at 08:34 UTC (10:34 Europe/Paris)`.

    `zone` is the reader's, `cron_zone` that of the schedule's hours (default: UTC). The reader's hours are those of the
    next run, because they change with daylight saving time.
    """
    if times.at_start(schedule):
        return "when the server starts"
    seconds = times.interval(schedule)
    if seconds:
        return "every second" if seconds == 1 else f"every {seconds} seconds"
    expression = times.five_fields(schedule).strip()
    fields = expression.split()
    if len(fields) != 5:
        return schedule
    minute, hour, day, month, weekday = fields
    written = cron_zone or Zone("UTC", UTC)
    if hour == day == month == weekday == "*" and (said := _within_the_hour(minute)):
        return said
    when = _days(day, month, weekday)
    if when is None or not (minute.isdigit() and hour.isdigit()):
        return _explained(expression, written)
    here = f"{when} at {int(hour):02}:{int(minute):02} {written.name}"
    run = next(times.after(schedule, now, written.info), None)
    if run is None or zone.name == written.name:
        return here
    there = run.astimezone(zone.info)
    shift = (there.date() - run.astimezone(written.info).date()).days
    moved = {-1: " the day before", 1: " the day after"}.get(shift, "")
    return f"{here} ({there:%H:%M} {zone.name}{moved})"


def moment(time: datetime, zone: Zone) -> str:
    """A moment in UTC and in the reader's zone: `2026-11-22 08:34 UTC (10:34 Europe/Paris)`."""
    there = time.astimezone(zone.info)
    if zone.name == "UTC":
        return f"{time:%Y-%m-%d %H:%M} UTC"
    same_day = there.date() == time.astimezone(UTC).date()
    return f"{time:%Y-%m-%d %H:%M} UTC ({there:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}} {zone.name})"


def _within_the_hour(minute: str) -> str | None:
    if minute == "*":
        return "every minute"
    step = re.fullmatch(r"\*/(\d+)", minute)
    if step and 60 % int(step[1]) == 0:
        return "every minute" if step[1] == "1" else f"every {step[1]} minutes"
    if all(part.isdigit() for part in minute.split(",")):
        return "every hour at " + _listed([f":{int(part):02}" for part in minute.split(",")])
    return None


def _days(day: str, month: str, weekday: str) -> str | None:
    if day == month == weekday == "*":
        return "daily"
    if day == month == "*":
        parts = [re.fullmatch(r"(\w+)(?:-(\w+))?", part) for part in weekday.split(",")]
        if not all(parts):
            return None
        named = ["-".join(_weekday(name) for name in part.groups() if name) for part in parts if part]
        return "on " + _listed([name.replace("-", " to ") for name in named])
    if day.isdigit() and month == weekday == "*":
        return f"on day {day} of every month"
    if day.isdigit() and month.isdigit() and weekday == "*":
        return f"every year on {int(day)} {_MONTHS[int(month) - 1]}"
    return None


def _weekday(name: str) -> str:
    if name.isdigit():
        return _DAYS[int(name)]
    return next((day for day in _DAYS if day.lower().startswith(name.lower())), name)


def _listed(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else items[0]


def _explained(expression: str, zone: Zone) -> str:
    from cronsim import CronSim, CronSimError

    try:
        said = CronSim(expression.replace("$", "L"), datetime.now(UTC)).explain()
    except CronSimError:
        return expression
    return f"{said[:1].lower()}{said[1:]}, {zone.name}"
