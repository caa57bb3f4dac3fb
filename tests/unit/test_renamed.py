"""Commands and options go on working by their old names, which nobody is shown."""

from __future__ import annotations

from typing import cast

import pytest
from typer.core import TyperCommand, TyperGroup

from tenantry.cli import renamed
from tenantry.cli.main import commands
from tests.support.program import Outcome, run

OPTIONS = [(command, old, new) for (command, old), new in renamed.OPTIONS.items()]


def command_named(name: str) -> TyperCommand | None:
    """The command as its group has it, where old names are not."""
    group = commands()
    *groups, last = name.split()
    for word in groups:
        group = cast("TyperGroup", group.commands[word])
    return cast("TyperCommand | None", group.commands.get(last))


def option_names(command: str) -> set[str]:
    found = command_named(command)
    assert found is not None
    return {name for param in found.params for name in (*param.opts, *param.secondary_opts)}


def asked_for_help(*words: str) -> Outcome:
    outcome = run(None, *words, "--help", env={"COLUMNS": "200"})
    assert outcome.code == 0, outcome.err
    return outcome


@pytest.mark.parametrize("old, new", renamed.COMMANDS.items())
def test_a_command_is_found_by_its_old_name_and_shown_by_its_new_one(old: str, new: str) -> None:
    told, by_new_name = asked_for_help(*old.split()), asked_for_help(*new.split())
    assert told.err.splitlines() == [renamed.hint(old, new)]
    assert (told.out, by_new_name.err) == (by_new_name.out, "")
    assert f"tenantry {new} " in told.out


@pytest.mark.parametrize("old, new", renamed.COMMANDS.items())
def test_the_old_name_of_a_command_is_neither_listed_nor_completed(old: str, new: str) -> None:
    assert command_named(old) is None
    found = command_named(new)
    assert found is not None
    assert not found.hidden


@pytest.mark.parametrize("command, old, new", OPTIONS)
def test_an_option_is_found_by_its_old_name_and_shown_by_its_new_one(
    command: str, old: str, new: str
) -> None:
    value = ["2"] if old == "--jobs" else []
    told = asked_for_help(*command.split(), old, *value, old, *value)
    assert told.err.splitlines() == [renamed.hint(old, new)]
    assert new in told.out
    assert old not in told.out
    assert new in option_names(command)
    assert old not in option_names(command)


@pytest.mark.parametrize("command, old, new", OPTIONS)
def test_a_value_may_be_tied_to_an_old_option(command: str, old: str, new: str) -> None:
    assert renamed.words(command, [f"{old}=7", "x"], tell=False) == [f"{new}=7", "x"]


def test_what_comes_after_two_dashes_is_an_argument() -> None:
    given = ["--jobs", "2", "--", "--jobs"]
    assert renamed.words("backfill", given, tell=False) == ["--sessions", "2", "--", "--jobs"]


def test_a_command_takes_no_old_option_that_it_never_had() -> None:
    outcome = run(None, "verify", "foodlogstats", "--all", "--jobs", "2")
    assert outcome.code == 2
    assert "No such option" in outcome.err
