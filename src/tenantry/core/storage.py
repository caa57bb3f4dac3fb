"""The storages that come with the program, for what is judged without a warehouse: a file, or a draft.

In a warehouse `_wh.storages` says which there are and what each can do; `core.model.Feed` brings that along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """`needs_time_column`: days are told apart by that alone. `merges`: a refresh changes, in place, the rows that differ."""

    needs_time_column: bool
    merges: bool


BUILT_IN: Mapping[str, Traits] = {
    "matview": Traits(needs_time_column=False, merges=False),
    "partition": Traits(needs_time_column=True, merges=True),
}

DEFAULT = "matview"
"""In which a template's tenants begin, where nothing is said."""


def of(name: str | None) -> Traits:
    """The traits of a storage; those of the default one for None, and for a name that this program does not know."""
    return BUILT_IN.get(name or DEFAULT, BUILT_IN[DEFAULT])
