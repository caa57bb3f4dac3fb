"""With --json, errors are JSON on standard error, and nothing is on standard output."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.resources import files

import pytest

from tests.support.program import command, environment, run


@pytest.mark.parametrize(
    "words, code, kind, message",
    [
        (("status", "--jsn", "--json"), 2, "usage", "No such option: --jsn (Possible options: --dsn, --json)"),
        (("no", "such", "--json"), 2, "usage", "No such command 'no'"),
        (("refresh", "--json"), 2, "usage", "Missing argument 'TEMPLATE'"),
        (("logs", "--since", "x", "--json"), 2, "invalid_input", "'x' is not an age"),
        (("template", "lint", "/no/file.sql", "--json"), 2, "invalid_input", "/no/file.sql cannot be read: No such file or directory"),
        (("--dsn", "host=/nowhere", "status", "--json"), 3, "warehouse_unreachable", None),
    ],
)  # fmt: skip
def test_an_error_is_one_line_of_json(
    words: tuple[str, ...], code: int, kind: str, message: str | None
) -> None:
    outcome = run(None, *words)
    assert (outcome.code, outcome.out) == (code, "")
    (line,) = outcome.err.splitlines()
    assert json.loads(line)["ok"] is False
    assert (outcome.error["code"], outcome.error["exit_code"]) == (kind, code)
    assert message in (None, outcome.error["message"])


def test_text_from_outside_is_escaped_in_json() -> None:
    outcome = run(None, "template", "lint", "/no/\x1b]0;x\u202e.sql", "--json")
    assert "\\u001b" in outcome.err or "\\\\x1b" in outcome.err
    assert "\x1b" not in outcome.err


def test_a_reader_that_has_enough_ends_the_program_quietly() -> None:
    template = files("tenantry") / "sql" / "templates" / "orders.sql"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            command(None, "template", "lint", str(template), "--json"),
            stdout=closed,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=200,
        )
    assert (done.returncode, done.stderr) == (141, b"")
