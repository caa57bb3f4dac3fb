"""What a warehouse costs a month: `python -m bench.costs` prints the table of docs/scale.md. Change the assumptions to yours."""

from __future__ import annotations

import math
from dataclasses import dataclass

HOURS = 730
"""Hours a month."""

ROWS = 1_500_000
"""Rows of a tenant a year."""
YEARS = 3
BYTES = 260
"""Bytes of a row in partitions with four indexes: `make bench ARGS=storage`."""
HOT_DAYS = 30
"""What most reports read, and what should fit into memory."""

SERVERS = [
    ("db.t4g.medium", 4, 0.065),
    ("db.m6g.large", 8, 0.159),
    ("db.r6g.large", 16, 0.225),
    ("db.r6g.xlarge", 32, 0.45),
    ("db.r6g.2xlarge", 64, 0.90),
]
"""RDS for PostgreSQL in us-east-1, one zone, on demand: name, GB of memory, dollars an hour."""
DISK = 0.115
"""Dollars a GB and month of gp3 at RDS."""
NODE, NODE_MEMORY, NODE_DISK = 0.4032, 64, 0.08
"""A virtual machine of a Citus cluster (EC2 r6g.2xlarge): dollars an hour, GB, and dollars a GB and month of gp3."""

CREDIT = 2.0
"""Dollars of a Snowflake credit (Standard). A warehouse of size XS takes one an hour, and each size twice as much."""
REPORT_HOURS = 8 * 22
"""Hours a month in which people read reports, and the cloud warehouse runs."""
ROWS_XS = 500_000_000
"""Rows for which size XS is taken to be enough; four times as many for each size above it."""
LOAD_SECONDS, LOADS_AT_ONCE = 1.0, 8
"""Seconds of an hourly load of one tenant in the cloud warehouse, and how many it does at a time; at least a minute counts."""
CLOUD_DISK, PACKED = 0.023, 4
"""Dollars a GB and month there, and how much smaller the rows are."""
BY_VOLUME, RECORD = 10.0, 600
"""A loading service that is paid by volume (Airbyte Cloud, databases): dollars a GB, and bytes of a row as it counts them."""
BY_ROWS = 500.0
"""A loading service that is paid by active rows, in the first tier of each connection: dollars a million."""
AGAIN = 1.5
"""How often a row is counted in a month: new rows, and those that change later."""


@dataclass(frozen=True)
class Costs:
    """Dollars a month. `machine` names what Tenantry runs on."""

    tenants: int
    machine: str
    tenantry: float
    cloud: float
    by_volume: float
    by_rows: float


def costs(tenants: int) -> Costs:
    """Return what so many tenants cost."""
    data = tenants * ROWS * YEARS * BYTES / 1e9
    machine, tenantry = _own(data, tenants * ROWS * HOT_DAYS / 365 * BYTES / 1e9)
    size = 2 ** max(math.ceil(math.log(tenants * ROWS * YEARS / ROWS_XS, 4)), 0)
    loading = max(tenants * LOAD_SECONDS / LOADS_AT_ONCE, 60) / 3600 * HOURS
    cloud = (REPORT_HOURS * size + loading) * CREDIT + data / PACKED * CLOUD_DISK
    rows = tenants * ROWS / 12 * AGAIN
    return Costs(tenants, machine, tenantry, cloud, rows * RECORD / 1e9 * BY_VOLUME, rows / 1e6 * BY_ROWS)


def _own(data: float, hot: float) -> tuple[str, float]:
    """The least server, or cluster, that has the hot rows in memory, and its dollars, with a third of the disk free."""
    memory, disk = 1.5 * hot + 2, 1.5 * data
    for name, gigabytes, price in SERVERS:
        if gigabytes >= memory:
            return name, price * HOURS + disk * DISK
    nodes = math.ceil(memory / NODE_MEMORY) + 1
    return f"Citus, {nodes} nodes", nodes * NODE * HOURS + disk * NODE_DISK


def main() -> None:
    """Print the table."""
    print(
        "| tenants | Tenantry runs on | Tenantry | cloud warehouse | with loading by volume | with loading by rows |"
    )
    print("|---|---|---|---|---|---|")
    for found in map(costs, (10, 100, 1000, 10_000)):
        paid = (found.tenantry, found.cloud, found.cloud + found.by_volume, found.cloud + found.by_rows)
        cells = " | ".join(f"{dollars:,.0f}" for dollars in paid)
        print(f"| {found.tenants:,} | {found.machine} | {cells} |")


if __name__ == "__main__":
    main()
