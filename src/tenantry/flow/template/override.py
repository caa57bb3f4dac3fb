"""A tenant's own query of a template: its source is asked with that instead of the template's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import psycopg

from tenantry.core.errors import TemplateError
from tenantry.core.model import Template, TemplateFile
from tenantry.db.queries import one_row, query
from tenantry.flow.template import load
from tenantry.flow.template.lint import ERROR, Finding
from tenantry.flow.template.stored import Override, get, overrides


@dataclass(frozen=True)
class Tried:
    """What a tenant's source returned for a day of its own query: the number of rows, and the seconds it took."""

    template: str
    tenant: str
    day: date
    rows: int
    seconds: float


def find(session: psycopg.Connection, template: str, tenant: str) -> Override | None:
    """A tenant's own query, or None if it uses the template's."""
    return next((own for own in overrides(session, template) if own.tenant == tenant), None)


def for_tenant(session: psycopg.Connection, template: str, tenant: str) -> Template:
    """A stored template as a tenant's source is asked for it. Raises InputError if the template does not exist."""
    stored, own = get(session, template), find(session, template, tenant)
    return replace(stored, query=own.query) if own else stored


def lint(session: psycopg.Connection, template: str, text: str, origin: str) -> list[Finding]:
    """What linting finds in an own query of a stored template; only about the query, not about the template."""
    stored = get(session, template)
    usual = load.check(session, TemplateFile(stored, template))
    found = load.check(session, TemplateFile(replace(stored, query=text), origin))
    known = {(finding.rule, finding.message) for finding in usual}
    return [f for f in found if f.severity == ERROR or (f.rule, f.message) not in known]


def put(
    session: psycopg.Connection,
    template: str,
    tenant: str,
    text: str,
    day: date | None = None,
    *,
    seconds: int = 60,
    origin: str = "the query",
) -> Tried:
    """Store a tenant's own query after trying it at its source on a day (None: yesterday).

    Raises:
        InputError: the tenant does not use the template.
        TemplateError: the query has errors that reading it shows.
        psycopg.Error: the source refuses it, or it does not return the template's columns; nothing is stored.
    """
    refuse_errors(origin, lint(session, template, text, origin))
    about = {"template": template, "tenant": tenant, "query": text, "day": day, "seconds": seconds}
    found = one_row(session, query("template", "set_override"), about)[0]
    return Tried(template, tenant, date.fromisoformat(found["day"]), found["rows"], float(found["seconds"]))


def refuse_errors(origin: str, findings: Sequence[Finding]) -> None:
    """Raise TemplateError for the first finding that is an error."""
    for finding in findings:
        if finding.severity == ERROR:
            raise TemplateError(f"{origin}:{finding.line}: {finding.message}", hint=finding.fix or None)


def put_untried(session: psycopg.Connection, template: str, tenant: str, text: str) -> None:
    """Store a tenant's own query without asking its source."""
    session.execute(
        query("template", "put_override"), {"template": template, "tenant": tenant, "query": text}
    )


def drop(session: psycopg.Connection, template: str, tenant: str) -> bool:
    """Use the template's query again; False if the tenant had none of its own."""
    return bool(
        one_row(session, query("template", "drop_override"), {"template": template, "tenant": tenant})[0]
    )
