"""The tree of all commands. Each is built on demand, because building all takes a sixth of a short command's time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from copy import copy
from typing import Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_command_from_info, get_command_name, get_group_from_info
from typer.models import CommandInfo, TyperInfo


class _Commands(Mapping[str, Any]):
    """The commands and groups of an app or a group, by name."""

    def __init__(self, app: typer.Typer, root: typer.Typer) -> None:
        self._root = root
        infos: list[CommandInfo | TyperInfo] = [*app.registered_commands, *app.registered_groups]
        self._known = {_name(info): info for info in infos}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._build(self._known[name])
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def _build(self, info: CommandInfo | TyperInfo) -> Any:
        short, markup = self._root.pretty_exceptions_short, self._root.rich_markup_mode
        if isinstance(info, CommandInfo):
            return get_command_from_info(info, pretty_exceptions_short=short, rich_markup_mode=markup)
        whole = info.typer_instance or typer.Typer()
        bare = copy(info)
        bare.typer_instance = _bare(whole)
        group = get_group_from_info(
            bare,
            pretty_exceptions_short=short,
            rich_markup_mode=markup,
            suggest_commands=self._root.suggest_commands,
        )
        return _grown(group, whole, self._root)


def tree(app: typer.Typer) -> TyperGroup:
    """The app, which has a callback, as a group of commands that are not yet built."""
    return _grown(cast("TyperGroup", get_command(_bare(app))), app, app)


def _name(info: CommandInfo | TyperInfo) -> str:
    if info.name or not isinstance(info, CommandInfo) or info.callback is None:
        return str(info.name)
    return get_command_name(info.callback.__name__)


def _bare(app: typer.Typer) -> typer.Typer:
    """The app without its commands."""
    bare = copy(app)
    bare.registered_commands, bare.registered_groups = [], []
    return bare


def _grown(group: TyperGroup, app: typer.Typer, root: typer.Typer) -> TyperGroup:
    group.commands = cast("MutableMapping[str, Any]", _Commands(app, root))
    return group
