"""The day of a test, and what becomes of a test that midnight interrupts: a plugin of pytest.

What is imported before midnight may be run after it, so a module has no today: a test asks for the fixture, and what
several tests share is made for a day. There remains the test that runs while the day changes.
"""

from __future__ import annotations

from datetime import date

import pytest
from _pytest.runner import runtestprotocol

from tenantry.core.days import today_utc

AGAIN = "over midnight"
_SECOND_RUN = pytest.StashKey[bool]()


@pytest.fixture
def today() -> date:
    """The day on which the test begins, in UTC."""
    return today_utc()


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test that failed once more if, and only if, the day changed in UTC meanwhile.

    The second run is a test like any other: what fails on both days has failed. The first failure is told at the end,
    and a failure to clean up, which has nothing to do with the day, stays one.
    """
    began = today_utc()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    *tried, cleaned = reports
    failed = [report for report in tried if report.failed]
    day_changed = today_utc() != began
    again = bool(failed) and cleaned.passed and day_changed and _SECOND_RUN not in item.stash
    for report in reports:
        if again and report.failed:
            report.outcome = AGAIN  # type: ignore[assignment]
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    if again:
        item.stash[_SECOND_RUN] = True
        # By way of the hook, so that the second run has its own time limit.
        item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
    return True


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count first runs apart from failures."""
    return (AGAIN, "M", AGAIN.upper()) if str(report.outcome) == AGAIN else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show why the first runs failed, for somebody to judge."""
    for report in terminalreporter.getreports(AGAIN):
        terminalreporter.section(f"run again, as it failed {AGAIN}: {report.nodeid}")
        terminalreporter.line(report.longreprtext)
