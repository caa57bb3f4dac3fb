"""`tenantry template load|lint|edit`: templates as files."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.options import AsJson, Template
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.target import open_warehouse
from tenantry.cli.terminal.console import Console
from tenantry.cli.terminal.text import Text
from tenantry.core.errors import InputError, TemplateError, TenantryError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.core.model import TemplateFile
    from tenantry.flow.template.lint import Finding
    from tenantry.flow.template.load import TemplateChange
    from tenantry.flow.template.stored import Outdated, Override
    from tenantry.warehouse import Warehouse

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="Template files: a query with a header, or INSERT statements."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")]

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def load(
    files: Files,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change without changing it.")
    ] = False,
    lint: Annotated[bool, typer.Option(help="Lint the templates first.")] = True,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Load templates from files, all or none, and show what changes.

    A file is a query with a header of comments (see tenantry template show NAME
    --file), or INSERT INTO _wh.mv_templates with literals, which is read and
    never executed. Settings that a file does not mention, such as storage, stay
    as they are. A template that equals its file is not touched.

    Each template is linted first: errors stop everything, warnings are shown.
    Existing slices stay as they are. Those that were made by an earlier text
    are counted, and tables that lack the new indexes or types are named, with
    the command that fixes both. New columns appear in views and tables at once,
    and are NULL in existing days.

    Exits with status 1 or 2 and changes nothing if a file cannot be read, a
    template has errors, or the database refuses one.
    """
    from tenantry.warehouse.files import read_templates

    found = read_templates(files)
    with open_warehouse() as warehouse:
        if lint:
            findings = warehouse.lint(found)
            show_findings(findings, notes)
            stop(findings, strict=strict)
        changes = warehouse.load_templates(found, dry_run=dry_run)
    if as_json:
        print_json(dry_run=dry_run, templates=changes)
        return
    for change in changes:
        tell(change, dry_run=dry_run)


def tell(change: TemplateChange, *, dry_run: bool = False) -> None:
    """Print what loading a template did."""
    would = "would be " if dry_run and change.action != "unchanged" else ""
    data.print(Text.assemble((change.name, "bold"), f": {would}{change.action}"))
    for line in change.diff if change.action == "changed" else ():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        data.print(Text(f"  {line}", colour), raw=True)
    tell_own_queries(change.name, change.drifted)
    tell_outdated(change.name, change.outdated)
    if change.other_storage:
        data.print(
            f"  kept in another storage: {', '.join(change.other_storage)}. "
            f"To move: tenantry template set-storage {shlex.quote(change.name)} STORAGE",
        )
    if change.action == "new" and not dry_run:
        data.print(
            f"  next: tenantry template test {shlex.quote(change.name)} --tenant NAME, then "
            f"tenantry tenant add NAME … --template {shlex.quote(change.name)}",
        )


def tell_outdated(template: str, outdated: Sequence[Outdated]) -> None:
    """Print what differs from the template, and the command that fixes it."""
    for old in outdated:
        how = "To fix" if old.tables or old.views else "To load again"
        data.print(f"  {old.tenant}: {old.differs}. {how}: {old.command(template)}")


def tell_own_queries(template: str, own: Sequence[Override]) -> None:
    """Print which tenants have a query of their own, and which of those the template's columns have left behind."""
    if own:
        data.print(f"  own queries: {', '.join(item.tenant for item in own)}")
    if drifted := [item.tenant for item in own if item.drifted]:
        data.print(
            f"  {', '.join(drifted)}: tried before the columns changed. To try them again: "
            f"tenantry override check {shlex.quote(template)}",
        )


def lint(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|NAME…",
            help="Template files, or names of stored templates.",
            autocompletion=complete.templates,
        ),
    ],
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Lint templates: show what is wrong with them, and what to write instead.

    Errors give wrong data or none: a day that is not in UTC, a range that is
    not half-open, columns that do not match the query, a placeholder without
    quotes, more than one statement. Warnings cost time or cause surprises: a
    predicate that no index serves, no unique index, SELECT *, functions like
    now(). Notes are advice. No source is queried; tenantry template test does
    that.

    Files are linted without a warehouse. Exits with status 1 if there is an
    error (with --strict, also if there is a warning), and with status 2 if a
    file cannot be read.
    """
    from tenantry.warehouse.files import lint_template, read_templates

    files = [path for text in what if (path := as_path(text))]
    names = [text for text in what if not as_path(text)]
    findings = [
        (file, finding)
        for path in files
        for file in read_templates([path])
        for finding in lint_template(file)
    ]
    if names:
        with open_warehouse() as warehouse:
            findings += warehouse.lint(names)
    if as_json:
        print_json(
            findings=[
                {"template": file.template.name, "file": file.origin, **vars(finding)}
                for file, finding in findings
            ]
        )
    else:
        show_findings(findings, data)
        if not findings:
            data.print("nothing found")
    stop(findings, strict=strict)


def as_path(text: str) -> Path | None:
    """The file that the argument names, or None for the name of a template."""
    path = Path(text)
    return path if path.is_file() or "/" in text or text.endswith(".sql") else None


def show_findings(findings: Iterable[tuple[TemplateFile, Finding]], console: Console) -> None:
    """Print findings, each as `FILE:LINE: severity: message [rule]`, with what to write instead below it."""
    for file, finding in findings:
        console.print(
            Text.assemble(
                f"{file.origin}:{finding.line}: ",
                (finding.severity, _COLOURS[finding.severity]),
                f": {finding.message} [{finding.rule}]",
            )
        )
        if finding.fix:
            console.print(Text(f"    {finding.fix}"))


def stop(findings: Sequence[tuple[TemplateFile, Finding]], *, strict: bool) -> None:
    """Raise TemplateError if there is an error among findings, or if `strict` a warning."""
    bad = [
        (file, finding)
        for file, finding in findings
        if finding.severity == "error" or (strict and finding.severity == "warning")
    ]
    if bad:
        names = ", ".join(dict.fromkeys(f'"{file.template.name}"' for file, _ in bad))
        raise TemplateError(
            f"{count(len(bad), 'error')} in template {names}", hint="Fix them, then lint again."
        )


def edit(template: Template, as_json: AsJson = False) -> None:
    """Edit a template in your editor: VISUAL, EDITOR, or vi.

    The text that you save is linted and loaded, with the same output as
    tenantry template load. If it has errors or the database refuses it, you can
    continue editing. If you do not, or if there is no terminal, nothing
    changes, and your text stays in a file that is named.

    Exits with status 1 if the saved text was not loaded.
    """
    from tenantry.warehouse.files import template_as_file

    with open_warehouse() as warehouse:
        before = template_as_file(warehouse.template(template).text)
        path = _draft(before)
        while True:
            _open_editor(path)
            if path.read_text(encoding="utf-8", errors="replace") == before:
                path.unlink()
                notes.print("not changed")
                if as_json:
                    print_json(dry_run=False, templates=[])
                return
            try:
                change = _load_edited(warehouse, path, template)
                break
            except TenantryError as error:
                if sys.stdin.isatty():
                    notes.print(Text.assemble(("error: ", "red"), error.message))
                    with suppress(typer.Abort):
                        if typer.confirm("Continue editing?", default=True, err=True):
                            continue
                raise TemplateError(
                    f"template {template!r} was not changed: {error.message}",
                    hint=f"Your text is in {path}; fix it, then: tenantry template load {shlex.quote(str(path))}",
                ) from None
        path.unlink()
    if as_json:
        print_json(dry_run=False, templates=[change])
    else:
        tell(change)


def _draft(text: str) -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="tenantry-", suffix=".sql", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return Path(file.name)


def _open_editor(path: Path) -> None:
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        done = subprocess.run([*editor, str(path)], check=False)
    except OSError as error:
        raise InputError(
            f"the editor {editor[0]} cannot be run: {error.strerror}",
            hint=f"Set EDITOR. The text is in {path}.",
        ) from None
    if done.returncode != 0:
        raise InputError(f"the editor exited with status {done.returncode}", hint=f"The text is in {path}.")


def _load_edited(warehouse: Warehouse, path: Path, name: str) -> TemplateChange:
    from tenantry.warehouse.files import read_templates

    files = read_templates([path])
    if [file.template.name for file in files] != [name]:
        raise InputError(
            f'the text must define template "{name}" and no other', hint="A template cannot be renamed."
        )
    findings = warehouse.lint(files)
    show_findings(findings, notes)
    stop(findings, strict=False)
    (change,) = warehouse.load_templates(files)
    step("loaded", name)
    return change
