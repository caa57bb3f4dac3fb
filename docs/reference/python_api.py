"""Write python.md from the package itself: what `tenantry` offers, and the results that it gives.

python docs/reference/python_api.py — tests/unit/test_docs.py fails until it has been run.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import sys
import typing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tenantry

PAGE = Path(__file__).with_name("python.md")

_HEAD = """\
# Python

Written by `python docs/reference/python_api.py` from the docstrings of the package; to change it, change those.

    from tenantry import Warehouse

[The guide](../how-to/use-from-python.md) shows how to use it. The names on this page are stable; everything else is internal.
"""


def python_md() -> str:
    """The text of python.md."""
    offered = {name: getattr(tenantry, name) for name in tenantry.__all__}
    errors = {name: cls for name, cls in offered.items() if issubclass(cls, BaseException)}
    results = [cls for cls in _results(tenantry.Warehouse) if cls not in offered.values()]
    names = Counter([*offered, *(cls.__name__ for cls in results)])
    parts = [_HEAD, "## Warehouse", "", _said(tenantry.Warehouse), "", *_methods(tenantry.Warehouse)]
    parts += ["## What it is given", ""]
    for name, cls in offered.items():
        if name not in errors and name != "Warehouse":
            parts += _class(name, cls)
    parts += ["## Errors", ""]
    for name, cls in errors.items():
        parts += [f"### {name}", "", _said(cls), ""]
    parts += ["## Results", ""]
    for cls in sorted(results, key=lambda cls: (cls.__name__, cls.__module__)):
        parts += _class(cls.__name__, cls, "" if names[cls.__name__] == 1 else f" ({cls.__module__})")
    return "\n".join(parts).rstrip() + "\n"


def _class(name: str, cls: type, where: str = "") -> Iterator[str]:
    """The section of a class; `where` tells it from others of its name."""
    yield from (f"### {name}{where}", "", _said(cls), "")
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
    unquoted = re.sub(r"""(?<=[:>] )(?:'([^']*)'|"([^"]*)")""", r"\1\2", str(text))
    found = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", unquoted)
    return re.sub(r"= <function .*? at 0x[0-9a-f]+>", "= ...", found).replace("psycopg.", "")


def _results(cls: type) -> Iterator[type]:
    """The classes of ours that the methods of a class return, and those that are in them."""
    seen: set[type] = set()
    waiting = [_hints(function).get("return") for _, function in _own(cls) if inspect.isfunction(function)]
    while waiting:
        hint = waiting.pop()
        waiting += typing.get_args(hint)
        if isinstance(hint, type) and hint.__module__.startswith("tenantry.") and hint not in seen:
            seen.add(hint)
            if dataclasses.is_dataclass(hint):
                yield hint
                waiting += _hints(hint).values()


def _hints(thing: Any) -> dict[str, Any]:
    """The types of a function's arguments or a class's fields, also those that its module imports for type checkers alone."""
    module = sys.modules[thing.__module__]
    hidden = {
        name.asname or name.name: getattr(importlib.import_module(node.module or ""), name.name)
        for block in ast.parse(inspect.getsource(module)).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    return typing.get_type_hints(thing, localns=hidden)


def main() -> None:
    """Write the file."""
    PAGE.write_text(python_md(), encoding="utf-8")


if __name__ == "__main__":
    main()
