"""Groups of commands: where click finds the command that a command line names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typer._click.core import ParameterSource  # Typer has no public name for it
from typer._click.globals import get_current_context  # Typer has no public name for it
from typer.core import TyperGroup

from tenantry.cli import everywhere, renamed, watch
from tenantry.cli.output import notes
from tenantry.core.errors import InputError

_ROOM_FOR_BOXES = 80
"""How many columns the help in boxes needs."""


@dataclass
class Called:
    """The command that the command line names. It is kept after click's context is gone."""

    name: str = ""
    """The command's full name without the program's, such as `tenant add`; empty until it is known."""
    words: Sequence[str] = ()
    """The words after it."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The command's arguments and options, as click has read them. Only while the command runs."""
        return get_current_context().params

    @property
    def environment(self) -> list[str]:
        """The options that the environment gives, as they would be typed. Only while the command runs."""
        context = get_current_context()
        return [
            f"{max(option.opts, key=len)}={context.params[option.name]}"
            for option in context.command.params
            if option.name in context.params
            and context.get_parameter_source(option.name) is ParameterSource.ENVIRONMENT
        ]


called = Called()


class Group(TyperGroup):
    """A group that notes which of its commands is called, and knows commands by the beginning of their names.

    It also knows commands and options by their old names.
    """

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, with what all commands have."""
        found = super().get_command(ctx, cmd_name)
        return found and everywhere.completed(found, cmd_name, ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the first word names. Completion (`resilient_parsing`) gets no hints."""
        tell = not ctx.resilient_parsing
        group = f"{ctx.info_name} " if ctx.parent else ""
        name = renamed.command(group + args[0], tell=tell)
        first = self._meant(name.removeprefix(group), ctx)
        name = group + first
        word, command, words = super().resolve_command(ctx, [first, *args[1:]])
        words = renamed.words(name, words, tell=tell)
        if command is not None:
            words = everywhere.words(command, watch.words(words), ctx, first)
        called.name = name
        called.words = tuple(words)  # the parser empties the list
        _fit_help(command)
        return word, command, words

    def _meant(self, word: str, ctx: Any) -> str:
        """The command whose name begins with a word, if it is not a name itself and there is just one."""
        found = [] if word in self.commands or not word else [n for n in self.commands if n.startswith(word)]
        if len(found) > 1 and not ctx.resilient_parsing:
            raise InputError(
                f"{ctx.command_path} {word} could be {', '.join(found[:-1])} or {found[-1]}",
                hint="Type more of the name.",
            )
        return found[0] if len(found) == 1 else word

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, in boxes or plain."""
        _fit_help(self)
        super().format_help(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands for help without boxes: by panel, and with whole sentences, where click would cut them."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None)
                said = command.get_short_help_str(limit=1000)
                panels.setdefault(panel if isinstance(panel, str) else "Commands", []).append((name, said))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


def _fit_help(command: Any) -> None:
    """Have a command's help written plainly where boxes are too narrow, as their tables cut the names of options."""
    if notes.width < _ROOM_FOR_BOXES and hasattr(command, "rich_markup_mode"):
        command.rich_markup_mode = None
