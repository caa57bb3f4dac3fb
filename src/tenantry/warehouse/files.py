"""Files, before a warehouse is involved: read, write and lint fleets, templates and queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tenantry.core.errors import InputError
from tenantry.core.model import Template, TemplateFile

if TYPE_CHECKING:
    from tenantry.fleet.file import Declared
    from tenantry.fleet.saved import Saved
    from tenantry.flow.source.catalog import SourceTable
    from tenantry.flow.template.draft import Draft
    from tenantry.flow.template.lint import Finding

EXAMPLES = ("foodlogstats", "orders")
"""Templates that come with the program."""


def read_fleet(path: Path | None = None) -> Declared:
    """Return what the fleet file or the files of a folder declare; None means the nearest tenantry.toml. Secrets are not fetched.

    Raises InputError for a file that is missing or invalid, naming table and key.
    """
    from tenantry.fleet import file, plan

    return file.read(plan.files(path, Path.cwd()))


def read_plan(path: Path) -> Saved:
    """Return a plan that `Warehouse.plan` saved. Raises InputError if it cannot be read, others can write it, or it was changed."""
    from tenantry.fleet import saved

    return saved.read(path)


def fleet_schema() -> str:
    """Return the JSON Schema of the fleet file."""
    from tenantry.fleet import export

    return export.schema()


def read_templates(paths: Iterable[Path]) -> list[TemplateFile]:
    """Return the templates of files. Nothing of a file is executed.

    Raises InputError for a file that cannot be read, with the line, and for a template that is defined more than once.
    """
    from tenantry.flow.template import file as template_file

    found = [file for path in paths for file in template_file.read(path)]
    names = [file.template.name for file in found]
    for name in names:
        if names.count(name) > 1:
            origins = ", ".join(dict.fromkeys(file.origin for file in found if file.template.name == name))
            raise InputError(f'template "{name}" is defined more than once, in {origins}')
    return found


def parse_template(text: str, origin: str) -> TemplateFile:
    """Return the template of a text. `origin` names it in errors. Raises InputError for a text that is not one template."""
    from tenantry.flow.template import file as template_file

    found = template_file.parse(text, origin)
    if len(found) != 1:
        raise InputError(f"{origin} holds {len(found)} templates")
    return found[0]


def read_query(path: Path) -> str:
    """Return the text of a file that holds only a query. Raises InputError if it cannot be read, or has a template's header."""
    from tenantry.flow.template import file as template_file

    return template_file.query_of(path)


def example_template(example: str, name: str | None = None) -> Draft:
    """Return a template that comes with the program, under a name of its own if one is given.

    Raises InputError if there is none of that name.
    """
    from tenantry.fleet.file import builtin
    from tenantry.flow.template.draft import Draft

    found = builtin(example)
    if found is None:
        raise InputError(f'there is no example "{example}"', hint=f"The examples are: {', '.join(EXAMPLES)}.")
    return Draft(replace(found, name=name or found.name), ())


def find_table(tables: Sequence[SourceTable], name: str) -> SourceTable:
    """Return the table that is named, with or without its schema. Raises InputError if there is none, or more than one."""
    from tenantry.flow.source import catalog

    return catalog.find(tables, name)


def template_as_file(template: Template) -> str:
    """Return a template as a query with a header, which reads as the same template again."""
    from tenantry.flow.template import file as template_file

    return template_file.as_file(template)


def template_columns(template: Template) -> list[tuple[str, str, str]]:
    """Return name, type and description of a template's columns; nothing if its columns cannot be read."""
    from tenantry.core.syntax import Unreadable
    from tenantry.flow.template.lint import tree

    said = template.descriptions or {}
    try:
        return [(name, kind, said.get(name, "")) for name, kind in tree.types(template.columns).items()]
    except Unreadable:
        return []


def template_as_sql(template: Template) -> str:
    """Return a template as an INSERT statement, which reads as the same template again."""
    from tenantry.flow.template import insert

    return insert.write(template)


def lint_template(file: TemplateFile) -> list[Finding]:
    """Return what is wrong with a template, the worst first, as far as its text shows."""
    from tenantry.flow.template import lint

    return lint.lint(file.template, file.lines)
