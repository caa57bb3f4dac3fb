"""What differs between two fleets, and in which order it is mended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from tenantry.core.errors import InputError
from tenantry.core.model import Connection, Template
from tenantry.fleet.change import Change, Detail
from tenantry.fleet.difference import difference
from tenantry.fleet.file import builtin
from tenantry.fleet.model import Feed, Fleet, Job, Reader, Source, Tenant

SALES = Template("sales", "SELECT 1", "id integer", "", "", "matview", "", "year")
ADDRESS = Connection("acme", "h", 5432, "d", "u", {"sslmode": "require"})
ACME = Tenant("acme", "acme", {"sales": Feed("acme", "matview")})
JOB = Job("hourly", "10 * * * *", "SELECT 1")
LIVE = Fleet(
    {"sales": SALES},
    {"acme": Source(ADDRESS, SecretStr("old"))},
    False,
    {"acme": ACME},
    {"bi": Reader("bi", ("acme",), -1)},
    {"hourly": JOB},
)
NOTHING = Fleet({}, {}, False, {}, {}, {})


def changes(wanted: Fleet, live: Fleet = LIVE) -> list[Change]:
    return difference(wanted, live, builtin)


def told(found: list[Change]) -> list[str]:
    return [f"{change.action} {change.subject}" for change in found]


def test_a_fleet_does_not_differ_from_itself() -> None:
    assert changes(LIVE) == []


def test_what_the_file_does_not_mention_is_left_alone() -> None:
    assert changes(Fleet()) == []


def test_everything_is_made_before_what_needs_it_and_removed_after() -> None:
    reader = Reader("bi", ("acme",), None, None, SecretStr("x"))
    wanted = replace(LIVE, readers={"bi": reader}, tenants={"acme": replace(ACME, disabled="rests")})
    assert told(changes(wanted, NOTHING)) == [
        "create template sales",
        "create connection acme",
        "create tenant acme",
        "create feed acme.sales",
        "create job hourly",
        "change tenant acme",
        "create reader bi",
    ]
    removed = changes(NOTHING)
    assert told(removed) == [
        "remove job hourly",
        "remove reader bi",
        "remove tenant acme",
        "remove connection acme",
        "remove template sales",
    ]
    assert [change.subject for change in removed if change.loses] == ["tenant acme"]


def test_each_value_of_a_connection_that_differs_is_named_but_the_password() -> None:
    address = Connection("acme", "h2", 5432, "d", "u", {"connect_timeout": "5"})
    (change,) = changes(replace(LIVE, connections={"acme": Source(address, SecretStr("hunter2"))}))
    assert change.details == (
        Detail("host", "h", "h2"),
        Detail("options.connect_timeout", None, "5"),
        Detail("options.sslmode", "require", None),
        Detail("password", secret=True),
    )
    assert "hunter2" not in repr(change)


def test_a_password_that_the_file_leaves_out_is_not_compared() -> None:
    assert changes(replace(LIVE, connections={"acme": Source(ADDRESS)})) == []


def test_a_new_connection_needs_a_password() -> None:
    with pytest.raises(InputError, match='connection "mm" is new and needs a password'):
        changes(replace(LIVE, connections={**LIVE.connections, "mm": Source(replace(ADDRESS, name="mm"))}))


def test_other_connections_stay_unless_the_file_declares_all() -> None:
    live = replace(LIVE, connections={**LIVE.connections, "spare": Source(ADDRESS)})
    assert changes(replace(LIVE, other_connections=True), live) == []
    assert told(changes(LIVE, live)) == ["remove connection spare"]


def test_the_connection_of_a_tenant_that_goes_goes_with_it_unless_another_uses_it() -> None:
    mm = replace(ACME, name="mm")
    live = replace(LIVE, tenants={"acme": ACME, "mm": mm})
    silent = Fleet(other_connections=True)
    assert told(changes(replace(silent, tenants={}))) == ["remove tenant acme", "remove connection acme"]
    assert told(changes(replace(silent, tenants={"mm": mm}), live)) == ["remove tenant acme"]


def test_a_connection_or_a_template_that_is_used_is_not_removed() -> None:
    with pytest.raises(InputError, match='connection "acme" is used by a tenant'):
        changes(Fleet(other_connections=False))
    with pytest.raises(InputError, match='template "sales" is used by a tenant'):
        changes(Fleet(templates={}))


def test_a_template_of_the_program_stays_without_being_declared() -> None:
    live = replace(NOTHING, templates={"foodlogstats": SALES})
    assert changes(NOTHING, live) == []


def test_a_template_differs_by_its_texts_and_not_by_blanks_around_them() -> None:
    assert changes(replace(LIVE, templates={"sales": replace(SALES, query="\nSELECT 1\n")})) == []
    (change,) = changes(
        replace(LIVE, templates={"sales": replace(SALES, query="SELECT 2", description=None)})
    )
    assert change == Change("change", "template", "sales", (Detail("query", "SELECT 1", "SELECT 2"),))


def test_a_storage_that_no_file_mentions_stays() -> None:
    live = replace(LIVE, templates={"sales": replace(SALES, storage="partition")})
    wanted = replace(LIVE, templates={"sales": replace(SALES, storage=None)})
    assert told(changes(wanted, live)) == []


def test_feeds_move_to_the_storage_of_their_template_unless_they_have_one_of_their_own() -> None:
    template = replace(SALES, storage="partition")
    silent = replace(ACME, feeds={"sales": Feed("acme")})
    found = changes(replace(LIVE, templates={"sales": template}, tenants={"acme": silent}))
    assert told(found) == ["change template sales", "change feed acme.sales"]
    assert found[1].details == (Detail("storage", "matview", "partition"),)
    assert told(changes(replace(LIVE, templates={"sales": template}))) == ["change template sales"]


def test_a_tenant_that_changes_its_connection_takes_its_feeds_along() -> None:
    moved = replace(ACME, connection="b", feeds={"sales": Feed("b")})
    both = {**LIVE.connections, "b": Source(replace(ADDRESS, name="b"), SecretStr("x"))}
    found = changes(replace(LIVE, connections=both, tenants={"acme": moved}))
    assert told(found) == ["create connection b", "change tenant acme"]
    assert found[1].details == (Detail("connection", "acme", "b"),)


def test_a_feed_with_another_connection_than_its_tenant_is_told() -> None:
    both = {**LIVE.connections, "b": Source(replace(ADDRESS, name="b"))}
    wanted = replace(LIVE, connections=both, tenants={"acme": replace(ACME, feeds={"sales": Feed("b")})})
    (change,) = changes(wanted, replace(LIVE, connections=both))
    assert change.details == (Detail("feeds.sales.connection", None, "b"),)


def test_a_feed_that_goes_loses_its_days() -> None:
    (change,) = changes(replace(LIVE, tenants={"acme": replace(ACME, feeds={})}))
    assert change == Change("remove", "feed", "acme", (), "sales", loses="its days")


def test_what_is_named_must_be_somewhere() -> None:
    feeds = {"sale": Feed("acme")}
    with pytest.raises(InputError, match=r'tenants\.acme: template "sale" does not exist'):
        changes(replace(LIVE, tenants={"acme": replace(ACME, feeds=feeds)}))
    with pytest.raises(InputError, match=r'connection "acm" does not exist, did you mean "acme"\?'):
        changes(replace(LIVE, tenants={"acme": replace(ACME, connection="acm")}))


def test_a_connection_that_was_deleted_by_hand_is_no_difference() -> None:
    live = replace(LIVE, connections={})
    assert changes(live, live) == []


def test_a_new_tenant_has_a_name_that_a_schema_can_have_and_an_old_one_has_any() -> None:
    tenants = {"acme": ACME, "public": replace(ACME, name="public")}
    with pytest.raises(InputError, match="tenant name 'public' is a name that"):
        changes(replace(LIVE, tenants=tenants))
    assert changes(replace(LIVE, tenants=tenants), replace(LIVE, tenants=tenants)) == []


def test_disabling_and_enabling_are_changes_of_the_tenant() -> None:
    rests = replace(LIVE, tenants={"acme": replace(ACME, disabled="moves")})
    assert changes(rests)[0].details == (Detail("disabled", None, "moves"),)
    assert changes(LIVE, rests)[0].details == (Detail("disabled", "moves", None),)
    assert changes(rests, rests) == []


def test_a_job_differs_by_schedule_command_and_whether_it_is_paused() -> None:
    (change,) = changes(replace(LIVE, jobs={"hourly": Job("hourly", "11 * * * *", "SELECT 1", active=False)}))
    assert change.details == (
        Detail("schedule", "10 * * * *", "11 * * * *"),
        Detail("active", "true", "false"),
    )


def test_of_a_reader_only_what_the_file_says_is_compared_and_never_its_password() -> None:
    known = Reader("bi", ("acme",), None, None, SecretStr("other"))
    assert changes(replace(LIVE, readers={"bi": known})) == []
    (change,) = changes(replace(LIVE, readers={"bi": replace(known, tenants=None, connections=4)}))
    assert change.details == (Detail("tenants", "acme", "all"), Detail("connections", "-1", "4"))
    with pytest.raises(InputError, match='reader "new" is new and needs a password'):
        changes(replace(LIVE, readers={"bi": known, "new": Reader("new", None)}))
