"""Templates that cannot be used, and existing relations that do not match theirs."""

from __future__ import annotations

from collections.abc import Iterator

from tenantry.core.words import some
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry

_LACKS = {
    "place": (Severity.WARNING, "stands in the tenant's schema, where report tools list it"),
    "ranges": (Severity.ERROR, "is partitioned by a former time column, so no load can succeed"),
    "former": (Severity.WARNING, "has rows of a former time column, which were loaded again"),
    "columns": (Severity.WARNING, "lacks columns that the template now has"),
    "indexes": (Severity.WARNING, "lacks indexes that the template now has"),
}
"""What each kind of difference means for a relation."""


def _templates(examined: Examined) -> Iterator[Finding]:
    for template, refusal in examined.rows("odd_templates"):
        yield Finding(
            Severity.ERROR,
            template,
            f"no load can succeed: {refusal}",
            tenantry("template", "edit", template),
        )
    for template, tenant in examined.rows("drifted"):
        yield Finding(
            Severity.WARNING,
            f"{tenant}.{template}",
            "its own query was tried before the template's columns changed; the next load may fail",
            tenantry("override", "check", template),
        )
    for schema, template, kind, count, names in examined.unfit:
        severity, lacks = _LACKS[kind]
        reason = f"{some([*names, *[None] * (count - len(names))])} {lacks}"
        command = tenantry("backfill", template, "--tenant", schema, "--outdated")
        yield Finding(severity, f"{schema}.{template}", reason, command)


TEMPLATES = Check("templates", "Can each template be used, and do its tables match it?", True, _templates)
