"""The tree of all commands. Each is built when it is asked for: to build them all takes a sixth of a short command's time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from copy import copy
from typing import Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.models import CommandInfo, TyperInfo


class _Commands(Mapping[str, Any]):
    """The commands and groups of an app, by name."""

    def __init__(self, app: typer.Typer) -> None:
        self._app = app
        infos: list[CommandInfo | TyperInfo] = [*app.registered_commands, *app.registered_groups]
        self._known = {str(info.name): info for info in infos}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = _group(self._app, self._known[name]).commands[name]
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def tree(app: typer.Typer) -> TyperGroup:
    """The app as a group of commands that are not built yet."""
    root = _group(app)
    root.commands = cast("MutableMapping[str, Any]", _Commands(app))
    return root


def _group(app: typer.Typer, *wanted: CommandInfo | TyperInfo) -> TyperGroup:
    """The app with these commands alone."""
    part = copy(app)
    part.registered_commands = [info for info in wanted if isinstance(info, CommandInfo)]
    part.registered_groups = [info for info in wanted if isinstance(info, TyperInfo)]
    return cast("TyperGroup", get_command(part))
