"""Storing templates, after checking them."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core import storage
from tenantry.core.errors import TemplateError
from tenantry.core.model import OWNER, Template, TemplateFile
from tenantry.db.connect import acting
from tenantry.db.queries import query
from tenantry.flow.slice.feed import list_feeds
from tenantry.flow.template import views
from tenantry.flow.template.file import as_file, merged
from tenantry.flow.template.lint import Finding, functions, lint
from tenantry.flow.template.stored import Outdated, Override, find, get, outdated, overrides


@dataclass(frozen=True)
class TemplateChange:
    """What loading a template did: `action` is new, changed or unchanged, `diff` has the lines of a unified diff."""

    name: str
    action: str
    diff: Sequence[str]
    outdated: Sequence[Outdated]
    other_storage: Sequence[str]
    """Tenants that are kept in a storage other than the template's present one, in which new tenants begin."""
    drifted: Sequence[Override] = ()
    """Own queries of tenants that were tried with other columns."""


def check(session: psycopg.Connection, file: TemplateFile) -> list[Finding]:
    """What linting finds, when the server says which functions are volatile, and stored values fill in for what a file does not mention."""
    before = find(session, file.template.name)
    template = merged(file.template, before) if before else file.template
    rows = session.execute(query("template", "volatile"), (sorted(functions(template)),))
    return lint(template, file.lines, {row[0] for row in rows})


def put(session: psycopg.Connection, template: Template) -> None:
    """Store a new template, or change the stored one; what it does not mention stays."""
    before = find(session, template.name)
    after = merged(template, before) if before else template
    values = {**asdict(after), "descriptions": Jsonb(dict(after.descriptions or {}))}
    session.execute(query("template", "put"), values)
    if after.storage:
        session.execute(query("template", "choose_storage"), values)


def load(
    session: psycopg.Connection,
    templates: Sequence[Template],
    *,
    dry_run: bool = False,
    over: Mapping[str, str] | None = None,
) -> list[TemplateChange]:
    """Store templates, all or none. Tables get new columns at once, and views afterwards, in a transaction each where that is
    possible: if it stops in between, load them again to finish. If a template author loads it, they get them with the next load
    of a day, so that the author's transaction blocks no report. `over` has the fingerprints of stored templates that must not have changed.

    Raises:
        psycopg.Error: columns, storage or time column are refused, or existing tables cannot take them; nothing is
            changed then. A dry run does the same, and rolls it back.
        TemplateError: a stored template is not the one in `over`; nothing is changed.
    """
    changes = []
    with session.transaction(force_rollback=dry_run):
        session.execute(query("template", "lock"), ([template.name for template in templates],))
        reshaped = []
        for template in templates:
            before = find(session, template.name)
            if over and over.get(template.name, "") != (fingerprint(before) if before else ""):
                raise TemplateError(
                    f'template "{template.name}" was changed meanwhile',
                    hint="Look at what is stored now, and change that.",
                )
            change = _store(session, template, before)
            changes.append(change)
            if (
                before
                and merged(template, before).columns != before.columns
                and list_feeds(session, template.name)
            ):
                reshaped.append(template.name)
        if acting(session) == OWNER:
            stepwise = {name for name in reshaped if views.behind(session, name).in_steps}
            for name in reshaped:
                if name not in stepwise:
                    session.execute(query("feed", "publish_public"), (name,))
            described = [c.name for c in changes if c.action == "changed" and c.name not in stepwise]
            session.execute(query("template", "describe"), {"names": described})
            # Last, because reports wait from here to the end of the transaction.
            for name in stepwise:
                views.widen(session, name)
        if dry_run:
            return [_with_effects(session, change) for change in changes]
    if acting(session) == OWNER:
        for change in changes:
            views.show(session, change.name)
    return [_with_effects(session, change) for change in changes]


def _with_effects(session: psycopg.Connection, change: TemplateChange) -> TemplateChange:
    return replace(
        change,
        outdated=outdated(session, change.name),
        drifted=[own for own in overrides(session, change.name) if own.drifted],
    )


def _store(session: psycopg.Connection, template: Template, before: Template | None) -> TemplateChange:
    after = merged(template, before) if before else template
    if after == before:
        return TemplateChange(template.name, "unchanged", [], [], [])
    put(session, after)
    kept_otherwise = [
        f.schema
        for f in list_feeds(session, template.name)
        if f.storage != storage.of_template(after.storage, after.time_column)
    ]
    return TemplateChange(
        template.name,
        "changed" if before else "new",
        difference(before, get(session, template.name)),
        [],
        kept_otherwise,
    )


def fingerprint(template: Template) -> str:
    """A hash of a template's text, by which somebody who looks at it can tell later whether it is still the same."""
    return hashlib.sha256(as_file(template).encode("utf-8", "backslashreplace")).hexdigest()


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
