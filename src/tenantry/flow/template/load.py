"""Storing templates, after reading them critically."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import psycopg

from tenantry.core import storage
from tenantry.core.model import OWNER, Template, TemplateFile
from tenantry.db.connect import acting
from tenantry.db.queries import query
from tenantry.flow.slice.feed import list_feeds
from tenantry.flow.template.file import as_file, merged
from tenantry.flow.template.lint import Finding, functions, lint
from tenantry.flow.template.stored import Outdated, find, get, outdated


@dataclass(frozen=True)
class TemplateChange:
    """What loading a template did: `action` is new, changed or unchanged, `diff` has the lines of a unified diff."""

    name: str
    action: str
    diff: Sequence[str]
    outdated: Sequence[Outdated]
    other_storage: Sequence[str]
    """Tenants that are kept otherwise than the template says now; new ones begin in its storage."""


def check(session: psycopg.Connection, file: TemplateFile) -> list[Finding]:
    """What linting finds, with the server's word on which functions are volatile, and what is stored where a file is
    silent."""
    before = find(session, file.template.name)
    template = merged(file.template, before) if before else file.template
    rows = session.execute(query("template", "volatile"), (sorted(functions(template)),))
    return lint(template, file.lines, {row[0] for row in rows})


def put(session: psycopg.Connection, template: Template) -> None:
    """Store a template, new or over the one that is there; what it does not say stays."""
    before = find(session, template.name)
    session.execute(query("template", "put"), asdict(merged(template, before) if before else template))


def load(
    session: psycopg.Connection, templates: Sequence[Template], *, dry_run: bool = False
) -> list[TemplateChange]:
    """Store templates, all or none; one that is as it was is not touched. Views and tables get new columns at once, unless a
    template author loads it: then with the next load of a day, so that his transaction holds no report up.

    Raises psycopg.Error: columns, storage or time column are refused, or tables that are there cannot take them; nothing
    is changed then. A dry run does the same, and takes it back.
    """
    changes = []
    with session.transaction(force_rollback=dry_run):
        session.execute(query("template", "lock"), ([template.name for template in templates],))
        reshaped = []
        for template in templates:
            before = find(session, template.name)
            change = _store(session, template, before)
            changes.append(change)
            if (
                before
                and merged(template, before).columns != before.columns
                and list_feeds(session, template.name)
            ):
                reshaped.append(template.name)
        for name in reshaped if acting(session) == OWNER else ():
            session.execute(query("feed", "publish_public"), (name,))
        return [replace(change, outdated=outdated(session, change.name)) for change in changes]


def _store(session: psycopg.Connection, template: Template, before: Template | None) -> TemplateChange:
    after = merged(template, before) if before else template
    if after == before:
        return TemplateChange(template.name, "unchanged", [], [], [])
    put(session, after)
    kept_otherwise = [
        f.schema
        for f in list_feeds(session, template.name)
        if f.storage != (after.storage or storage.DEFAULT)
    ]
    return TemplateChange(
        template.name,
        "changed" if before else "new",
        difference(before, get(session, template.name)),
        [],
        kept_otherwise,
    )


def difference(before: Template | None, after: Template) -> list[str]:
    """A unified diff of two templates as files."""
    return list(
        difflib.unified_diff(
            as_file(before).splitlines() if before else [],
            as_file(after).splitlines(),
            "stored" if before else "nothing",
            "new",
            lineterm="",
        )
    )
