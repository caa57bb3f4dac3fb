"""Which tests are run again after they failed: in a pytest of its own, whose day is in a file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

CONFTEST = """
from datetime import date, timedelta
from pathlib import Path
import pytest
from tests.support import second_run

second_run.today_utc = lambda: date.fromisoformat(Path("day").read_text())

@pytest.fixture
def run():
    with open("runs", "a") as runs:
        runs.write("x")
    return Path("runs").stat().st_size

@pytest.fixture
def midnight_comes(today):
    return lambda: Path("day").write_text(str(today + timedelta(days=1)))
"""


def outcomes(folder: Path, module: str, *options: str) -> tuple[dict[str, int], int, str]:
    """How many tests ended in which way, how often one was begun, and what was printed."""
    (folder / "day").write_text("2024-02-28")
    (folder / "runs").touch()
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(module)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.second_run", "-p", "no:cacheprovider", "--rootdir=.", *options],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
    )  # fmt: skip
    ended = {
        way.rstrip("s"): int(count)
        for count, way in re.findall(r"(\d+) ([a-z ]+)", done.stdout.splitlines()[-1].rpartition(" in ")[0])
    }
    assert (done.returncode != 0) == bool({"failed", "error"} & ended.keys()), done.stdout + done.stderr
    return ended, (folder / "runs").stat().st_size, done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "workers"])
def test_a_test_that_fails_while_midnight_passes_is_run_again_and_tells_of_it(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    module = """
def test_of_a_day(run, today, midnight_comes):
    if run == 1:
        midnight_comes()
    assert str(today) == "2024-02-29"
"""
    ended, runs, printed = outcomes(tmp_path, module, *options)
    assert (ended, runs) == ({"passed": 1, "failed over midnight": 1}, 2)
    assert "run again, as it failed over midnight: test_it.py::test_of_a_day" in printed
    assert "AssertionError: assert '2024-02-28' == '2024-02-29'" in printed


def test_a_fixture_that_fails_while_midnight_passes_is_made_again(tmp_path: Path) -> None:
    module = """
import pytest

@pytest.fixture
def fixture(run, midnight_comes):
    if run == 1:
        midnight_comes()
    assert run == 2

def test_of_a_day(fixture):
    pass
"""
    assert outcomes(tmp_path, module)[:2] == ({"passed": 1, "failed over midnight": 1}, 2)


@pytest.mark.parametrize(
    "body, ended, runs",
    [
        ("midnight_comes()", {"passed": 1}, 1),
        ("assert run == 2", {"failed": 1}, 1),
        ("midnight_comes(); assert False", {"failed": 1, "failed over midnight": 1}, 2),
        ("midnight_comes(); pytest.skip()", {"skipped": 1}, 1),
    ],
    ids=["passes", "fails on one day", "fails on both days", "is skipped"],
)
def test_what_does_not_fail_by_midnight_ends_as_ever(
    tmp_path: Path, body: str, ended: dict[str, int], runs: int
) -> None:
    module = f"import pytest\ndef test_of_a_day(run, midnight_comes):\n    {body}\n"
    assert outcomes(tmp_path, module)[:2] == (ended, runs)


@pytest.mark.parametrize("body", ["pass", "assert run == 2"])
def test_a_failure_to_clean_up_is_never_forgiven(tmp_path: Path, body: str) -> None:
    module = f"""
import pytest

@pytest.fixture
def fixture(run, midnight_comes):
    yield
    midnight_comes()
    assert run == 2

def test_of_a_day(run, fixture):
    {body}
"""
    ended, runs, _ = outcomes(tmp_path, module)
    assert (ended.get("error"), runs) == (1, 1)


def test_a_test_that_fails_after_midnight_is_no_such_test(tmp_path: Path) -> None:
    module = """
def test_that_midnight_interrupts(midnight_comes):
    midnight_comes()

def test_that_fails(run):
    assert run == 2
"""
    assert outcomes(tmp_path, module)[:2] == ({"passed": 1, "failed": 1}, 1)


FAILS_FIRST = """
import os
import pytest

@pytest.fixture(scope="module")
def shared():
    with open("runs", "a") as runs:
        runs.write("x")
    return os.stat("runs").st_size

def test_before(shared):
    pass

def test_it(shared):
    assert shared == 2

def test_after(shared):
    pass
"""


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "workers"])
def test_a_test_that_fails_once_is_forgiven_where_asked_for_and_named(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Its second run has fixtures of its own, those of the module too."""
    ended, runs, printed = outcomes(tmp_path, FAILS_FIRST, "--forgive", "1", *options)
    assert (ended, runs) == ({"passed": 3, "failed once": 1}, 2)
    assert "run again, as it failed once: test_it.py::test_it" in printed


@pytest.mark.parametrize(
    "folder, forgive, ended",
    [
        ("room", 0, {"failed": 3}),
        ("room", 1, {"failed": 2, "passed": 1, "failed once": 1}),
        ("room", 2, {"failed": 1, "passed": 2, "failed once": 2}),
        ("chaos", 2, {"failed": 3}),
    ],
)
def test_few_failures_are_forgiven_and_none_of_what_looks_for_lost_rows(
    tmp_path: Path, folder: str, forgive: int, ended: dict[str, int]
) -> None:
    module = """
import pytest
tried = []

@pytest.mark.parametrize("number", [1, 2, 3])
def test_it(number):
    tried.append(number)
    assert tried.count(number) == 2
"""
    (tmp_path / folder).mkdir()
    assert outcomes(tmp_path / folder, module, "--forgive", str(forgive))[0] == ended


def test_what_fails_twice_is_not_forgiven(tmp_path: Path) -> None:
    ended, runs, _ = outcomes(tmp_path, "def test_it(run):\n    assert run == 3\n", "--forgive", "5")
    assert (ended, runs) == ({"failed": 1, "failed once": 1}, 2)
