"""Templates: the list, each of them, and changing one in three steps."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tenantry.console.page import Asked, Sent, Shown, page
from tenantry.console.pages.names import day_of, found, part
from tenantry.console.routes import Named
from tenantry.core.days import today_utc
from tenantry.core.errors import InputError, TenantryError
from tenantry.core.words import count
from tenantry.warehouse import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenantry.core.model import TemplateFile
    from tenantry.flow.template.lint import Finding
    from tenantry.flow.template.load import TemplateChange
    from tenantry.flow.template.trial import Trial
    from tenantry.warehouse.results import TemplateDetails

_PATIENCE = 20
"""Seconds for each query of a trial: a page must not take longer than browsers wait."""

_TEXT = "the text"


@dataclass
class Draft:
    """A text that somebody writes, and what is known of it so far. `fingerprint` is that of the stored one it is to replace."""

    text: str
    fingerprint: str
    tenant: str = ""
    day: str = ""
    checked: bool = False
    findings: Sequence[Finding] = ()
    change: TemplateChange | None = None
    trial: Trial | None = None
    wrong: list[tuple[str, str | None]] = field(default_factory=list)
    """What does not work: a message, and a hint."""

    @property
    def seen(self) -> str:
        """What a form says it has shown: this text, instead of that stored one."""
        return hashlib.sha256(
            f"{self.fingerprint} {self.text}".encode("utf-8", "backslashreplace")
        ).hexdigest()

    @property
    def storable(self) -> bool:
        """Whether nothing is known to be wrong with it, and it changes something."""
        return (
            self.change is not None
            and self.change.action != "unchanged"
            and not any(finding.severity == "error" for finding in self.findings)
        )


def templates(asked: Asked) -> Shown:
    """The list."""
    return Shown("templates.html", {"templates": asked.warehouse.templates()}, topics=("templates", "slices"))


def template(asked: Asked) -> Shown:
    """One of them; with `edit`, the form that changes it."""
    details = found(lambda: asked.warehouse.template(asked.path["name"]))
    if asked.query.get("edit") and asked.may("author"):
        return _form(asked, details, Draft(files.template_as_file(details.text), details.fingerprint))
    facts = {
        "details": details,
        "text": files.template_as_file(details.text),
        "columns": files.template_columns(details.text),
        "findings": [finding for _, finding in asked.warehouse.lint([details.text.name])],
        "own_queries": [
            (own, _differing(details.text.query, own.query, own.tenant)) for own in details.own_queries
        ],
    }
    return Shown("template.html", facts, topics=("templates", "slices"))


def _differing(query: str, own: str, tenant: str) -> list[str]:
    pair = (query.strip().splitlines(), own.strip().splitlines())
    return list(difflib.unified_diff(*pair, "template", tenant, lineterm=""))


def change(asked: Asked) -> Shown | Sent:
    """A step of the form: check the text, try it, or store what was shown."""
    name = asked.path["name"]
    details = found(lambda: asked.warehouse.template(name))
    form = asked.form
    draft = Draft(
        form.get("text", "").replace("\r\n", "\n"),
        form.get("fingerprint", ""),
        form.get("tenant", ""),
        form.get("day", ""),
    )
    step = form.get("step", "check")
    if draft.fingerprint != details.fingerprint:
        draft.wrong.append(
            (
                f'template "{name}" was changed meanwhile, and nothing was stored',
                "The difference is to what is stored now. Look at it, then store it.",
            )
        )
        step = "check"
        draft.fingerprint = details.fingerprint
    elif step == "store" and form.get("seen") != draft.seen:
        draft.wrong.append(
            (
                "The text is not the one whose difference was shown, and nothing was stored",
                "Look at the difference, then store it.",
            )
        )
        step = "check"
    try:
        file = _read(draft.text, name)
        _check(asked, draft, file)
        if step == "try":
            draft.trial = asked.warehouse.try_template(
                file, draft.tenant, day_of(draft.day), timeout=_PATIENCE
            )
        elif step == "store" and draft.storable:
            (done,) = asked.warehouse.load_templates([file], over={name: draft.fingerprint})
            return Sent(f"/templates/{part(name)}", _told(done))
    except TenantryError as error:
        draft.wrong.append((error.message, error.hint))
    return _form(asked, details, draft, status=409 if draft.wrong else 200)


def _read(text: str, name: str) -> TemplateFile:
    if "\0" in text:
        raise InputError("the text has a character that no template can have: \\x00")
    file = files.parse_template(text, _TEXT)
    if file.template.name != name:
        raise InputError(
            f'the text must define template "{name}", not "{file.template.name}"',
            hint="A template cannot be renamed.",
        )
    return file


def _check(asked: Asked, draft: Draft, file: TemplateFile) -> None:
    """Lint the text, and find out what storing it would change; that is rolled back."""
    draft.findings = [finding for _, finding in asked.warehouse.lint([file])]
    draft.checked = True
    (draft.change,) = asked.warehouse.load_templates([file], dry_run=True)


def _told(done: TemplateChange) -> str:
    days = sum(old.days for old in done.outdated)
    told = f"Template {done.name} was stored."
    return (
        f"{told} Outdated now: {count(days, 'day')}; they stay as they are until they are loaded again."
        if days
        else told
    )


def _form(asked: Asked, details: TemplateDetails, draft: Draft, status: int = 200) -> Shown:
    users = list(details.stored.tenants)
    others = [name for name in asked.warehouse.names("tenants") if name not in users]
    facts: dict[str, Any] = {
        "details": details,
        "draft": draft,
        "users": users,
        "others": others,
        "yesterday": today_utc() - timedelta(days=1),
        "own_queries": [own.tenant for own in details.own_queries],
    }
    return Shown("template_edit.html", facts, status=status)


ROUTES = [
    Named("/templates", page(templates, "templates")),
    Named("/templates/{name}", page(template, "templates")),
    Named("/templates/{name}", page(change, "author"), methods=["POST"]),
]
