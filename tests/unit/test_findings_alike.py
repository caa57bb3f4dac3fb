"""How doctor puts findings together that say the same."""

from __future__ import annotations

import pytest

from tenantry.cli.look.alike import Alike, grouped, named
from tenantry.observe.checks.finding import Check, Finding, Severity

CHECK = Check("jobs", "Do jobs run?", True, lambda examined: ())


def group(*findings: tuple[str, str, str]) -> list[Alike]:
    """The groups of warnings given as subject, reason and command."""
    return list(grouped((CHECK, Finding(Severity.WARNING, *finding)) for finding in findings))


def test_findings_that_differ_only_in_their_tenant_are_one_with_one_command() -> None:
    (alike,) = group(
        *(
            (f"t{n}.orders", "no job loads it", f"tenantry schedule install --tenant t{n}")
            for n in range(1, 27)
        )
    )

    assert alike.subjects == "t1.orders, t2.orders, t3.orders and 23 more"
    assert alike.commands == ("tenantry schedule install --all",)


def test_a_command_that_would_do_more_for_all_names_the_tenants() -> None:
    (alike,) = group(
        ("a.orders", "a is outdated", "tenantry backfill orders --tenant a --outdated"),
        ("'b c'.orders", "'b c' is outdated", "tenantry backfill orders --tenant 'b c' --outdated"),
    )

    assert alike.commands == ("tenantry backfill orders --outdated --tenant a --tenant 'b c'",)


def test_commands_that_cannot_be_one_are_shown_each() -> None:
    (alike,) = group(*((f"s{n}", "is slow", f"VACUUM s{n};") for n in range(9)))

    assert alike.commands == ("VACUUM s0;", "VACUUM s1;", "VACUUM s2;")


def test_findings_that_differ_in_numbers_are_counted_after_the_first() -> None:
    found = group(
        *(
            (f"t{n}.orders", f"{n} days are missing", f"tenantry backfill orders --tenant t{n}")
            for n in range(2, 9)
        )
    )

    assert [one.subjects for one in found] == ["t2.orders", "t3.orders", "t4.orders"]
    assert [len(one.left) for one in found] == [0, 0, 4]


def test_what_differs_in_words_stays_apart() -> None:
    assert len(group(("a.x", "the view is missing", "one"), ("b.x", "the table is missing", "one"))) == 2


@pytest.mark.parametrize(
    "number, expected", [(1, "a"), (4, "a, b, c, d"), (5, "a, b, c and 2 more"), (26, "a, b, c and 23 more")]
)
def test_a_list_of_names_is_short(number: int, expected: str) -> None:
    assert named("abcdefghijklmnopqrstuvwxyz"[:number]) == expected
