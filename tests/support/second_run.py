"""The day of a test, and which tests that failed are run once more: a plugin of pytest.

What is imported before midnight may be run after it, so a module has no today: a test asks for the fixture, and what
several tests share is made for a day. There remains the test that runs while the day changes.

CI runs on machines that others use, too. With `--forgive N`, each process runs at most N tests that failed once more,
with all their fixtures made anew, and forgives those that pass; the end of the run names them, for somebody to mend.
What looks for lost rows is never forgiven: there, failing once in a thousand runs is the finding.
"""

from __future__ import annotations

from datetime import date

import pytest
from _pytest.runner import runtestprotocol

from tenantry.core.days import today_utc

MIDNIGHT = "over midnight"
ONCE = "once"
STRICT = frozenset({"chaos", "crash", "life", "property"})
"""Folders of tests that look for lost rows."""

_SECOND_RUN = pytest.StashKey[bool]()
_FORGIVEN = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --forgive."""
    parser.addoption(
        "--forgive",
        type=int,
        default=0,
        metavar="N",
        help="run at most N tests of each process that failed once more, and forgive those that pass",
    )


@pytest.fixture
def today() -> date:
    """The day on which the test begins, in UTC."""
    return today_utc()


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test that failed once more if the day changed in UTC meanwhile, or if it may be forgiven.

    The second run is a test like any other: what fails twice has failed. The first failure is told at the end, and a
    failure to clean up stays one.
    """
    began = today_utc()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    *tried, cleaned = reports
    why = None
    if any(report.failed for report in tried) and cleaned.passed and _SECOND_RUN not in item.stash:
        why = MIDNIGHT if today_utc() != began else _forgiven(item)
    for report in reports:
        if why and report.failed:
            report.outcome = why  # type: ignore[assignment]
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    if why:
        item.stash[_SECOND_RUN] = True
        # By way of the hook, so that the second run has its own time limit.
        item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
    return True


def _forgiven(item: pytest.Item) -> str | None:
    """ONCE if the failure of this test may be forgiven; ends what the fixtures of earlier tests have open then."""
    spent = item.config.stash.get(_FORGIVEN, 0)
    if spent >= item.config.getoption("--forgive") or STRICT.intersection(item.path.parts):
        return None
    item.config.stash[_FORGIVEN] = spent + 1
    item.session._setupstate.teardown_exact(None)
    return ONCE


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count first runs apart from failures."""
    outcome = str(report.outcome)
    return (f"failed {outcome}", "M", outcome.upper()) if outcome in (MIDNIGHT, ONCE) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show why the first runs failed, for somebody to judge."""
    for why in (MIDNIGHT, ONCE):
        for report in terminalreporter.getreports(f"failed {why}"):
            terminalreporter.section(f"run again, as it failed {why}: {report.nodeid}")
            terminalreporter.line(report.longreprtext)
