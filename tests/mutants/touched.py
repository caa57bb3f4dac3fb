"""Which test runs which function, of Python and of SQL; a plugin for pytest: `-p tests.mutants.touched`.

It writes into the directory in TENANTRY_TEST_TOUCHED. Python functions are told of by calls that `instrument` puts into a copy
of the code, as they run in processes of the program, too; SQL functions by PostgreSQL's own statistics.
"""

from __future__ import annotations

import ast
import os
import time
from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tenantry.embedded import Server
from tests.mutants.in_python import functions, module_name
from tests.support.databases import Maker

VARIABLE = "TENANTRY_TEST_TOUCHED"

_PROBE = '''"""Tells which test runs which function."""

import os

_told = set()


def touch(name: str) -> None:
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    if test and (test, name) not in _told:
        _told.add((test, name))
        with open(f"DIRECTORY/python-{os.getpid()}", "a") as file:
            file.write(f"{name}\\t{test}\\n")
'''


def instrument(root: Path, packages: tuple[str, ...]) -> None:
    """Let each function of these packages, in a copy of the project, tell when it is called."""
    # Programs that tests run do not have the variable.
    probe = _PROBE.replace("DIRECTORY", os.environ[VARIABLE])
    (root / "src/tenantry/_probe.py").write_text(probe, encoding="utf-8")
    for package in packages:
        for path in (root / "src/tenantry" / package).glob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            module = module_name(path.relative_to(root))
            for name, node in functions(tree):
                told = ast.parse(
                    f"from tenantry._probe import touch as _touch\n_touch({f'{module}:{name}'!r})"
                ).body
                node.body[1 if ast.get_docstring(node) else 0 : 0] = told
            path.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")


@dataclass
class Touched:
    """The tests that run each function, and how many seconds each test takes."""

    tests: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path) -> Touched:
        """What the plugin has written."""
        known = cls()
        for file in directory.iterdir():
            for line in file.read_text(encoding="utf-8").splitlines():
                name, _, test = line.partition("\t")
                if file.name.startswith("seconds"):
                    known.seconds[test] = float(name)
                else:
                    known.tests[name].add(test)
        return known

    def chosen(self, name: str, seconds: float, related: Mapping[str, float] | None = None) -> list[str]:
        """Tests that run a function, or any of a module if the name ends with a colon, for so many seconds in all.

        Of each file the fastest first; the files by turns, those with a greater weight in `related` more often.
        """
        found = (
            set().union(*(tests for key, tests in self.tests.items() if key.startswith(name)))
            if name.endswith(":")
            else self.tests.get(name, set())
        )
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in sorted(found & set(self.seconds), key=lambda test: (self.seconds[test], test)):
            by_file[test.partition("::")[0]].append(test)
        turns = sorted(
            ((n + 1) / (0.05 + (related or {}).get(file, 0)), test)
            for file, tests in by_file.items()
            for n, test in enumerate(tests)
        )
        chosen: list[str] = []
        for _, test in turns:
            seconds -= self.seconds[test]
            if seconds < 0 and chosen:
                break
            chosen.append(test)
        return chosen


def _write(kind: str, key: str, test: str) -> None:
    directory = os.environ[VARIABLE]
    with Path(directory, f"{kind}-{os.getpid()}").open("a", encoding="utf-8") as file:
        file.write(f"{key}\t{test}\n")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """Let the tests' server count the calls of functions."""
    result = yield
    if fixturedef.argname == "server" and isinstance(result, Server):
        with psycopg.connect(result.conninfo(), autocommit=True) as session:
            session.execute("ALTER SYSTEM SET track_functions = 'all'")
            session.execute("SELECT pg_reload_conf()")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note how long a test takes, its fixtures included."""
    started = time.monotonic()
    result = yield
    _write("seconds", f"{time.monotonic() - started:.2f}", item.nodeid)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Note which functions a test has called, while its databases are there."""
    maker = getattr(item, "funcargs", {}).get("maker")
    if not isinstance(maker, Maker):
        return
    for name in maker.made:
        try:
            with psycopg.connect(maker.server.conninfo(dbname=name), autocommit=True) as session:
                rows = session.execute(
                    "SELECT DISTINCT funcname FROM pg_stat_user_functions WHERE schemaname IN ('_wh', '_wh_internal')"
                ).fetchall()
        except psycopg.Error:
            continue
        for (function,) in rows:
            _write("sql", function, item.nodeid)
