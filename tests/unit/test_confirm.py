"""Asking before something is destroyed, on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

ASK = """
from tenantry.cli.confirm import confirm
from tenantry.core.errors import InputError
try:
    confirm("Sure?", yes=False, expected={expected!r})
    print("goes on")
except InputError as error:
    print(error.message)
"""


@pytest.mark.parametrize(
    "expected, typed, ends",
    [
        ("acme", "acme", "goes on"),
        ("acme", "y", "not confirmed"),
        ("acme", "", "not confirmed"),
        (None, "y", "goes on"),
        (None, "", "not confirmed"),
    ],
)
def test_what_is_typed_decides(expected: str | None, typed: str, ends: str) -> None:
    terminal, line = pty.openpty()
    try:
        os.write(terminal, f"{typed}\n".encode())
        done = subprocess.run(
            [sys.executable, "-c", ASK.format(expected=expected)],
            stdin=line,
            capture_output=True,
            text=True,
            timeout=200,
        )
    finally:
        os.close(terminal)
        os.close(line)
    assert done.stdout.splitlines()[-1].endswith(ends), done.stderr
