"""What a narrow terminal shows: names, commands and options stay whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from rich.cells import cell_len

from tenantry.cli.main import commands as tree
from tenantry.cli.terminal.table import facts, laid_out
from tenantry.cli.terminal.text import Text
from tenantry.cli.terminal.wrap import wrapped


def lines(columns: tuple[str, ...], rows: list[tuple[Any, ...]], width: int | None) -> list[str]:
    """The lines of a table."""
    return [line.plain for line in laid_out(columns, rows, width)]


def test_a_table_that_fits_has_a_line_per_row_with_numbers_on_the_right() -> None:
    rows = [("acme", 7, "ok"), ("globex", 1234567, "2 missing")]

    assert lines(("tenant", "rows#", "state"), rows, 28) == [
        "tenant       rows  state",
        "acme            7  ok",
        "globex  1,234,567  2 missing",
    ]


def test_a_table_that_does_not_fit_has_a_block_per_row_and_cuts_nothing() -> None:
    long = "a" * 40
    rows = [(long, 7, "the source does not answer"), ("店" * 4, None, "ok")]

    assert lines(("tenant", "rows#", "state"), rows, 20) == [
        f"tenant  {long}",
        "rows    7",
        "state   the source",
        "        does not",
        "        answer",
        "",
        "tenant  店店店店",
        "rows    -",
        "state   ok",
    ]


def test_wide_characters_take_two_columns() -> None:
    assert lines(("tenant", "n#"), [("店店店店", 1), ("acme", 2)], 80) == [
        "tenant    n",
        "店店店店  1",
        "acme      2",
    ]


def test_a_table_without_rows_is_its_heading() -> None:
    assert lines(("tenant", "rows#"), [], 80) == ["tenant  rows"]


def test_facts_continue_below_themselves() -> None:
    told = [line.plain for line in facts([("jobs", "a b c d")], 10, indent=" ")]

    assert told == [" jobs  a b", "       c d"]


@pytest.mark.parametrize(
    "text, width, expected",
    [
        ("one two three", 8, ["one two", "three"]),
        ("  one two three", 8, ["  one", "  two", "  three"]),
        ("a_name_that_is_longer_than_that fits", 10, ["a_name_that_is_longer_than_that", "fits"]),
        ("No jobs. Next: tenantry status", 80, ["No jobs. Next: tenantry status"]),
        ("No jobs. Next: tenantry status", 20, ["No jobs. Next:", "  tenantry status"]),
        (
            "Load it: tenantry refresh orders --tenant acme. Then look again.",
            30,
            ["Load it:", "  tenantry refresh orders --tenant acme", "Then look again."],
        ),
        (
            "next: tenantry template test a, then tenantry template load a",
            40,
            ["next:", "  tenantry template test a", "then", "  tenantry template load a"],
        ),
        ('the tenant "two words" is gone', 20, ["the tenant", '"two words" is gone']),
        ("", 10, [""]),
        ("one\n\ntwo", 10, ["one", "", "two"]),
    ],
)
def test_lines_break_between_words_and_not_within_commands(
    text: str, width: int, expected: list[str]
) -> None:
    assert [line.plain for line in wrapped(Text(text), width)] == expected


def test_lines_continue_further_in() -> None:
    told = wrapped(Text("warning one two three: tenantry status now"), 16, hang=8)

    assert [line.plain for line in told] == [
        "warning one two",
        "        three:",
        "          tenantry status now",
    ]


def test_styles_end_with_their_lines_and_stay_with_their_words() -> None:
    text = Text.assemble(("error: ", "bold red"), "no such\n", ("day", "dim"))

    assert text.written(styled=True, colored=True) == "\x1b[1;31merror: \x1b[0mno such\n\x1b[2mday\x1b[0m"
    assert text.written(styled=True, colored=False) == "\x1b[1merror: \x1b[0mno such\n\x1b[2mday\x1b[0m"
    assert text.written(styled=False, colored=False) == "error: no such\nday"
    assert [line.written(styled=True, colored=True) for line in wrapped(text, 10)] == [
        "\x1b[1;31merror: \x1b[0mno",
        "such",
        "\x1b[2mday\x1b[0m",
    ]


@pytest.mark.parametrize("text", ["", "acme", "店", "naïve", "e\u0301", "✓ 店 days"])
def test_a_text_is_as_wide_as_terminals_draw_it(text: str) -> None:
    assert Text(text).cell_len == cell_len(text)


@pytest.mark.parametrize("width", [60, 80])
def test_every_option_is_whole_in_the_help_of_every_command(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 60 columns the boxes around options would cut their names."""
    monkeypatch.setenv("COLUMNS", str(width))
    tree.cache_clear()
    for path, command in _walk((), tree()):
        tree().main([*path, "--help"], prog_name="tenantry", standalone_mode=False)
        text = capsys.readouterr().out
        for option in (
            name for one in command.params if not one.hidden for name in (*one.opts, *one.secondary_opts)
        ):
            if option.startswith("-"):
                assert re.search(rf"(?<![\w-]){option}(?![\w…-])", text), (path, option)
        for name in getattr(command, "commands", {}):
            assert re.search(rf"(?m)^\W+{name} ", text), (path, name)
        assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width, path
    tree.cache_clear()


def test_help_marks_options_and_what_they_take_but_no_words_of_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("tenantry.cli.terminal.help.data.no_color", False)
    context = typer.Context(tree(), info_name="tenantry")
    command: Any = tree().get_command(context, "refresh")
    shown = command.get_help(command.context_class(command, info_name="refresh", parent=context))

    assert "\x1b[1;36m--date\x1b[0m \x1b[1;33mDAY\x1b[0m         The day (UTC): YYYY-MM-DD, today" in shown
    assert "The same as \x1b[1;36m--tenant\x1b[0m." in shown


def _walk(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk((*path, name), inner)
