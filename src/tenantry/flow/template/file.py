"""Templates as files, in both forms, and what loading a file changes in a stored template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenantry.core import syntax
from tenantry.core.errors import InputError
from tenantry.core.model import Template, TemplateFile
from tenantry.flow.template import header, insert
from tenantry.flow.template.insert import COLUMNS
from tenantry.flow.template.lint import tree


def read(path: Path) -> list[TemplateFile]:
    """The templates of a file: one with a header, or as many as it inserts.

    Raises InputError for a file that cannot be read, with the line of the error. Nothing in a file is executed.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a file. Raises InputError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} cannot be read: it is not UTF-8 text") from None


def parse(text: str, origin: str) -> list[TemplateFile]:
    """`read` for a text; `origin` names it in errors."""
    text = text.replace("\r\n", "\n")
    if header.begins(text):
        return [header.read(text, origin)]
    return insert.read(text, origin)


def query_of(path: Path, text: str | None = None) -> str:
    """The query of a file that holds nothing else; `text` is what was read from it.

    Raises InputError if it cannot be read, or has a template's header.
    """
    if text is None:
        text = text_of(path)
    if header.begins(text):
        raise InputError(f"{path} already has a header", hint=f"Run: tenantry template lint {path}")
    return text


def as_file(template: Template) -> str:
    """The template as a query with a header, which reads as the same template again.

    If its name does not fit into a header (because of line breaks), the result is the INSERT statement.
    """
    text = header.write(template)
    try:
        (again,) = parse(text, "")
    except InputError:
        return insert.write(template)
    return text if merged(again.template, template) == template else insert.write(template)


def merged(new: Template, stored: Template) -> Template:
    """Return what is stored after `new` was loaded over `stored`. What `new` does not mention stays. So do texts that
    only differ in surrounding blanks, since a different text would require new slices.
    """
    kept = {
        name: getattr(stored, name)
        for name in COLUMNS.values()
        if getattr(new, name) is None or _same(name, getattr(new, name), getattr(stored, name))
    }
    result = replace(new, **kept)
    return result if new.descriptions is not None else replace(result, descriptions=_of_columns(result))


def _of_columns(template: Template) -> Mapping[str, str] | None:
    """The descriptions of columns that there are: a column that is dropped takes its description along."""
    try:
        names = {column.name for column in tree.columns(template.columns)}
    except syntax.Unreadable:
        return template.descriptions
    return template.descriptions and {n: text for n, text in template.descriptions.items() if n in names}


def _same(name: str, one: Any, other: Any) -> bool:
    if name == "descriptions":
        return bool(one == (other or {}))
    one, other = one.replace("\r\n", "\n"), (other or "").replace("\r\n", "\n")
    return header.same_indexes(one, other) if name == "indexes" else one.strip() == other.strip()
