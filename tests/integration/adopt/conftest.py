"""A warehouse by hand for each test of this folder: roles with its own rights need a server of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenantry.embedded import Server
from tests.support.samples.by_hand import ByHand, make_by_hand


@pytest.fixture
def by_hand(make_server: Callable[..., Server]) -> ByHand:
    """A running warehouse by hand, with the irregularities of years."""
    server = make_server()
    server.start()
    return make_by_hand(server)
