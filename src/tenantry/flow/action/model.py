"""An action, and the command line that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

State = Literal["waiting", "running", "succeeded", "failed", "cancelled"]

Kind = Literal[
    "backfill",
    "refresh",
    "verify",
    "reload",
    "fold",
    "disable",
    "enable",
    "pause",
    "resume",
    "run_job",
    "fix",
]

KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Progress:
    """How far an action is: `done` of `total` units of `what`, and where (`at`, such as acme.foodlogstats).

    `rows` and `failed` count the rows that were loaded or compared and the days that failed; `error` is the newest failure.
    """

    what: str
    done: int = 0
    total: int = 0
    unit: str = "day"
    rows: int = 0
    failed: int = 0
    error: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class Action:
    """Work that `login`, acting as `role`, asked for. `command` is the command line that does the same.

    `host` and `pid` are those of the last worker that began it, for the attempt with the number `attempts`. `result` says how it
    ended.
    """

    id: int
    kind: Kind
    arguments: Mapping[str, Any]
    login: str
    role: str
    requested_at: datetime
    state: State
    attempts: int
    host: str | None
    pid: int | None
    started_at: datetime | None
    ended_at: datetime | None
    cancel_requested_at: datetime | None
    cancelled_by: str | None
    progress: Progress | None
    result: str | None
    command: str

    @property
    def unfinished(self) -> bool:
        """Whether it is waiting or running."""
        return self.state in {"waiting", "running"}


def command_line(kind: str, arguments: Mapping[str, Any], templates: Sequence[str] = ()) -> str:
    """The command line that does the same as an action, quoted for a shell.

    Without a template among the arguments, there is a command for each of `templates`.
    """
    given = {key: str(value) for key, value in arguments.items() if value is not True}
    switches = [f"--{key}" for key in ("reload", "outdated") if arguments.get(key) is True]
    tenant, template, job = given.get("tenant"), given.get("template"), given.get("job")
    named = _option("--tenant", tenant)
    days = [*_option("--from", given.get("from")), *_option("--to", given.get("to"))]
    everywhere = named or ["--all"]
    each = [template] if template else templates or ["TEMPLATE"]
    match kind:
        case "backfill":
            lines = [["backfill", one, *everywhere, *days, *switches] for one in each]
        case "refresh":
            window = [*_option("--date", given.get("day")), *_option("--days", given.get("days"))]
            lines = [["refresh", one, *everywhere, *window] for one in each]
        case "verify":
            some = _option("--sample", given.get("sample"))
            lines = [["verify", one, *everywhere, *days, *some] for one in each]
        case "reload":
            lines = [["slice", "reload", str(template), *named, *days]]
        case "fold":
            lines = [["year", "fold", str(template), given["year"], *named]]
        case "disable":
            lines = [["tenant", "disable", *_option("--reason", given["reason"]), *_word(tenant)]]
        case "enable":
            lines = [["tenant", "enable", *_word(tenant)]]
        case "pause" | "resume":
            word = "disable" if kind == "pause" else "enable"
            lines = [["schedule", word, *named, *_option("--job", job)]]
        case "run_job":
            lines = [["schedule", "run", *_word(job)]]
        case _:
            lines = [["doctor", "--fix", *_option("--only", given.get("check")), *named]]
    return " && ".join(shlex.join(["tenantry", *words]) for words in lines)


def _option(name: str, value: str | None) -> list[str]:
    """An option with its value, which may begin with a dash."""
    if value is None:
        return []
    return [f"{name}={value}"] if value.startswith("-") else [name, value]


def _word(value: str | None) -> list[str]:
    """An argument, which may begin with a dash."""
    return ["--", str(value)] if str(value).startswith("-") else [str(value)]
