"""The program's commands: what its help says of each, and where each is defined.

A command is imported when it is called, because importing all of them takes longer than most commands work. A test holds
what this table says against the commands themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module

import typer

from tenantry.cli.tree import Info, Known

_KNOWN = {
    "Load": {
        "init": ("server.init:init", "Make the database a warehouse, or repair one."),
        "start": ("start.start:start", "Set up a tenant and a report from a source's address."),
        "backfill": (
            "load.load:backfill",
            "Load days that are missing, failed, or were loaded before they ended.",
        ),
        "refresh": ("load.load:refresh", "Load one day again, or what changed in a window of days."),
        "tenant": ("tenant.commands:app", "Add, show, change, disable and drop tenants."),
        "connection": ("start.connection:app", "Store, test and list connections to sources."),
        "slice": ("load.slice:app", "Show single days, and reload them."),
        "year": ("load.year:app", "Check years, and fold closed years into yearly tables."),
        "template": ("template.commands:app", "Write, check, try and load templates."),
        "override": (
            "template.override:app",
            "Give a tenant its own query of a template, for a source that differs.",
        ),
    },
    "Watch and maintain": {
        "verify": ("load.verify:verify", "Compare the warehouse with its sources, row by row."),
        "status": (
            "look.status:status",
            "Show the state of each tenant: days, rows, problems and the last load.",
        ),
        "describe": ("look.describe:describe", "Describe what reports can read, as Markdown."),
        "doctor": (
            "look.doctor:doctor",
            "Find what is wrong with the warehouse, and name the command that fixes it.",
        ),
        "metrics": (
            "look.metrics:metrics",
            "Print the numbers of the warehouse for Prometheus, or serve them.",
        ),
        "sizes": (
            "look.activity:sizes",
            "Show what each tenant holds: rows, size and growth, largest first.",
        ),
        "logs": (
            "look.activity:logs",
            "Show the log of the warehouse's functions and of this program, oldest first.",
        ),
        "queries": (
            "look.activity:queries",
            "Show running queries: duration, tenant, and what they wait for.",
        ),
        "scheduler": (
            "job.scheduler:scheduler",
            "Run the jobs in Tenantry's own schema cron until a signal to stop.",
        ),
        "console": ("server.console:console", "Serve the console, which shows the warehouse in a browser."),
        "watch": ("alert.look_out:watch", "Look for what is wrong, and send alerts, until a signal to stop."),
        "audit": (
            "look.audit:app",
            "Show who changed what. whadmin can add entries, but not change or remove them.",
        ),
        "schedule": ("job.schedule:app", "Manage the scheduled jobs that keep tenants up to date."),
        "action": ("job.action:app", "Show and cancel work that somebody asked for, and do it."),
        "alert": ("alert.commands:app", "Say where alerts go, and see what is wrong."),
        "reader": ("tenant.reader:app", "Manage logins for reports that see all tenants or only some."),
        "cluster": ("server.cluster:app", "Look after the Citus cluster that storage distributed uses."),
    },
    "The fleet as a file": {
        "plan": ("fleet.fleet:plan", "Show how the warehouse differs from the fleet file, like a diff."),
        "apply": ("fleet.fleet:apply", "Make the warehouse match the fleet file, after showing the changes."),
        "export": ("fleet.fleet:export", "Write the fleet file from the warehouse."),
        "schema": (
            "look.schema:schema",
            "Print the JSON Schema of a command's --json, the fleet's file or an alert.",
        ),
    },
    "Upgrade and recover": {
        "adopt": (
            "server.adopt:adopt",
            "Take over a warehouse that runs by the operations manual's own scripts.",
        ),
        "upgrade": (
            "server.upgrade:upgrade",
            "Upgrade the warehouse to this version: tables, functions, delivered template.",
        ),
        "restore": (
            "server.restore:restore",
            "Restore a backup into an empty database: everything except the tenants' data.",
        ),
        "recover": ("load.recover:recover", "Load everything that is missing, after a restore or a loss."),
        "backup": ("server.backup:app", "Write and check backups of everything the warehouse knows."),
    },
    "Embedded server": {
        "demo": (
            "server.demo:demo",
            "Create three tenants and a warehouse on an embedded server, and report on them.",
        ),
        "server": ("server.server:app", "Start and stop the embedded PostgreSQL server."),
    },
    "Help": {
        "help": ("main:show_help", "Show the help of the program or of a command."),
        "version": ("main:show_version", "Show the version."),
    },
}
"""By the panel of the help and the name: the module in tenantry.cli with what is to be called, or its `app` of a group,
and the first paragraph of its help."""


def known() -> Iterator[Known]:
    """All commands and groups of the program: commands first, as in each group."""
    for groups in (False, True):
        for panel, commands in _KNOWN.items():
            for name, (where, said) in commands.items():
                if where.endswith(":app") is groups:
                    yield Known(name, said, panel, partial(_info, name, panel, where))


def _info(name: str, panel: str, where: str) -> Info:
    module, _, attribute = where.partition(":")
    found = getattr(import_module(f"tenantry.cli.{module}"), attribute)
    holder = typer.Typer()
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name, rich_help_panel=panel)
        return holder.registered_groups[0]
    holder.command(name, rich_help_panel=panel)(found)
    return holder.registered_commands[0]
