"""`python -m tests.chaos`: a campaign by hand; `make chaos` runs it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.chaos import campaign, world
from tests.chaos.sabotage import SABOTAGES, apply


def main() -> int:
    """Run a campaign; 1 if it found violations."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--storage", choices=["matview", "partition"], default="partition")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES))
    parser.add_argument("--bindir", type=Path, help="the programs of another PostgreSQL")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, {chosen.storage}", flush=True)
    with world.make(chosen.storage, chosen.seed, chosen.bindir) as playground:
        if chosen.sabotage:
            apply(playground, chosen.sabotage)
        report = campaign.run(playground, chosen.minutes * 60)
    print(report)
    if report.violations:
        print("the last steps:", *report.log[-40:], sep="\n  ")
        print("violations:", *report.violations, sep="\n  ")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
