"""Addresses with names in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from starlette.routing import Match, Route
from starlette.types import Scope


class Named(Route):
    """A route whose names may hold any character, also a slash: the path is taken apart before they are decoded."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the route is meant, and the decoded names."""
        encoded = scope["raw_path"].decode("ascii", "replace")
        match, found = super().matches({**scope, "path": encoded})
        encoded_names: dict[str, Any] = found.get("path_params", {})
        names = {key: unquote(part) for key, part in encoded_names.items()}
        if any("\0" in name for name in names.values()):
            # No name in a database has this character.
            return Match.NONE, {}
        return match, {**found, "path_params": names}
