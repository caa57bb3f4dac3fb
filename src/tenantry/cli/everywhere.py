"""What every command has without saying so: the options of the program, tenants as arguments, and its environment variables."""

from __future__ import annotations

import os
from collections.abc import MutableMapping, Sequence
from copy import copy
from functools import cache
from typing import Any

import typer
from typer._click.core import ParameterSource  # Typer has no public name for it
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tenantry.cli.output import data, notes
from tenantry.cli.target import options
from tenantry.cli.terminal.help import Context
from tenantry.core.errors import InputError

PREFIX = "TENANTRY"
"""How the environment variables of all options begin."""

SHARED = ("dsn", "as_json", "debug", "quiet", "verbose", "no_color")
"""The options of the program that may also stand after any command, by their parameters' names."""

ONLY_TYPED = {
    "--yes", "--force", "--allow-drop", "--with-data", "--reset", "--unsigned", "--cancel", "--password",
    "--drop-workspace",
}  # fmt: skip
"""Options that no environment variable gives. What destroys or trusts something must be typed each time, and nobody should
put a password into TENANTRY_TENANT_EDIT_PASSWORD, which would only mean "ask for one". --dsn has TENANTRY_DSN."""


def completed(command: Any, name: str, context: typer.Context) -> Any:
    """A command of the program with everything that this module adds. `context` is that of the group that it is in."""
    # Kept apart for the Tab key, for which options are hidden that help does not repeat.
    kept = "offered" if context.resilient_parsing else "completed"
    if not hasattr(command, kept):
        setattr(command, kept, _completed(copy(command), [*_path(context), name], context))
    return getattr(command, kept)


def _completed(command: Any, path: list[str], context: typer.Context) -> Any:
    command.context_class = Context
    command.params = [copy(item) for item in command.params]
    for option in command.params:
        if isinstance(option, TyperOption) and not ONLY_TYPED & {*option.opts}:
            option.envvar = [variable(path, option), *_names(option.envvar)]
            option.show_envvar = False
    taken = {name for item in command.params for name in item.opts}
    shared = [item for item in context.find_root().command.params if item.name in SHARED]
    if isinstance(command, TyperCommand):
        _take_tenants(command)
    command.epilog = _epilog(command)
    command.params += [
        _shared(item, hidden=not context.resilient_parsing or item.name == "as_json")
        for item in shared
        if not taken & {*item.opts}
    ]
    return command


def _epilog(command: Any) -> str | None:
    """What stands below a command's help. The variables have no room in the columns of a narrow terminal."""
    names = [
        name for option in command.params if isinstance(option, TyperOption) for name in _names(option.envvar)
    ]
    return f"Environment: {', '.join(names)}" if names else None


def variable(path: Sequence[str], option: TyperOption) -> str:
    """The environment variable of an option of the command at a path: TENANTRY_TENANT_ADD_SOURCE."""
    longest = max(option.opts, key=len).lstrip("-")
    return "_".join([PREFIX, *path, longest]).replace("-", "_").upper()


def _path(context: Any) -> list[str]:
    return [str(step.info_name) for step in reversed(_chain(context)[:-1])]


def _names(envvar: str | Sequence[str] | None) -> Sequence[str]:
    return [envvar] if isinstance(envvar, str) else envvar or []


@cache
def _shared(option: Any, *, hidden: bool) -> Any:
    """An option of the program, for a command. Its help does not repeat it, but the Tab key offers it (`hidden`)."""
    found = copy(option)
    found.hidden, found.expose_value, found.envvar, found.callback = hidden, False, None, _hear
    return found


def hear(context: typer.Context) -> None:
    """Apply the options that stand before the command, or are in the environment."""
    for name in SHARED:
        if value := context.params.get(name):
            take(name, value)


def _hear(context: typer.Context, option: Any, value: Any) -> None:
    if not value:
        return
    if (
        option.name == "as_json"
        and not isinstance(context.command, TyperGroup)
        and not context.resilient_parsing
    ):
        raise _no_json(context.command_path)
    take(option.name, value, told=not context.resilient_parsing)


def words(command: Any, given: list[str], context: Any, name: str) -> list[str]:
    """The words after a command, with a --json that stands before it.

    Raises InputError if the command prints no JSON, unless the environment asks for it.
    """
    asks = [step for step in _chain(context) if step.params.get("as_json")]
    if any("--json" in item.opts and not item.hidden for item in command.params):
        return ["--json", *given] if asks or options.as_json else given
    typed = any(
        step.get_parameter_source("as_json") is ParameterSource.COMMANDLINE for step in _chain(context)
    )
    if typed and not isinstance(command, TyperGroup) and not context.resilient_parsing:
        raise _no_json(f"{context.command_path} {name}")
    return given


def _chain(context: Any) -> list[Any]:
    return [context, *_chain(context.parent)] if context else []


def _no_json(command: str) -> InputError:
    return InputError(f"{command} prints no JSON", hint="Leave out --json.")


def take(name: str, value: Any, *, told: bool = True) -> None:
    """Apply an option of the program, wherever it stood. Completion does not warn (`told`)."""
    setattr(options, name, value)
    if name == "no_color":
        data.no_color = notes.no_color = True
        os.environ["NO_COLOR"] = "1"  # for help
    elif name == "quiet":
        notes.quiet = True
    elif name == "dsn" and told and _holds_password(value):
        notes.print(
            "warning: --dsn holds a password, which other users of this machine can see; use TENANTRY_DSN or a passfile instead"
        )


def _holds_password(dsn: str) -> bool:
    # Only this needs libpq, which takes time to load.
    if "password" not in dsn and "@" not in dsn:
        return False
    from tenantry.db.conninfo import parse

    try:
        return bool({"password", "sslpassword"} & parse(dsn, "--dsn", hint="").keys())
    except InputError:
        return True  # it is refused later, but the command line may still hold one


class _Tenants(TyperArgument):
    """Tenants as arguments: the same as the option --tenant, whose values they become."""

    def __init__(self, option: TyperOption) -> None:
        super().__init__(
            param_decls=["named"],
            nargs=-1 if option.multiple else 1,
            metavar="[TENANT]..." if option.multiple else "[TENANT]",
            help="The same as --tenant.",
            expose_value=False,
            is_eager=True,
            show_default=False,
        )
        self._option = option
        self._custom_shell_complete = option._custom_shell_complete  # noqa: SLF001 - it completes the same names

    def handle_parse_result(self, ctx: Any, opts: Any, args: list[str]) -> tuple[Any, list[str]]:
        """Move the arguments to the option, before it is read."""
        named = opts.pop(self.name, None)
        if named:
            ctx.set_parameter_source(self.name, ParameterSource.COMMANDLINE)
            _name(self._option, opts, named)
        if self._option.multiple:
            _override(str(self._option.name), opts)
        return None, args


def _name(option: TyperOption, given: MutableMapping[str, Any], named: Any) -> None:
    name = str(option.name)
    before = given.get(name)
    if option.multiple:
        given[name] = [*named, *(before or [])]
    elif before not in (None, named):
        raise InputError(f"two tenants are named: {named} and {before}", hint="This command takes one.")
    else:
        given[name] = named


def _override(name: str, given: MutableMapping[str, Any]) -> None:
    """Tenants that were typed override an --all in the environment, and the other way round."""
    if given.get(name):
        given.setdefault("everyone", False)
    elif given.get("everyone"):
        given[name] = []


def _take_tenants(command: TyperCommand) -> None:
    option = next((item for item in command.params if "--tenant" in item.opts), None)
    arguments = [item for item in command.params if isinstance(item, TyperArgument)]
    if isinstance(option, TyperOption) and not any(item.nargs == -1 for item in arguments):
        command.params.insert(len(arguments), _Tenants(option))
