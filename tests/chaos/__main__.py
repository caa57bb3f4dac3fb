"""`python -m tests.chaos`: a campaign by hand; `make chaos` runs it."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

from tests.chaos import campaign, world
from tests.chaos.sabotage import SABOTAGES, apply


def main() -> int:
    """Run campaigns; 1 if one found violations."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="at most, for each seed")
    parser.add_argument("--storage", choices=["matview", "partition", *world.SHARED], default="partition")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--seeds", type=int, default=1, help="how many campaigns, of this seed and those after it"
    )
    parser.add_argument("--faults", type=float, default=math.inf, help="how many of each seed")
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES))
    parser.add_argument("--bindir", type=Path, help="the programs of another PostgreSQL")
    chosen = parser.parse_args()
    seeds = range(chosen.seed, chosen.seed + chosen.seeds)
    with world.serve(chosen.bindir) as servers:
        wrong = [seed for seed in seeds if _play(chosen, seed, servers)]
    if wrong:
        print("seeds with violations:", *wrong)
    return 1 if wrong else 0


def _play(chosen: argparse.Namespace, seed: int, servers: world.Servers) -> bool:
    """Run the campaign of one seed; whether it found violations."""
    print(f"seed {seed}, {chosen.storage}", flush=True)
    with world.make(chosen.storage, seed, servers) as playground:
        if chosen.sabotage:
            apply(playground, chosen.sabotage)
        report = campaign.run(playground, chosen.minutes * 60, most_faults=chosen.faults)
    print(report)
    if report.violations:
        print("the last steps:", *report.log[-40:], sep="\n  ")
        print("violations:", *report.violations, sep="\n  ", flush=True)
    return bool(report.violations)


if __name__ == "__main__":
    sys.exit(main())
