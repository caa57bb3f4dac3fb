"""The tree of all commands. Each is built on demand, because building all takes a sixth of a short command's time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from copy import copy
from typing import Any, NamedTuple, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_command_from_info, get_command_name, get_group_from_info
from typer.models import CommandInfo, TyperInfo

Info = CommandInfo | TyperInfo


class Known(NamedTuple):
    """What is known of a command or a group before it is built: the first paragraph of its help, and the panel of the
    help in which that stands."""

    name: str
    said: str
    panel: str
    info: Callable[[], Info]


class Commands(Mapping[str, Any]):
    """The commands and groups of the program or of a group, by name."""

    def __init__(self, known: Iterable[Known], root: typer.Typer) -> None:
        self.known = {one.name: one for one in known}
        self._root = root
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._build(self.known[name].info())
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    def _build(self, info: Info) -> Any:
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
        return _grown(group, _of(whole), self._root)


def tree(app: typer.Typer, known: Iterable[Known] = ()) -> TyperGroup:
    """The app, which has a callback, as a group of commands that are not yet built: its own, and others that are known."""
    return _grown(cast("TyperGroup", get_command(_bare(app))), [*known, *_of(app)], app)


def _of(app: typer.Typer) -> Iterator[Known]:
    """What is known of an app's own commands."""
    infos: list[Info] = [*app.registered_commands, *app.registered_groups]
    for info in infos:
        text = info.help or getattr(info.callback, "__doc__", None) or ""
        panel = info.rich_help_panel
        yield Known(
            _name(info),
            " ".join(inspect.cleandoc(text).split("\n\n")[0].split()),
            panel if isinstance(panel, str) else "Commands",
            lambda info=info: info,  # type: ignore[misc]
        )


def _name(info: Info) -> str:
    if info.name or not isinstance(info, CommandInfo) or info.callback is None:
        return str(info.name)
    return get_command_name(info.callback.__name__)


def _bare(app: typer.Typer) -> typer.Typer:
    """The app without its commands."""
    bare = copy(app)
    bare.registered_commands, bare.registered_groups = [], []
    return bare


def _grown(group: TyperGroup, known: Iterable[Known], root: typer.Typer) -> TyperGroup:
    group.commands = cast("MutableMapping[str, Any]", Commands(known, root))
    return group
