"""What an interrupted command says is of the command, whatever its arguments are called."""

from __future__ import annotations

import pytest

from tenantry.cli.interrupted import of_command

GENERAL = of_command(["apply"])
NOTHING = of_command(["status"])


@pytest.mark.parametrize(
    "words",
    [
        "template drop logs --yes",
        "tenant edit export",
        "apply plan",
        "tenant enable status",
        "--dsn status apply",
        "slice rebuild events --tenant rebuild",
    ],
)
def test_an_argument_is_not_taken_for_a_command(words: str) -> None:
    assert of_command(words.split()) == GENERAL


def test_options_before_the_command_and_between_its_words_are_passed_over() -> None:
    assert "changes nothing" in NOTHING
    assert of_command(["--dsn", "tenant", "--debug", "status", "--json"]) == NOTHING
    assert of_command(["--dsn=apply", "tenant", "list"]) == NOTHING
    assert of_command(["tenant", "drop", "status"]) != GENERAL
