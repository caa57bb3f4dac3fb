"""Jobs are laid out apart from each other, in the manual's names and at its spacing."""

from __future__ import annotations

from hashlib import md5

from tenantry.core.model import Feed
from tenantry.flow.job.subject import subject
from tenantry.flow.job.table import Job
from tenantry.schedule.layout import Proposal, SizedFeed, command, job_name, lay_out


def feed(tenant: str, template: str = "foodlogstats") -> Feed:
    return Feed(tenant, template, f"{tenant}_conn")


def job(name: str, schedule: str, text: str, active: bool = True) -> Job:
    about = subject(text)
    return Job(
        1,
        name,
        schedule,
        text,
        active,
        "postgres",
        "whadmin",
        about.kind,
        about.template,
        about.schema,
        about.connection,
    )


def made(proposals: list[Proposal]) -> list[Job]:
    return [job(item.name, item.schedule, item.command) for item in proposals]


def schedules(proposals: list[Proposal], kind: str) -> list[str]:
    return [item.schedule for item in proposals if item.kind == kind]


def test_the_first_tenants_get_the_manuals_names_and_times() -> None:
    proposals = lay_out([], [SizedFeed(feed("landb")), SizedFeed(feed("mm"))])
    assert [(item.name, item.schedule) for item in proposals] == [
        ("foodlogstats_update_landb", "10 * * * *"),
        ("foodlogstats_update_mm", "11 * * * *"),
        ("landb_2week_refresh", "30 8 * * *"),
        ("mm_2week_refresh", "32 8 * * *"),
        ("yearly_combination_landb", "0 7 15 2 *"),
        ("yearly_combination_mm", "10 7 15 2 *"),
    ]
    assert proposals[0].command == (
        "SELECT _wh.update_mv_by_template('foodlogstats', 'landb_conn', 'landb', _wh.current_date_utc());"
    )


def test_what_is_there_stays_and_only_the_rest_is_made() -> None:
    by_hand = job("landb by hand", "12 * * * *", command("hourly", feed("landb")), active=False)
    proposals = lay_out([by_hand], [SizedFeed(feed("landb")), SizedFeed(feed("mm"))])
    assert [item.name for item in proposals if item.feed.schema == "landb"] == [
        "landb_2week_refresh",
        "yearly_combination_landb",
    ]
    assert schedules(proposals, "hourly") == ["10 * * * *"]
    assert lay_out([by_hand, *made(proposals)], [SizedFeed(feed("landb")), SizedFeed(feed("mm"))]) == []


def test_jobs_by_hand_keep_their_places() -> None:
    there = [
        job("a", "10 * * * *", "SELECT 1"),
        job("b", "*/11 * * * *", "SELECT 1"),
        job("c", "30 8 * * *", "SELECT 1"),
        job("d", "0 7 15 2 *", "SELECT 1"),
        job("e", "15 7 15 2 *", "SELECT 1"),
        job("f", "5 seconds", "SELECT 1"),
    ]
    proposals = lay_out(there, [SizedFeed(feed("acme"))])
    assert [item.schedule for item in proposals] == ["12 * * * *", "32 8 * * *", "30 7 15 2 *"]


def test_jobs_by_hand_before_seven_and_from_five_on_take_no_place_of_another_day() -> None:
    feeds = [SizedFeed(feed(f"t{number:02}")) for number in range(61)]
    there = [job("a", "59 6 16 2 *", "SELECT 1"), job("b", "0 17 15 2 *", "SELECT 1")]
    assert schedules(lay_out(there, feeds), "yearly")[59:] == ["50 16 15 2 *", "0 7 16 2 *"]


def test_larger_tenants_get_more_room() -> None:
    sizes = [SizedFeed(feed("big"), 30_000_000), SizedFeed(feed("small"), 1_500_000), SizedFeed(feed("new"))]
    proposals = lay_out([], sizes)
    assert schedules(proposals, "hourly") == ["10 * * * *", "13 * * * *", "14 * * * *"]
    assert schedules(proposals, "window") == ["30 8 * * *", "36 8 * * *", "38 8 * * *"]
    assert schedules(proposals, "yearly") == ["0 7 15 2 *", "30 7 15 2 *", "40 7 15 2 *"]
    # The room of those that have their jobs is kept, too.
    assert schedules(lay_out(made(lay_out([], sizes[:1])), sizes), "hourly") == ["13 * * * *", "14 * * * *"]


def test_a_hundred_tenants_share_minutes_evenly_and_years_go_on_the_next_day() -> None:
    proposals = lay_out([], [SizedFeed(feed(f"t{number:03}")) for number in range(100)])
    hourly = schedules(proposals, "hourly")
    assert len(set(hourly[:60])) == 60
    assert max(hourly.count(minute) for minute in hourly) == 2
    assert len(set(schedules(proposals, "window"))) == 100
    yearly = schedules(proposals, "yearly")
    assert yearly[5:7] == ["50 7 15 2 *", "0 8 15 2 *"]
    assert yearly[59:61] == ["50 16 15 2 *", "0 7 16 2 *"]
    assert len(set(yearly)) == 100


def test_nights_go_on_after_midnight() -> None:
    proposals = lay_out([], [SizedFeed(feed(f"t{number}")) for number in range(720)])
    assert set(schedules(proposals, "window")) == {
        f"{minute} {hour} * * *" for hour in range(24) for minute in range(0, 60, 2)
    }


def test_nothing_ever_breaks_for_want_of_room() -> None:
    proposals = lay_out([], [SizedFeed(feed(f"t{number}"), 10**9) for number in range(900)])
    assert len(proposals) == 2700
    assert len({item.name for item in proposals}) == 2700
    nightly = [tuple(map(int, item.split()[:2])) for item in schedules(proposals, "window")]
    assert all(0 <= minute < 60 and 0 <= hour < 24 for minute, hour in nightly)
    assert len({hour for _, hour in nightly}) == 24
    assert {minute for minute, hour in nightly if hour == 23} <= set(range(0, 60, 2))


def test_names_are_unique_for_each_template_and_never_another_jobs() -> None:
    other = feed("acme", "orders")
    assert [job_name(kind, other) for kind in ("hourly", "window", "yearly")] == [
        "orders_update_acme",
        "acme_2week_refresh_orders",
        "yearly_combination_acme_orders",
    ]
    taken = job("acme_2week_refresh", "0 1 * * *", "SELECT 'something else'")
    names = [item.name for item in lay_out([taken], [SizedFeed(feed("acme"))])]
    assert names == ["foodlogstats_update_acme", "acme_2week_refresh_2", "yearly_combination_acme"]
    second = job("acme_2week_refresh_2", "0 2 * * *", "SELECT 'something else'")
    assert "acme_2week_refresh_3" in [
        item.name for item in lay_out([taken, second], [SizedFeed(feed("acme"))])
    ]


def test_long_names_are_cut_to_postgresqls_63_bytes_and_stay_apart() -> None:
    long = ["ä" * 30 + "x" * 3, "ä" * 30 + "y" * 3]
    names = [job_name("yearly", feed(name)) for name in long]
    assert all(len(name.encode()) <= 63 for name in names)
    assert len(set(names)) == 2
    # As _wh_internal.fit_name cuts them, so that SQL finds them.
    assert (
        names[0]
        == f"yearly_combination_{'ä' * 17}_{md5(f'yearly_combination_{long[0]}'.encode()).hexdigest()[:8]}"
    )


def test_commands_quote_their_names_and_are_recognised_again() -> None:
    odd = Feed("O'Brien", "my 'template'", "back\\slash")
    for kind in ("hourly", "window", "yearly"):
        found = subject(command(kind, odd))
        assert (found.kind, found.template, found.schema) == (kind, odd.template, odd.schema)
        assert found.connection == (None if kind == "yearly" else odd.connection)
