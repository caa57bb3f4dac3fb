"""When schedules are due, and how they are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from tenantry.schedule import times, words
from tenantry.schedule.words import Zone

NOW = datetime(2026, 3, 29, 0, 30, 30, tzinfo=UTC)
"""Half an hour before summer time begins in Europe."""

PARIS = Zone("Europe/Paris", ZoneInfo("Europe/Paris"))
TOKYO = Zone("Asia/Tokyo", ZoneInfo("Asia/Tokyo"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "schedule, expected",
    [
        ("12 * * * *", ["2026-03-29 01:12", "2026-03-29 02:12"]),
        ("34 8 * * *", ["2026-03-29 08:34", "2026-03-30 08:34"]),
        ("20 7 15 2 *", ["2027-02-15 07:20", "2028-02-15 07:20"]),
        ("0 0 29 feb *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 9 * * mon-fri", ["2026-03-30 09:00", "2026-03-31 09:00"]),
        ("0 9 * * 7", ["2026-03-29 09:00", "2026-04-05 09:00"]),
        ("0 0 $ * *", ["2026-03-31 00:00", "2026-04-30 00:00"]),
        ("@daily", ["2026-03-30 00:00", "2026-03-31 00:00"]),
        ("30 seconds", ["2026-03-29 00:31:00", "2026-03-29 00:31:30"]),
        (" 1  Second ", ["2026-03-29 00:30:31", "2026-03-29 00:30:32"]),
        ("@reboot", []),
        ("0 0 30 2 *", []),
    ],
)
def test_the_next_times_of_a_schedule(schedule: str, expected: list[str]) -> None:
    assert list(islice(times.after(schedule, NOW), 2)) == [at(text) for text in expected]


def test_summer_time_moves_no_run_in_utc() -> None:
    found = list(islice(times.after("30 * * * *", NOW), 26))
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(hours=1)}


def test_hours_may_be_another_zones_as_pg_cron_has_it() -> None:
    assert list(islice(times.after("0 9 * * *", NOW - timedelta(days=1), PARIS.info), 2)) == [
        at("2026-03-28 08:00"),
        at("2026-03-29 07:00"),
    ]


@pytest.mark.parametrize(
    "schedule, since, expected",
    [
        ("* * * * *", 125, ["00:29:00", "00:30:00"]),
        ("* * * * *", 30, []),
        ("* * * * *", 31, ["00:30:00"]),
        # Ten minutes at the most, and only the last of what is older.
        ("* * * * *", 86400, [f"00:{minute}:00" for minute in range(21, 31)]),
        ("*/15 * * * *", 86400, ["00:30:00"]),
        ("*/12 * * * *", 86400, ["00:24:00"]),
        ("5 * * * *", 86400, ["00:05:00"]),
        ("5 * * * *", 1200, []),
        ("10 seconds", 20, ["00:30:20", "00:30:30"]),
        ("7 * * * *", 0, []),
        ("@reboot", 86400, []),
    ],
)
def test_what_was_missed_is_made_up_for_within_bounds(schedule: str, since: int, expected: list[str]) -> None:
    found = times.due(schedule, NOW - timedelta(seconds=since), NOW)
    assert found == [at(f"2026-03-29 {text}") for text in expected]


@pytest.mark.parametrize(
    "schedule, expected",
    [
        ("12 * * * *", "every hour at :12"),
        ("5,35 * * * *", "every hour at :05 and :35"),
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("34 8 * * *", "daily at 08:34 UTC (10:34 Europe/Paris)"),
        ("30 22 * * *", "daily at 22:30 UTC (00:30 Europe/Paris the day after)"),
        ("20 7 15 2 *", "every year on 15 February at 07:20 UTC (08:20 Europe/Paris)"),
        ("0 3 1 * *", "on day 1 of every month at 03:00 UTC (05:00 Europe/Paris)"),
        ("30 8 * * mon-fri", "on Monday to Friday at 08:30 UTC (10:30 Europe/Paris)"),
        ("30 8 * * 0,3", "on Sunday and Wednesday at 08:30 UTC (10:30 Europe/Paris)"),
        ("@hourly", "every hour at :00"),
        ("@reboot", "when the server starts"),
        ("1 second", "every second"),
        ("30 seconds", "every 30 seconds"),
        ("*/7 8-18 * * *", "every seventh minute from 08:00 through 18:59, UTC"),
        ("0 0 30 2 *", "every year on 30 February at 00:00 UTC"),
        ("no schedule", "no schedule"),
    ],
)
def test_schedules_in_words(schedule: str, expected: str) -> None:
    assert words.human(schedule, PARIS, NOW) == expected


def test_words_say_no_zone_twice_and_know_pg_crons() -> None:
    utc = Zone("UTC", UTC)
    assert words.human("34 8 * * *", utc, NOW) == "daily at 08:34 UTC"
    assert words.human("34 8 * * *", TOKYO, NOW, PARIS) == "daily at 08:34 Europe/Paris (15:34 Asia/Tokyo)"
    assert words.moment(at("2026-03-29 16:00"), TOKYO) == "2026-03-29 16:00 UTC (2026-03-30 01:00 Asia/Tokyo)"
    assert words.moment(at("2026-03-29 16:00"), utc) == "2026-03-29 16:00 UTC"


def test_the_readers_zone_is_that_of_tz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")
    assert words.local_zone() == PARIS
    monkeypatch.setenv("TZ", "UTC")
    assert words.local_zone().name == "UTC"


def test_a_run_that_was_due_just_when_the_bounds_begin_is_made_up_for() -> None:
    now = NOW.replace(second=0)
    assert times.due("20 * * * *", now - timedelta(days=1), now) == [at("2026-03-29 00:20:00")]
