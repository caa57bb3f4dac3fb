"""Options where people type them, each as an environment variable too, and commands by the beginning of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from tenantry.cli import everywhere
from tenantry.cli.main import commands
from tests.support.program import run

NOWHERE = "host=127.0.0.1 port=1"
"""A warehouse that does not answer, which shows that a command took --dsn."""

ELSEWHERE = "host=127.0.0.1 port=2"


def every_command(group: Any = None, context: typer.Context | None = None) -> Iterator[tuple[list[str], Any]]:
    """The words of each command, and the command."""
    group = group or commands()
    context = context or typer.Context(group, info_name="tenantry")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        child = typer.Context(command, info_name=name, parent=context)
        path = child.command_path.split()[1:]
        yield [word for word in path if word.isidentifier() or "-" in word], command
        if isinstance(command, TyperGroup):
            yield from every_command(command, child)


def own_options(command: Any) -> list[TyperOption]:
    return [item for item in command.params if isinstance(item, TyperOption) and not item.hidden]


@pytest.mark.parametrize(
    "words",
    [
        ["--dsn", NOWHERE, "tenant", "list"],
        ["tenant", "--dsn", NOWHERE, "list"],
        ["tenant", "list", "--dsn", NOWHERE],
        ["tenant", "list", f"--dsn={NOWHERE}", "--debug", "--no-color", "-v"],
        ["--dsn", ELSEWHERE, "tenant", "list", "--dsn", NOWHERE],
        ["init", "--dsn", NOWHERE],
        ["backup", "--dsn", NOWHERE, "key.age"],
        ["backup", "--dsn", NOWHERE, "write", "key.age"],
        ["backup", "--force", "--dsn", NOWHERE, "key.age"],
    ],
    ids=" ".join,
)
def test_the_warehouse_may_be_named_anywhere_and_the_last_name_counts(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(None, *words, env={"TENANTRY_DSN": ELSEWHERE, "TENANTRY_BACKUP_PASSPHRASE": "x"})
    assert outcome.code in (1, 3), outcome.err
    assert "port 1 failed" in outcome.err


def test_a_password_in_an_option_after_the_command_is_warned_of_as_before_it() -> None:
    for words in (["--dsn", f"{NOWHERE} password=x", "status"], ["status", "--dsn", f"{NOWHERE} password=x"]):
        assert "warning: --dsn holds a password" in run(None, *words).err


def test_json_is_refused_where_a_command_prints_none() -> None:
    for words in (["--json", "version"], ["version", "--json"]):
        outcome = run(None, *words)
        assert (outcome.code, outcome.out) == (2, "")
        assert "version prints no JSON" in outcome.errors[0]
    assert run(None, "version", env={"TENANTRY_JSON": "1"}).code == 0


def test_quiet_still_shows_errors() -> None:
    assert run(NOWHERE, "status", "--quiet").errors != []


@pytest.mark.parametrize(
    "words", [["help"], ["--help"], ["-h"], ["help", "tenant", "add"], ["help", "ten", "ad"]], ids=" ".join
)
def test_help_is_also_a_command(words: list[str]) -> None:
    outcome = run(None, *words)
    assert outcome.code == 0
    assert ("tenant add [OPTIONS]" if len(words) == 3 else "COMMAND [ARGS]") in outcome.out


def test_the_version_is_also_a_command() -> None:
    assert run(None, "version").out == run(None, "-V").out == run(None, "--version").out != ""


@pytest.mark.parametrize(
    "typed, meant",
    [("stat", "status"), ("tenant ad", "tenant add"), ("ten sh", "tenant show"), ("y f", "year fold")],
)
def test_a_command_is_found_by_the_beginning_of_its_name(typed: str, meant: str) -> None:
    assert f"tenantry {meant} " in run(None, *typed.split(), "--help").out


@pytest.mark.parametrize(
    "typed, told",
    [
        ("sched", "sched could be scheduler or schedule"),
        ("tenant d", "tenant d could be disable or drop"),
        ("statsu", "No such command 'statsu'.*'status'"),
        ("status --jsn", "No such option: --jsn.*--json"),
        ("status --dns x", "No such option: --dns.*--dsn"),
        ("logs a b", "unexpected extra argument"),
        ("logs a --tenant b", "two tenants are named: a and b"),
    ],
)
def test_what_is_not_clear_is_refused_with_what_it_could_mean(typed: str, told: str) -> None:
    outcome = run(NOWHERE, *typed.split())
    assert (outcome.code, len(outcome.errors)) == (2, 1)
    assert re.search(told, outcome.errors[0])


def test_every_option_is_an_environment_variable_that_its_help_names_in_full() -> None:
    seen: dict[str, str] = {}
    for path, command in every_command():
        for option in own_options(command):
            if everywhere.ONLY_TYPED & {*option.opts}:
                assert option.envvar is None
                continue
            assert isinstance(option.envvar, list)
            name = option.envvar[0]
            assert name == everywhere.variable(path, option)
            assert name in (command.epilog or "").split(": ")[1].split(", ")
            assert seen.setdefault(name, " ".join(path)) == " ".join(path)
    assert len(seen) > 150
    assert not {*seen} & own_variables()


def own_variables() -> set[str]:
    """The variables that the program reads itself."""
    source = Path(everywhere.__file__).parents[1]
    read = {
        name
        for file in source.rglob("*.py")
        if file.name != "everywhere.py"
        for name in re.findall(r'"(TENANTRY_[A-Z_]+)"', file.read_text())
    }
    assert {"TENANTRY_DSN", "TENANTRY_SERVER_DIR", "TENANTRY_WHADMIN_PASSWORD"} <= read
    return read


def test_every_command_that_has_the_option_tenant_takes_tenants_as_arguments() -> None:
    left_out = {
        " ".join(path)
        for path, command in every_command()
        if any("--tenant" in option.opts for option in own_options(command))
        and not any(item.name == "named" for item in command.params if isinstance(item, TyperArgument))
    }
    # Here any number of days may follow.
    assert left_out == {"slice reload"}


def test_what_destroys_something_is_not_read_from_the_environment() -> None:
    outcome = run(None, "server", "stop", "--help", env={"TENANTRY_SERVER_STOP_HELP": "1"})
    assert outcome.code == 0
    for path, command in every_command():
        for option in own_options(command):
            if option.opts == ["--yes"]:
                assert option.envvar is None, path


def test_what_is_typed_overrides_the_environment() -> None:
    env = {"TENANTRY_LOGS_LEVEL": "nothing", "TENANTRY_REFRESH_ALL": "1", "TENANTRY_VERIFY_TENANT": "a b"}
    assert "'nothing' is not a level" in run(NOWHERE, "logs", env=env).err
    # These get as far as the warehouse.
    assert run(NOWHERE, "logs", "--level", "error", env=env).code == 3


def test_no_help_has_a_word_in_square_brackets_which_would_not_be_printed() -> None:
    texts = {" ".join(words): command.help or "" for words, command in every_command()}
    assert not [name for name, text in texts.items() if re.search(r"\[[a-z]+\]", text)]
