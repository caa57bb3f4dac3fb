"""Tests of this folder start no server: they are the ones that run in a minute."""

from __future__ import annotations

import pytest

from tenantry.cli import document


@pytest.fixture(scope="session")
def server() -> None:
    """Whatever a database is made on."""
    pytest.fail("tests/unit starts no server: move this test to tests/integration")


@pytest.fixture
def make_server() -> None:
    """Servers of a test's own."""
    pytest.fail("tests/unit starts no server: move this test to tests/integration")


@pytest.fixture(autouse=True)
def no_json() -> None:
    """No command line of an earlier test asks for JSON."""
    document.begin(())
