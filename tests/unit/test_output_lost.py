"""What the program does where nobody takes what it prints: a reader that has gone, a full disk, a closed output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
COMMANDS = [["--version"], ["--help"], ["schema", "fleet"]]


def run(arguments: list[str], redirected: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "tenantry", *arguments],
        env={name: value for name, value in os.environ.items() if name != "TENANTRY_DSN"},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, as Linux has it")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_full_disk_is_told_in_one_line(arguments: list[str]) -> None:
    done = run(arguments, f">{FULL}")
    told = "error: the output cannot be written: No space left on device\n       Nothing was changed.\n"
    assert (done.returncode, done.stderr) == (1, told)


@pytest.mark.parametrize("arguments", COMMANDS)
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_a_closed_output_is_no_failure(arguments: list[str], closed: str) -> None:
    done = run(arguments, closed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_reader_that_has_gone_is_told_nothing(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "tenantry", *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(writing)
    assert done.returncode in (1, 141)
    assert not done.stderr
