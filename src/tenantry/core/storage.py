"""The storages that come with the program, for files and drafts that are checked without a warehouse.

In a warehouse, `_wh.storages` lists the storages and their traits; `core.model.Feed` brings the traits along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """With `needs_time_column`, only that column tells days apart. With `merges`, a refresh changes only the rows that differ, in place."""

    needs_time_column: bool
    merges: bool


BUILT_IN: Mapping[str, Traits] = {
    "matview": Traits(needs_time_column=False, merges=False),
    "partition": Traits(needs_time_column=True, merges=True),
}

DEFAULT = "matview"
"""The storage of a new template if nothing is said."""


def of(name: str | None) -> Traits:
    """Return the traits of a storage. For None, or a name that this program does not know, those of the default one."""
    return BUILT_IN.get(name or DEFAULT, BUILT_IN[DEFAULT])
