"""Linting templates: what is wrong with a template, as far as reading it shows. No server is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tenantry.core.model import Template
from tenantry.flow.template.lint import day, placeholders, shape, statement
from tenantry.flow.template.lint.finding import ERROR, NOTE, WARNING, Finding, Text

__all__ = ["ERROR", "NOTE", "WARNING", "Finding", "functions", "lint"]

_ORDER = {ERROR: 0, WARNING: 1, NOTE: 2}


def lint(
    template: Template, lines: Mapping[str, int] | None = None, volatile: Collection[str] = ()
) -> list[Finding]:
    """Return what is wrong with a template, the worst first.

    `lines` gives the line of a file on which each of its texts begins; without it, lines are counted within the text.
    `volatile` are functions known to be volatile, in addition to the usual ones.
    """
    begin = lines or {}
    found = placeholders.check(Text(template.query, begin.get("query", 1)))
    query = Text(placeholders.readable(template.query), begin.get("query", 1))
    shapes = Text(template.columns, begin.get("columns", 1))
    select, problems = statement.the_query(query)
    declared, refused = shape.columns(shapes)
    found += problems + refused
    if select is not None:
        found += statement.check(query, select, volatile)
        found += day.check(query, select, declared or (), template.time_column)
    if declared is not None:
        if select is not None:
            found += shape.compare(query, select, declared)
        found += shape.storable(template, shapes, declared)
        described = Text("", begin.get("descriptions", shapes.first_line))
        found += shape.descriptions(template, described, declared)
        found += shape.time_column(
            template, Text(template.columns, begin.get("time_column", shapes.first_line)), declared
        )
        found += shape.indexes(
            template, Text(template.indexes or "", begin.get("indexes", shapes.first_line)), declared
        )
    return sorted(dict.fromkeys(found), key=lambda f: (_ORDER[f.severity], f.line))


def functions(template: Template) -> set[str]:
    """The functions that the query calls; none if it cannot be read."""
    select, _ = statement.the_query(Text(placeholders.readable(template.query)))
    return statement.called(select) if select is not None else set()
