"""The program: its commands, and how it reports errors."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from functools import cache
from types import TracebackType
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup

from tenantry import __version__
from tenantry.cli import complete, document, everywhere, interrupted
from tenantry.cli.group import Group, called
from tenantry.cli.known import known
from tenantry.cli.output import notes
from tenantry.cli.target import options
from tenantry.cli.terminal.text import Text
from tenantry.cli.tree import tree
from tenantry.core import signals
from tenantry.core.errors import InputError, TenantryError

_HELP = """One PostgreSQL warehouse for many tenants: load, refresh, combine and report.

Each tenant's data is loaded from its own database (the source), one slice
per UTC day. A template, such as orders, says what to load.

To look around, run tenantry demo. For a warehouse of your own data, run
tenantry start, which asks for what it needs.

Data goes to standard output; steps, progress and errors go to standard
error.
"""

app = typer.Typer(
    cls=Group,
    name="tenantry",
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_UNTOUCHED = "Nothing was changed."
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SENT_ALWAYS = ("PGTZ", "PGDATESTYLE", "PGGEQO")
"""Variables that libpq sends at each login. Each session sets what it needs itself, and a bad value would end the login."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tenantry {__version__}")
        raise typer.Exit


def _no_color(wanted: bool) -> bool:
    if wanted:
        everywhere.take("no_color", True)
    return wanted


@app.callback(
    epilog="These options may also stand after a command. "
    "Environment: TENANTRY_DSN, TENANTRY_JSON, TENANTRY_QUIET, TENANTRY_VERBOSE, TENANTRY_NO_COLOR, TENANTRY_DEBUG"
)
def before(
    context: typer.Context,
    dsn: Annotated[
        str | None,
        typer.Option(
            help="The warehouse: a libpq connection string or URI, or embedded:DIRECTORY for an embedded "
            "server. Default: the first of these that is set: TENANTRY_DSN, PGSERVICE, the file in "
            "TENANTRY_FILE, PGHOST, PGHOSTADDR, PGPORT, PGDATABASE, PGUSER, and tenantry.toml (dsn in its "
            "table warehouse); otherwise your account's embedded server.",
            metavar="CONNINFO",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            envvar="TENANTRY_JSON",
            show_envvar=False,
            help="Print results as JSON, if the command supports it.",
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", envvar="TENANTRY_QUIET", show_envvar=False, help="Print only results and errors."
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            envvar="TENANTRY_VERBOSE",
            show_envvar=False,
            help="Also print which warehouse and login are used.",
        ),
    ] = False,
    no_color: Annotated[
        bool,
        typer.Option(
            "--no-color",
            envvar="TENANTRY_NO_COLOR",
            show_envvar=False,
            is_eager=True,
            callback=_no_color,
            help="Print without colors, as NO_COLOR does.",
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            envvar="TENANTRY_DEBUG",
            show_envvar=False,
            help="Show the full traceback on errors, for bug reports.",
        ),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """One PostgreSQL warehouse for many tenants: load, refresh, combine and report."""
    everywhere.hear(context)


def show_help(
    context: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND]...",
            help="The command, such as tenant add.",
            show_default=False,
            autocompletion=complete.commands,
        ),
    ] = None,
) -> None:
    """Show the help of the program or of a command."""
    root = context.find_root()
    root.command.main([*(command or []), "--help"], prog_name=root.info_name, standalone_mode=False)


def show_version() -> None:
    """Show the version."""
    _version(True)


def _fail(error: TenantryError, code: int | None = None, kind: str | None = None) -> NoReturn:
    """Print an error and exit with its code, or this one; `kind` replaces its kind for other programs."""
    notes.quiet = False
    if not options.begun:
        # Only said here, because a library cannot know what its caller did before.
        error.add(_UNTOUCHED)
    code = error.exit_code if code is None else code
    if document.wanted():
        _print_error(error, kind or error.code, error.hint, code)
    else:
        notes.print(Text.assemble(("error: ", "red"), error.message))
        for line in (error.hint or "").splitlines():
            notes.print(f"       {line}")
    _end(code)


def _print_error(error: TenantryError, kind: str, hint: str | None, code: int) -> None:
    document.print_error(
        kind,
        error.message,
        hint,
        code,
        sqlstate=error.sqlstate,
        connection=getattr(error, "connection", None),
    )


def _end(code: int) -> NoReturn:
    document.finish(code)
    sys.exit(code)


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback as Python does, but escape the error's text like all other output, as it may come from a source."""
    notes.quiet = False
    notes.print("".join(traceback.format_exception(kind, error, trace)), end="", raw=True)
    if not document.wanted():
        return
    if isinstance(error, TenantryError):
        _print_error(error, error.code, error.hint, 1)
    else:
        document.print_error("internal_error", f"{kind.__name__}: {error}", None, 1)


def _refuse_arguments(error: typer.TyperException) -> NoReturn:
    """Exit because of an unknown command or option, or an invalid value."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "tenantry"
    _fail(InputError(message.replace("\n", " ").rstrip("."), hint=f"See: {path} --help."), kind="usage")


def _write_nowhere() -> None:
    """Let what Python would flush at its end go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@cache
def commands() -> TyperGroup:
    """The tree of all commands."""
    return tree(app, known())


def main() -> None:
    """Run the program; known errors are one line, a hint and an exit code."""
    try:
        # Inside the block that reports it, because a signal may arrive at once.
        signals.interrupt()
        document.begin(sys.argv[1:])
        sys.excepthook = _show
        for name in _SENT_ALWAYS:
            os.environ.pop(name, None)
        # Otherwise Typer shows wrong arguments itself, as a box of five lines.
        code = commands()(standalone_mode=False)
        if code and code > 128:
            # Typer also turns a KeyboardInterrupt into such a code.
            raise KeyboardInterrupt
        # Here, where it can be told if the output has no room.
        sys.stdout.flush()
        _end(code or 0)
    except TenantryError as error:
        if options.debug:
            raise
        _fail(error)
    except typer.TyperException as error:
        _refuse_arguments(error)
    except typer.Abort:
        _fail(InputError("no answer given"))
    except BrokenPipeError:
        # Whoever reads this, such as head, has enough.
        _write_nowhere()
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _write_nowhere()
        where = error.filename or "the output"
        hint = "What the command did stays." if options.begun else None
        _fail(TenantryError(f"{where} cannot be written: {error.strerror}", hint=hint))
    except KeyboardInterrupt:
        notes.quiet = False
        told = interrupted.told() or interrupted.of_command(called.name)
        if document.wanted():
            document.print_error("interrupted", told, None, signals.exit_code())
        elif not interrupted.told():
            notes.print(told)
        _end(signals.exit_code())
