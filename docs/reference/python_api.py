"""Write python.md from the package itself: what `tenantry` offers, and the results that it gives.

python docs/reference/python_api.py — tests/unit/test_docs.py fails until it has been run.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tenantry
from tenantry.fleet.plan import Plan
from tenantry.flow.job import table
from tenantry.flow.slice import year
from tenantry.flow.template import fit
from tenantry.loader import add_tenant, verify
from tenantry.observe import activity, health, slices, status

PAGE = Path(__file__).with_name("python.md")

_HEAD = """\
# Python

Written by `python docs/reference/python_api.py` from the docstrings of the package; to change it, change those.

    from tenantry import Warehouse

[The guide](../how-to/use-from-python.md) shows how to use it. The names on this page are stable; everything else is internal.
"""

_HIDDEN: dict[str, Any] = {
    "FleetPlan": Plan,
    **{
        name: thing
        for module in (activity, add_tenant, fit, health, slices, status, table, verify, year)
        for name, thing in vars(module).items()
        if isinstance(thing, type)
    },
}
"""Types that the package imports where they are needed."""


def python_md() -> str:
    """The text of python.md."""
    offered = {name: getattr(tenantry, name) for name in tenantry.__all__}
    errors = {name: cls for name, cls in offered.items() if issubclass(cls, BaseException)}
    results = {cls.__name__: cls for cls in _results(tenantry.Warehouse) if cls.__name__ not in offered}
    parts = [_HEAD, "## Warehouse", "", _said(tenantry.Warehouse), "", *_methods(tenantry.Warehouse)]
    parts += ["## What it is given", ""]
    for name, cls in offered.items():
        if name not in errors and name != "Warehouse":
            parts += _class(name, cls)
    parts += ["## Errors", ""]
    for name, cls in errors.items():
        parts += [f"### {name}", "", _said(cls), ""]
    parts += ["## Results", ""]
    for name, cls in sorted(results.items()):
        parts += _class(name, cls)
    return "\n".join(parts).rstrip() + "\n"


def _class(name: str, cls: type) -> Iterator[str]:
    yield from (f"### {name}", "", _said(cls), "")
    if dataclasses.is_dataclass(cls):
        fields = [f"{field.name}: {_plain(field.type)}" for field in dataclasses.fields(cls)]
        yield from ("```python", f"{name}({', '.join(fields)})", "```", "")
    yield from _members(cls)


def _methods(cls: type) -> Iterator[str]:
    for name, member in _own(cls):
        function = member.__func__ if isinstance(member, classmethod) else member
        signature = _plain(str(inspect.signature(function)))
        signature = re.sub(r"^\((self|cls)(, )?", "(", signature)
        yield from (f"### {cls.__name__}.{name}", "", "```python", f"{name}{signature}", "```", "")
        yield from (_said(function), "")


def _own(cls: type) -> Iterator[tuple[str, Any]]:
    """The public members of a class and of those of ours that it is made of, its own first."""
    for part in cls.__mro__:
        if part.__module__.startswith("tenantry."):
            yield from ((name, member) for name, member in vars(part).items() if not name.startswith("_"))


def _members(cls: type) -> Iterator[str]:
    """The properties and methods of a class, a line each."""
    lines = []
    for name, member in vars(cls).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            lines.append(f"- `{name}`: {_flat(member.fget)}")
        elif inspect.isfunction(member):
            signature = re.sub(r"^\(self(, )?", "(", _plain(str(inspect.signature(member))))
            lines.append(f"- `{name}{signature}`: {_flat(member)}")
    if lines:
        yield from (*lines, "")


def _said(thing: object) -> str:
    return inspect.cleandoc(thing.__doc__ or "")


def _flat(thing: object) -> str:
    return " ".join(_said(thing).split())


def _plain(text: object) -> str:
    """Types as people write them: without quotes, and without the modules that they come from."""
    found = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", str(text).replace("'", ""))
    return re.sub(r"= <function .*? at 0x[0-9a-f]+>", "= ...", found).replace("psycopg.", "")


def _results(cls: type) -> Iterator[type]:
    """The classes of ours that the methods of a class return, and those that are in them."""
    seen: set[type] = set()
    waiting = [
        typing.get_type_hints(function, localns=_HIDDEN).get("return")
        for _, function in _own(cls)
        if inspect.isfunction(function)
    ]
    while waiting:
        hint = waiting.pop()
        waiting += typing.get_args(hint)
        if isinstance(hint, type) and hint.__module__.startswith("tenantry.") and hint not in seen:
            seen.add(hint)
            if dataclasses.is_dataclass(hint):
                yield hint
                waiting += typing.get_type_hints(hint, localns=_HIDDEN).values()


def main() -> None:
    """Write the file."""
    PAGE.write_text(python_md(), encoding="utf-8")


if __name__ == "__main__":
    main()
