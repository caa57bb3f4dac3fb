"""Draws docs/pictures/bench.svg from results/peers.json: times as multiples of the limit, all from one run.

Run by `make chart` in an environment that has matplotlib.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

RESULTS = Path(__file__).with_name("results")
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "bench.svg"
_OURS, _OTHERS, _LIMIT = "#2f6f4f", "#9aa5b1", "#d9b44a"


def main() -> None:
    """Draw."""
    table = json.loads((RESULTS / "peers.json").read_text(encoding="utf-8"))["tables"][0]
    results: list[dict[str, Any]] = table["results"]
    # Programs that failed or were not installed have no ratios.
    bars = {
        f"{result['name']} {result.get('version', '')}".rstrip(): result["ratios"]["limit"]
        for result in results
        if "ratios" in result
    }
    title = str(table["title"]).partition(";")[0]
    draw(
        bars,
        f"{title}\n(time, as a multiple of one COPY piped into a COPY and indexed; logarithmic)",
        PICTURE,
    )


def draw(bars: dict[str, float], title: str, picture: Path) -> None:
    """A horizontal bar for each way, the fastest on top."""
    # Text stays text, and the same numbers give the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tenantry", "font.family": "sans-serif"})
    ways = sorted(bars.items(), key=lambda way: -way[1])
    figure = Figure(figsize=(8, 0.6 + 0.34 * len(ways)), layout="constrained")
    axes = figure.subplots()
    colours = [
        _OURS if name.startswith("tenantry") else _LIMIT if name.startswith("limit") else _OTHERS
        for name, _ in ways
    ]
    drawn = axes.barh([name for name, _ in ways], [ratio for _, ratio in ways], color=colours)
    axes.bar_label(drawn, fmt="%.2f", padding=4)
    # Over the whole figure: beside the names of the ways, it would be cut off.
    figure.suptitle(title, x=0.01, horizontalalignment="left", fontsize="large")
    # Some take dozens of times as long; their labels show the number.
    axes.set_xscale("log")
    axes.set_xticks([])
    axes.minorticks_off()
    axes.margins(x=0.12)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    figure.savefig(picture, metadata={"Date": None}, transparent=False)


if __name__ == "__main__":
    main()
