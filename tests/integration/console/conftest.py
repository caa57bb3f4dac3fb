"""One warehouse and one console for the tests of a file, with a login for each role."""

from collections.abc import Iterator

import pytest

from tenantry.embedded import Server
from tests.support.browser.console import House, housed


@pytest.fixture(scope="module")
def house(server: Server, templates: None) -> Iterator[House]:
    """A warehouse with a console that runs. Tests share both, so each uses names of its own."""
    with housed(server) as house:
        yield house
