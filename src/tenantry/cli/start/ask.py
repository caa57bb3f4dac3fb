"""Questions that are options, too: asked on a terminal, and answered by the options or by defaults elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import typer

from tenantry.cli.output import data, notes
from tenantry.cli.terminal.text import Text
from tenantry.cli.terminal.wrap import wrapped
from tenantry.core.errors import InputError
from tenantry.core.visible import visible

WIDTH = 78


def say(text: str) -> None:
    """Print a sentence, broken between words."""
    data.print(_fitted(text))


def tell(name: str, detail: str) -> None:
    """Print what a step of adding a tenant did, broken between words."""
    if name in ("left out", "line", "backfill", "year", "years", "compared", "jobs", "source"):
        notes.print(_fitted(f"✓ {name}  {detail}"))


def _fitted(text: str) -> Text:
    line = Text(visible(text, lines=False))
    return Text("\n").join(wrapped(line, min(WIDTH, data.width), hang=2))


@dataclass(frozen=True)
class Asking:
    """Who answers: with `silent`, the defaults."""

    silent: bool

    @classmethod
    def terminal(cls, *, yes: bool) -> Asking:
        """Ask on a terminal, unless --yes was given."""
        return cls(yes or not sys.stdin.isatty())

    def text(
        self,
        question: str,
        option: str,
        default: str | None = None,
        check: Callable[[str], object] = lambda answer: None,
    ) -> str:
        """The answer to a question. One that `check` refuses is asked for again.

        Raises InputError if nobody answers and there is no default.
        """
        if self.silent:
            if default is None:
                raise InputError(f"{question[0].lower()}{question[1:]} is missing", hint=f"Give {option}.")
            return default
        while True:
            answer = str(typer.prompt(visible(question), default=default, err=True)).strip()
            try:
                check(answer)
            except InputError as error:
                notes.print(f"{error.message}. {error.hint or ''}")
            else:
                return answer
