"""Several functions in this process, measured in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from bench.report import Table, middle_half, paired


def by_turns(
    title: str,
    ways: Mapping[str, Callable[[], object]],
    baselines: Mapping[str, str],
    repeats: int,
    before: Callable[[], object] = lambda: None,
) -> Table:
    """Call each function once, then each again, `repeats` times after a round that does not count.

    `before` is called before each of them, outside of the measured time. `baselines` are a heading, and the name of the way by whose time in the same round the others are divided.
    """
    names = list(ways)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(repeats + 1):
        turn = number % len(names)
        for name in [*names[turn:], *names[:turn]]:
            before()
            started = time.perf_counter()
            ways[name]()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return in_table(title, seconds, baselines)


def in_table(title: str, seconds: Mapping[str, Sequence[float]], baselines: Mapping[str, str]) -> Table:
    """The seconds of each way, with medians, the middle half, and ratios to the baselines of the same round."""
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ratios = {
        name: {heading: paired(seconds[name], seconds[other]) for heading, other in baselines.items()}
        for name in seconds
    }
    return Table(
        title,
        ["", "ms", "middle half", *(f"/ {heading}" for heading in baselines)],
        [
            [
                name,
                f"{1000 * medians[name]:.1f}",
                "-".join(f"{1000 * value:.1f}" for value in middle_half(seconds[name])),
                *(f"{ratio:.2f}" for ratio in ratios[name].values()),
            ]
            for name in seconds
        ],
        [
            {
                "name": name,
                "seconds": round(medians[name], 5),
                "ratios": {heading: round(ratio, 3) for heading, ratio in ratios[name].items()},
                "runs": [{"seconds": round(value, 5)} for value in seconds[name]],
            }
            for name in seconds
        ],
    )
