"""What a terminal obeys, and what lets a text look like another one, is shown and not obeyed, wherever it is printed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantry.cli import document, output
from tenantry.cli.terminal.text import Text
from tenantry.core.visible import MOST, in_json, kept, visible

HOSTILE = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b31m\r\x7f\u202egnp\u202c\u2066\u200f\u061c\u2028\u2029\x85[red]x[/red][link=http://e]y[/link]:bomb:"
SHOWN = (
    "\\x1b[2J\\x1b]52;c;ZXZpbA==\\x07\\x9b31m\\x0d\\x7f\\u202egnp\\u202c\\u2066\\u200f\\u061c\\u2028\\u2029\\x85"
    "[red]x[/red][link=http://e]y[/link]:bomb:"
)


def obeyed(text: str) -> list[str]:
    """The characters of a text that are more than a picture."""
    return [
        c for c in text
        if (unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") and c not in "\n\t")
        or unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or c in "\u200e\u200f\u061c"
    ]  # fmt: skip


@given(st.text())
def test_nothing_that_is_obeyed_is_left_and_the_rest_stays(text: str) -> None:
    for shown in (visible(text), visible(text, lines=False)):
        assert obeyed(shown) == []
        assert visible(shown) == shown
    assert "\n" not in visible(text, lines=False)
    if not obeyed(text):
        assert visible(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_says_the_same_and_obeys_nothing(text: str) -> None:
    written = in_json(json.dumps({"a": text}, ensure_ascii=False))
    assert obeyed(written) == []
    assert json.loads(written) == {"a": text}


def test_what_is_kept_is_cut_and_says_so() -> None:
    assert kept("x" * MOST) == "x" * MOST
    assert kept("\x1b" * (MOST + 5)) == "\\x1b" * MOST + " ... (5 characters more)"


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("name", ["data", "notes"])
def test_a_console_obeys_no_text_of_whatever_kind(
    monkeypatch: pytest.MonkeyPatch, name: str, terminal: bool
) -> None:
    console: Any = getattr(output, name)
    monkeypatch.setattr(document, "_state", document._State())
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout" if name == "data" else "stderr", file)
    monkeypatch.setattr(file, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "10000")
    console.print(HOSTILE)
    console.print(f"a {HOSTILE}")
    console.print(Text.assemble((HOSTILE, "bold"), "\n", HOSTILE))
    written = file.getvalue()
    assert obeyed(written) == []
    assert written.count(SHOWN) == 4


def test_a_table_keeps_to_one_line_for_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    monkeypatch.setenv("COLUMNS", "10000")
    output.print_table(HOSTILE, ("a", HOSTILE), [(HOSTILE, "one\ntwo"), ("x", 1)])
    written = file.getvalue()
    assert obeyed(written) == []
    assert len(written.rstrip("\n").split("\n")) == 4
    assert "one\\ntwo" in written


def test_what_a_library_logs_is_printed_alike() -> None:
    program = (
        "from tenantry.cli import target; target._hear_libraries(); target._hear_libraries();"
        "import logging; logging.getLogger('psycopg').warning('ignored: %s', '\\x1b[2J\\nno\\u202e')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "ignored: \\x1b[2J no\\u202e\n")


def test_a_traceback_is_printed_alike() -> None:
    program = (
        "import sys; from tenantry.cli import main; sys.argv = ['tenantry', 'status'];"
        "main.commands = lambda: (_ for _ in ()).throw(RuntimeError('\\x1b[2J'));"
        "main.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "RuntimeError: \\x1b[2J\n" in done.stderr
    assert obeyed(done.stderr) == []
