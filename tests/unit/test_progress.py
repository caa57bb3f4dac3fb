"""The progress of long work: what a bar says at each width, and what is said without a terminal."""

from __future__ import annotations

import threading
import time

import pytest
from rich.cells import cell_len

from tenantry.cli.progress import Bar, Progress


def half_done(name: str = "acme.orders") -> Bar:
    """A bar of a load that is half done."""
    bar = Bar(name, 5080, "day")
    bar.reach(1)
    bar.advance(2539, rows=1_234_567)
    return bar


@pytest.mark.parametrize("name", ["acme.orders", f"{'t' * 40}.{'o' * 40}", "店" * 20 + ".orders"])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_bar_fits_the_terminal_and_cuts_no_name(name: str, width: int) -> None:
    drawn = half_done(name).drawn(width, cell_len(name)).plain

    assert max(map(cell_len, drawn.splitlines())) <= width
    assert drawn.replace(".\n", ".").startswith(name)
    assert "2,540 of 5,080 days" in drawn


def test_a_wide_terminal_shows_the_bar_the_time_left_and_the_speed() -> None:
    drawn = half_done().drawn(200, 11).plain

    assert "━━━━" in drawn
    assert " left, 1,234,567 rows, " in drawn


def test_work_without_a_total_says_how_long_it_takes() -> None:
    assert Bar("dropping acme", None, "").facts() == ["0 s so far"]


def test_without_a_terminal_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(every=0.05) as progress:
        bars = [progress.bar(f"{name}.orders", 100, "day") for name in ("acme", "globex")]
        for bar in bars:
            bar.advance(10, rows=50)
        time.sleep(0.12)
        bars[0].reach(100)
        time.sleep(0.12)
    told = capsys.readouterr()

    assert told.out == ""
    assert "0 of 2 done, 20 of 200 days, 100 rows" in told.err.splitlines()
    assert any(line.startswith("globex.orders: 10 of 100 days") for line in told.err.splitlines())


def test_work_that_stands_still_is_told_ever_less_often(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(every=0.02) as progress:
        progress.bar("dropping acme")
        time.sleep(0.5)

    assert len(capsys.readouterr().err.splitlines()) <= 5


def test_nothing_is_told_of_work_that_has_ended() -> None:
    told: list[str] = []

    class Slow(Progress):
        def tell(self, text: str) -> None:
            begun.set()
            time.sleep(0.05)
            told.append(text)

    begun = threading.Event()
    with Slow(every=0.001) as progress:
        progress.bar("acme.orders", 10, "day")
        assert begun.wait(120)
    lines = len(told)
    time.sleep(0.1)
    assert len(told) == lines
