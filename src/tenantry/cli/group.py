"""Groups of commands: where click finds the command that a command line names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import typer
from typer._click.core import Command, ParameterSource  # Typer has no public name for them
from typer._click.globals import get_current_context  # Typer has no public name for it
from typer._click.shell_completion import CompletionItem  # Typer has no public name for it
from typer.core import TyperGroup

from tenantry.cli import everywhere, renamed, watch
from tenantry.cli.terminal.help import Context
from tenantry.cli.tree import Commands, Known
from tenantry.core.errors import InputError


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

    context_class = Context

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

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words up to a command. Without any, help is all that there is to do."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(InputError.exit_code)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands by panel, without building them, and with whole sentences, where click would cut them."""
        panels: dict[str, list[tuple[str, str]]] = {}
        longest = max(map(len, self._known))
        for name, known in self._known.items():
            panels.setdefault(known.panel, []).append((name.ljust(longest), known.said))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What the shell offers: commands, without building them, and options."""
        found = [
            CompletionItem(name, help=known.said)
            for name, known in self._known.items()
            if name.startswith(incomplete)
        ]
        return found + Command.shell_complete(self, ctx, incomplete)

    @property
    def _known(self) -> Mapping[str, Known]:
        return cast("Commands", self.commands).known
