"""Groups of commands: where click finds the command that a command line names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typer._click.globals import get_current_context  # Typer has no public name for it
from typer.core import TyperGroup

from tenantry.cli import renamed


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


called = Called()


class Group(TyperGroup):
    """A group that notes which of its commands is called, and knows commands and options by their old names too."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the first word names. Completion (`resilient_parsing`) gets no hints."""
        tell = not ctx.resilient_parsing
        group = f"{ctx.info_name} " if ctx.parent else ""
        name = renamed.command(group + args[0], tell=tell)
        word, command, words = super().resolve_command(ctx, [name.removeprefix(group), *args[1:]])
        words = renamed.words(name, words, tell=tell)
        called.name = name
        called.words = tuple(words)  # the parser empties the list
        return word, command, words
