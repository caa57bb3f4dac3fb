"""Some two dozen random faults for each storage; `make chaos` plays longer, with other seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import campaign, world
from tests.chaos.sabotage import SABOTAGES, apply

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

SEED = 7
MINUTES = 7
"""At most, on a machine that has much else to do."""

FAULTS = {"partition": 24, "matview": 24, "shared": 8, "distributed": 8}
"""As many as a machine plays in less than a minute for each storage that has nothing else to do."""


@pytest.mark.parametrize("storage", FAULTS)
def test_random_faults_lose_double_and_change_no_row(storage: str, server_bindir: Path | None) -> None:
    with world.serve(server_bindir) as servers, world.make(storage, SEED, servers) as playground:
        report = campaign.run(playground, MINUTES * 60, most_faults=FAULTS[storage])
    assert report.violations == [], "\n".join(report.log[-40:])
    assert sum(report.faults.values()) > FAULTS[storage] - 4


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_a_warehouse_that_is_wrong_is_found_out(sabotage: str, server_bindir: Path | None) -> None:
    with world.serve(server_bindir) as servers, world.make("partition", SEED, servers) as playground:
        apply(playground, sabotage)
        report = campaign.run(playground, MINUTES * 60)
    assert report.violations != []
