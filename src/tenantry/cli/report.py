"""How a load ended, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tenantry.cli import shapes
from tenantry.cli.interrupted import tell
from tenantry.cli.output import data, notes, print_json, print_table
from tenantry.cli.shapes import different_days, not_compared
from tenantry.core import advice
from tenantry.core.days import folded
from tenantry.core.errors import SliceError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.core.model import Feed
    from tenantry.loader.result import Result
    from tenantry.loader.verify import FeedVerdict


def ended(load: Callable[[], Result]) -> Result:
    """The result of a load, even of one that Ctrl-C interrupted."""
    from tenantry.warehouse import Interrupted

    try:
        return load()
    except Interrupted as stopped:
        return stopped.result


def report(
    result: Result,
    *,
    as_json: bool,
    window: bool = False,
    compared: Sequence[FeedVerdict] | None = None,
    go_on: str = "run the same command: it loads only what is missing",
    more: Mapping[str, Any] | None = None,
) -> None:
    """Print how a load ended; for a `window`, the number of unchanged days, and how `compared` days match their sources.

    `go_on` says how to continue with what was not loaded; `more` is added to the JSON.

    Raises SliceError if a slice is missing or differs from the source, Exit(130) if it was interrupted.
    """
    if as_json:
        verdicts = (
            {}
            if compared is None
            else {"different_days": different_days(compared), "not_compared": not_compared(compared)}
        )
        print_json(load=shapes.load(result), **verdicts, **(more or {}))
    else:
        print_table(
            None,
            (
                "tenant",
                "template",
                "loaded#",
                "rows#",
                "unchanged#" if window else "already loaded#",
                "failed#",
                "not tried#",
            ),
            [
                (
                    f.feed.schema,
                    f.feed.template,
                    f.loaded,
                    f.rows,
                    f.unchanged if window else f.present,
                    len(f.failures),
                    f.not_tried,
                )
                for f in result.feeds
            ],
        )
        rate = result.rows / result.seconds if result.seconds else 0
        data.print(f"{count(result.rows, 'row')} in {result.seconds:.1f} s ({rate:,.0f} rows/s)")
        _print_failures(result)
        for feed in result.feeds:
            if feed.unwanted:
                notes.print(
                    f"{feed.feed}: the source has earlier rows, of {feed.unwanted}, which were left out; to load them: "
                    f"tenantry backfill {feed.feed.template} --tenant {feed.feed.schema} --from {feed.unwanted.first}",
                )
        for verdict in compared or ():
            data.print(str(verdict))
    if result.interrupted:
        tell(f"what was loaded is kept. To continue, {go_on}.")
    if not result.complete:
        raise SliceError(
            f"{result.lacking}; all others are kept",
            hint=advice.before(go_on, [x.sqlstate for f in result.feeds for x in f.failures if x.of_source]),
        )
    if different := different_days(compared or ()):
        raise SliceError(
            f"{count(len(different), 'day differs', 'days differ')} from the source",
            hint="Rows may have arrived meanwhile: load the days again. To see which rows differ: tenantry verify.",
        )
    if unknown := sum(len(verdict.failed) for verdict in compared or ()):
        raise SliceError(
            f"{count(unknown, 'day')} could not be compared with the source",
            hint="What was loaded is kept. To compare again: tenantry verify.",
        )


def _print_failures(result: Result) -> None:
    by_reason: dict[tuple[Feed, str], list[Any]] = {}
    for feed in result.feeds:
        for failure in feed.failures:
            reason = failure.error.replace(f"{feed.feed} {failure.day}: ", "")
            by_reason.setdefault((feed.feed, reason), []).append(failure.day)
        if feed.source_lost and not feed.failures:
            by_reason[feed.feed, feed.source_lost] = []
    if by_reason:
        print_table(
            "Failed",
            ("tenant", "days", "error"),
            [
                (feed.schema, ", ".join(str(span) for span in folded(days)) or None, reason)
                for (feed, reason), days in by_reason.items()
            ],
        )
