"""What a command prints with --json: one document on standard output, and JSON lines on standard error.

Every document says which program and command wrote it, and in which version of the format. docs/reference/json.md
describes it for users; tenantry.schemas has the types.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from tenantry import __version__
from tenantry.core.visible import in_json

DIFFERS = 5
"""The exit code of plan --exit-code if there is a difference, which is no failure."""


class _State:
    def __init__(self) -> None:
        self.wanted = False
        self.data: dict[str, Any] | None = None


_state = _State()


def begin(words: Sequence[str]) -> None:
    """Note whether a command line asks for JSON: its errors are JSON even if it cannot be parsed."""
    options = words[: words.index("--")] if "--" in words else words
    _state.wanted = "--json" in options


def choose(wanted: bool) -> bool:
    """The callback of --json, whose value may come from elsewhere than the command line."""
    _state.wanted |= wanted
    return wanted


def wanted() -> bool:
    """Whether the command line asks for JSON."""
    return _state.wanted


def print_json(**data: Any) -> None:
    """Print the result of a command, once. It is written when the command has ended and it is known how."""
    _state.data = data


def print_json_line(**data: Any) -> None:
    """Print a document on a line of its own, at once: for commands that go on, such as logs --follow."""
    _write(sys.stdout, {"ok": True, "data": _plain(data)}, indent=None)


def finish(code: int) -> None:
    """Write what `print_json` got, at the end of a command with this exit code."""
    data, _state.data = _state.data, None
    if data is not None:
        _write(sys.stdout, {"ok": code in (0, DIFFERS), "data": _plain(data)}, indent=2)


def print_error(
    code: str,
    message: str,
    hint: str | None,
    exit_code: int,
    *,
    sqlstate: str | None = None,
    connection: str | None = None,
) -> None:
    """Print an error; `code` is one of those in docs/reference/json.md."""
    error = {
        "code": code,
        "message": message,
        "hint": hint,
        "sqlstate": sqlstate,
        "connection": connection,
        "exit_code": exit_code,
    }
    _write(sys.stderr, {"ok": False, "error": error}, indent=None)


def print_note(text: str) -> None:
    """Print what a command says besides its result."""
    _write_line(sys.stderr, {"note": text}, indent=None)


def _write(stream: Any, more: dict[str, Any], indent: int | None) -> None:
    from tenantry.cli.group import called  # which prints, too
    from tenantry.schemas.encode import FORMAT

    head = {"tenantry": __version__, "format": FORMAT, "command": called.name}
    _write_line(stream, head | more, indent)


def _write_line(stream: Any, document: dict[str, Any], indent: int | None) -> None:
    import json  # Most commands print none.

    stream.write(in_json(json.dumps(document, indent=indent, ensure_ascii=False)) + "\n")
    stream.flush()


def _plain(data: Any) -> Any:
    from tenantry.schemas.encode import plain

    return plain(data)
