"""Passwords that stand where others can read them, and an adopted warehouse that still keeps its old ones."""

from __future__ import annotations

from collections.abc import Iterator

from tenantry.core.model import OWNER
from tenantry.core.words import count
from tenantry.db.connect import acting
from tenantry.flow.job import table
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry


def _secrets(examined: Examined) -> Iterator[Finding]:
    if examined.rows("adopting")[0][0]:
        yield from _adoption(examined)
    if acting(examined.session) != OWNER:
        reason = f"nobody looked for passwords in views, functions, comments and jobs: that needs {OWNER}"
        yield Finding(Severity.NOTE, "secrets", reason)
        return
    jobs = table.all_jobs(examined.session)
    names, commands = [job.name or str(job.jobid) for job in jobs], [job.command for job in jobs]
    for kind, name, connection in examined.rows("shown_passwords", jobs=names, commands=commands):
        yield Finding(
            Severity.ERROR,
            name,
            f"the {kind} shows the password of {connection} to every role",
            tenantry("tenant", "edit", connection, "--password"),
        )


def _adoption(examined: Examined) -> Iterator[Finding]:
    ended, shown = examined.rows("adoption")[0]
    if not ended:
        reason = "it is not completely adopted: its jobs may be paused"
        yield Finding(Severity.WARNING, "adoption", reason, tenantry("adopt"))
        return
    finish = tenantry("adopt", "--finish")
    if shown:
        hold = "daily view shows", "daily views show"
        reason = f"{count(shown, *hold)} a source's password in the definition, which every role can read"
        yield Finding(Severity.WARNING, "adoption", reason, finish)
    else:
        reason = "the old functions and tables, with passwords, are kept for tenantry adopt --undo"
        yield Finding(Severity.NOTE, "adoption", reason, finish)


SECRETS = Check("secrets", "Is every password where only whadmin can read it?", False, _secrets)
