"""Changes as text, like a diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import TYPE_CHECKING

from tenantry.cli.terminal.text import Text

if TYPE_CHECKING:
    from tenantry.fleet.change import Change, Detail

_SIGNS = {"create": ("+", "green"), "change": ("~", "yellow"), "remove": ("-", "red")}


def lines(changes: Sequence[Change]) -> Iterator[Text]:
    """A line for each change, and below it one or more for each value that differs."""
    for change in changes:
        sign, style = _SIGNS[change.action]
        loses = f"  {change.loses} would go: needs --allow-drop" if change.loses else ""
        yield Text.assemble((f"{sign} {change.subject}", style), (loses, "red"))
        for detail in change.details:
            yield from _detail(change, detail)


def _detail(change: Change, detail: Detail) -> Iterator[Text]:
    old, new = detail.old or "", detail.new or ""
    if detail.secret:
        yield Text(f"    {detail.key}: differs")
    elif "\n" in old.strip() or "\n" in new.strip():
        yield Text(f"    {detail.key}:")
        if change.action == "change":
            difference = list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2))[2:]
            yield from (Text(f"      {line}", _STYLES.get(line[:1], "")) for line in difference)
        else:
            yield from (Text(f"      {line}") for line in (new or old).strip("\n").splitlines())
    elif change.action == "change":
        yield Text(f"    {detail.key}: {old or '(none)'} → {new or '(none)'}")
    else:
        yield Text(f"    {detail.key}: {new or old}")


_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def count(changes: Sequence[Change]) -> str:
    """`2 to create, 1 to change, 0 to remove`."""
    return ", ".join(f"{sum(c.action == action for c in changes)} to {action}" for action in _SIGNS)
