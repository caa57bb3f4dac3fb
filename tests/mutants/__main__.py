"""`python -m tests.mutants`: mutants against the tests that run what they change; `make mutants` runs it."""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from tests.mutants import in_python, in_sql
from tests.mutants.mutant import ROOT, Mutant, changed_together
from tests.mutants.touched import VARIABLE, Touched, instrument
from tests.mutants.trial import judge, project, pytest

RECORDED = ROOT / ".mutants/touched"


def main() -> int:
    """Try mutants; 1 if more than a tenth of them survive."""
    parser = argparse.ArgumentParser(prog="tests.mutants", description=__doc__)
    parser.add_argument("--number", type=int, default=150, help="mutants, half of them in SQL (150)")
    parser.add_argument("--seed", type=int, default=1, help="which (1)")
    parser.add_argument("--jobs", type=int, default=2, help="at a time (2)")
    parser.add_argument("--seconds", type=float, default=60, help="for the tests of each (60)")
    parser.add_argument("--record", action="store_true", help="find out anew which test runs what")
    chosen = parser.parse_args()
    if chosen.record or not RECORDED.is_dir():
        _record(chosen.jobs)
    known = Touched.read(RECORDED)
    chance = random.Random(chosen.seed)
    wanted = _some(list(in_sql.mutants()), known, chosen.number // 2, chance)
    wanted += _some(list(in_python.mutants()), known, chosen.number - chosen.number // 2, chance)
    chance.shuffle(wanted)
    counted = _try(wanted, known, chosen.jobs, chosen.seconds)
    tried = counted["killed"] + counted["survived"]
    print(
        f"{tried} mutants: {counted['killed']} killed ({counted['killed'] / max(tried, 1):.0%}), {counted['survived']} survived;",
        end=" ",
    )
    print(f"{counted['stillborn']} more could not be installed")
    return 1 if counted["survived"] * 10 > tried else 0


def _record(jobs: int) -> None:
    """Run all tests once, in a copy that tells which of them run what."""
    print("recording which test runs what: all tests, once", flush=True)
    RECORDED.mkdir(parents=True, exist_ok=True)
    for old in RECORDED.iterdir():
        old.unlink()
    os.environ[VARIABLE] = str(RECORDED)
    with project() as root:
        instrument(root, in_python.PACKAGES)
        options = ["-n", str(jobs + 1), "-p", "tests.mutants.touched"]
        _, out = pytest(
            root, ["tests/unit", "tests/integration", "tests/contract", "tests/property"], *options
        )
        print(out.splitlines()[-1])


def _some(mutants: Sequence[Mutant], known: Touched, number: int, chance: random.Random) -> list[Mutant]:
    """So many of them by chance, of those that any test runs."""
    run = [mutant for mutant in mutants if known.chosen(mutant.touched, 1)]
    untested = sorted({mutant.touched for mutant in mutants} - {mutant.touched for mutant in run})
    print(
        f"{len(run)} mutants of what tests run; run by none: {', '.join(untested) or 'nothing'}", flush=True
    )
    return chance.sample(run, min(number, len(run)))


def _try(wanted: Sequence[Mutant], known: Touched, jobs: int, seconds: float) -> dict[str, int]:
    counted = {"killed": 0, "survived": 0, "stillborn": 0}
    waiting: SimpleQueue[Mutant] = SimpleQueue()
    for mutant in wanted:
        waiting.put(mutant)
    telling = threading.Lock()

    def work() -> None:
        with project() as root:
            while not waiting.empty():
                mutant = waiting.get()
                tests = known.chosen(mutant.touched, seconds, changed_together(mutant.path))
                said, why = judge(root, mutant, tests, 120 + 4 * seconds)
                with telling:
                    counted[said] += 1
                    print(f"{said}  {mutant}\n    {why}", flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(work) for _ in range(jobs)]:
            future.result()
    return counted


if __name__ == "__main__":
    sys.exit(main())
