"""Plan: how the warehouse differs from the fleet's file, as `tenantry plan --no-secrets` shows it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Route

from tenantry.console.page import Asked, Shown, page
from tenantry.console.paging import part
from tenantry.core.errors import InputError
from tenantry.core.settings import FILE_VARIABLE
from tenantry.warehouse.files import read_fleet

if TYPE_CHECKING:
    from tenantry.fleet.change import Change, Detail

_SIZE = 100
"""Changes on a page."""

_LINES = 200
"""Lines of a text that differs."""

SIGNS = {"create": "+", "change": "~", "remove": "-"}


@dataclass(frozen=True)
class Difference:
    """A value that differs: in one line, or as the lines of a difference. Neither holds a secret."""

    key: str
    line: str = ""
    lines: Sequence[tuple[str, str]] = ()


def plan(asked: Asked) -> Shown:
    """The page. Nothing secret is read: a file may name programs that fetch passwords, and a viewer must not run them."""
    path = asked.console.settings.file
    if path is None and os.environ.get(FILE_VARIABLE):
        path = Path(os.environ[FILE_VARIABLE])
    try:
        made = asked.warehouse.plan(read_fleet(path), secrets=False)
    except InputError as error:
        return Shown("plan.html", {"error": error, "path": path})
    facts = {
        "error": None,
        "path": path,
        "counts": Counter(change.action for change in made.changes),
        "signs": SIGNS,
        "part": part([(change, _details(change)) for change in made.changes], "/plan", asked.query, _SIZE),
        "shortages": [str(shortage) for shortage in made.shortages],
        "not_compared": len(made.not_compared),
    }
    return Shown("plan.html", facts)


def _details(change: Change) -> list[Difference]:
    return [_difference(change, detail) for detail in change.details]


def _difference(change: Change, detail: Detail) -> Difference:
    old, new = detail.old or "", detail.new or ""
    if detail.secret:
        return Difference(detail.key, "differs")
    if "\n" not in old.strip() + new.strip():
        if change.action == "change":
            return Difference(detail.key, f"{old or '(none)'} → {new or '(none)'}")
        return Difference(detail.key, new or old)
    if change.action == "change":
        lines = list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2))[2:]
        found = [(line[:1], line) for line in lines]
    else:
        found = [(" ", line) for line in (new or old).strip("\n").splitlines()]
    return Difference(detail.key, lines=[(_CLASSES.get(sign, ""), line) for sign, line in found[:_LINES]])


_CLASSES = {"+": "added", "-": "gone", "@": "place"}


ROUTES = [Route("/plan", page(plan), methods=["GET"])]
