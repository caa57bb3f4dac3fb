"""A year in the life of a warehouse of four tenants, with the clock moved and nothing but the program used.

At each station every row of the public view is compared with the tenants' own databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tenantry.embedded import Server, account
from tests.life.clock import Clock
from tests.life.world import World

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

YEAR = datetime.now(UTC).year + 1
"""The next one: the clock only goes forwards, which holds if New Year comes before the test begins, too."""

PASSWORDS = {
    "TENANTRY_WHADMIN_PASSWORD": "password of whadmin",
    "TENANTRY_READER_PASSWORD": "password of phood_ro",
}


@pytest.fixture
def world(
    server_parent: Path, server_bindir: Path | None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Four sources with rows since November, and an empty server, on January 10th at nine."""
    clock = Clock(server_parent / "clock")
    monkeypatch.setattr(account, "ENVIRONMENT", account.ENVIRONMENT | clock.environment)
    servers: list[Server] = []

    def make_server(directory: Path) -> Server:
        made = Server(
            directory,
            bindir=server_bindir,
            settings={"fsync": "off", "shared_buffers": "32MB", "autovacuum": "off", "max_connections": "40"},
        )
        made.save_password("whadmin", PASSWORDS["TENANTRY_WHADMIN_PASSWORD"])
        servers.append(made)
        return made

    try:
        world = World(server_parent, clock, make_server)
        for name in ("north", "south", "east", "west"):
            world.add_source(name).log(date(YEAR - 1, 12, 20), date(YEAR, 1, 9))
        world.move_to(datetime(YEAR, 1, 10, 9, tzinfo=UTC))
        yield world
    finally:
        for made in servers:
            made.remove()


def test_a_year_passes_and_every_row_is_right_at_each_station(world: World) -> None:
    add_tenants(world)
    hours(world)
    nights_with_late_rows(world)
    a_tenant_rests_from_march_to_june(world)
    a_password_is_rotated(world)
    a_tenant_leaves(world)
    the_year_ends(world)
    the_year_is_folded_in_february(world)
    the_warehouse_is_lost(world)


def add_tenants(world: World) -> None:
    world.do(
        "init",
        dsn=world.server.conninfo(),
        env=PASSWORDS,
    )
    world.do("template", "set-storage", "foodlogstats", "partition")
    for tenant in world.tenants.values():
        world.do(
            "tenant", "add", tenant.name, "--source", tenant.address, "--from", f"{YEAR - 1}-12-20",
            env={"TENANTRY_SOURCE_PASSWORD": tenant.password},
        )  # fmt: skip
    # One is kept in materialized views, with the same commands.
    world.do("template", "set-storage", "foodlogstats", "matview", "--tenant", "west")
    assert world.differences() == {}


def hours(world: World) -> None:
    for hour in (10, 14):
        world.move_to(datetime(YEAR, 1, 10, hour, 12, tzinfo=UTC))
        for tenant in world.tenants.values():
            tenant.log_at(datetime(YEAR, 1, 10, hour, 5, tzinfo=UTC))
        world.do("refresh", "foodlogstats", "--all")
        assert world.differences() == {}


def nights_with_late_rows(world: World) -> None:
    for night in (date(YEAR, 1, 11), date(YEAR, 1, 12)):
        world.move_to(datetime(night.year, night.month, night.day, 8, 30, tzinfo=UTC))
        for tenant in world.tenants.values():
            tenant.log_at(datetime(YEAR, 1, night.day - 1, 23, 59, 59, 999999, tzinfo=UTC))
            # Late: of a week ago, and of the year that is over.
            tenant.log_at(datetime(YEAR, 1, night.day - 6, 12, tzinfo=UTC))
            tenant.log_at(datetime(YEAR - 1, 12, 18 + night.day, tzinfo=UTC))
            tenant.change(
                f"DELETE FROM phood_foodlogsum WHERE logged_time::date = '{YEAR}-01-{night.day - 8:02}' AND id % 2 = 0"
            )
        world.do("refresh", "foodlogstats", "--all", "--days", "14")
        world.do("refresh", "foodlogstats", "--all")
        assert world.differences() == {}


def a_tenant_rests_from_march_to_june(world: World) -> None:
    pass_days(world, date(YEAR, 3, 1))
    world.do("tenant", "disable", "west", "--reason", "moves to another house")
    before = held(world, "west")
    pass_days(world, date(YEAR, 6, 1))
    assert set(world.differences()) == {"west"}
    assert held(world, "west") == before

    world.do("tenant", "enable", "west")

    assert world.differences() == {}


def a_password_is_rotated(world: World) -> None:
    tenant = world.tenants["north"]
    tenant.rotate("second password of north")
    pass_days(world, date(YEAR, 6, 3), succeeds=False)
    assert set(world.differences()) == {"north"}

    world.do("tenant", "edit", "north", env={"TENANTRY_SOURCE_PASSWORD": tenant.password})

    pass_days(world, date(YEAR, 6, 5))
    assert world.differences() == {}


def a_tenant_leaves(world: World) -> None:
    world.do("tenant", "drop", "south", "--yes")

    del world.tenants["south"]
    assert world.differences() == {}
    pass_days(world, date(YEAR, 10, 1))
    assert world.differences() == {}


def the_year_ends(world: World) -> None:
    pass_days(world, date(YEAR, 12, 31))
    world.move_to(datetime(YEAR, 12, 31, 23, 55, tzinfo=UTC))
    world.do("refresh", "foodlogstats", "--all")
    for tenant in world.tenants.values():
        tenant.log_at(datetime(YEAR, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
        tenant.log_at(datetime(YEAR + 1, 1, 1, tzinfo=UTC))
    world.move_to(datetime(YEAR + 1, 1, 1, 0, 12, tzinfo=UTC))

    world.do("refresh", "foodlogstats", "--all")

    assert world.differences() == {}


def the_year_is_folded_in_february(world: World) -> None:
    pass_days(world, date(YEAR + 1, 2, 15))
    world.do("year", "fold", "foodlogstats", YEAR, "--all", "--spacing", "0s")
    assert world.differences() == {}

    # And goes on taking repairs.
    world.tenants["west"].log_at(datetime(YEAR, 7, 4, tzinfo=UTC))
    world.do("slice", "reload", "foodlogstats", f"{YEAR}-07-04", "--tenant", "west")
    assert world.differences() == {}


def the_warehouse_is_lost(world: World) -> None:
    file = world.folder / "warehouse.age"
    env = {"TENANTRY_BACKUP_PASSPHRASE": "correct horse battery staple"}
    world.do("backup", file, env=env)
    world.server.remove()
    world.new_server()
    world.move_to(datetime(YEAR + 1, 2, 16, 9, tzinfo=UTC))

    world.do("restore", file, dsn=world.server.conninfo(), env=env | PASSWORDS)
    world.do("recover", "--all")

    assert world.differences() == {}


def held(world: World, tenant: str) -> list[tuple[int, int, str]]:
    """The days and rows of a tenant's feeds, and when they were loaded."""
    feeds = world.do("tenant", "show", tenant, "--json").json["feeds"]
    return [(feed["days"], feed["rows"], feed["last_loaded_at"]) for feed in feeds]


def pass_days(world: World, to: date, *, succeeds: bool = True) -> None:
    """Let the tenants log until that day, and load what is missing then, as operators who come back from a holiday do."""
    begin = world.clock.now.date()
    world.move_to(datetime(to.year, to.month, to.day, 8, 30, tzinfo=UTC))
    for tenant in world.tenants.values():
        tenant.log(begin + timedelta(days=1), to - timedelta(days=1))
    outcome = world.run("backfill", "foodlogstats", "--all")
    assert (outcome.code == 0) is succeeds, outcome.err
    outcome = world.run("refresh", "foodlogstats", "--all", "--days", "14")
    assert (outcome.code == 0) is succeeds, outcome.err
