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
    "shared": Traits(needs_time_column=True, merges=True),
    "distributed": Traits(needs_time_column=True, merges=True),
}

WITHOUT_TIME_COLUMN = "matview"
"""The storage of a template that says none and has no time column. The trigger `follow_time_column` decides likewise."""

WITH_TIME_COLUMN = "partition"
"""The storage of a template that says none and has a time column."""


def of_template(chosen: str | None, time_column: str | None) -> str:
    """Return the storage of a template's new tenants."""
    return chosen or (WITH_TIME_COLUMN if time_column else WITHOUT_TIME_COLUMN)


def traits(name: str) -> Traits:
    """Return the traits of a storage. For a name that this program does not know, those of the least demanding one."""
    return BUILT_IN.get(name, BUILT_IN[WITHOUT_TIME_COLUMN])
