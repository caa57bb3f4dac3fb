"""What the tests of this folder share."""

from __future__ import annotations

import os
import random

import pytest


@pytest.fixture
def chance() -> random.Random:
    """The same chance each time, unless TENANTRY_TEST_SEED says otherwise."""
    return random.Random(int(os.environ.get("TENANTRY_TEST_SEED", "7")))
