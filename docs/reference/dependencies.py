"""Write dependencies.md: what is locked, for what, and under which licence.

python -m docs.reference.dependencies, from the root of the source tree — tests/unit/test_docs.py fails until it has been run.
"""

from __future__ import annotations

import re
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

PAGE = Path(__file__).with_name("dependencies.md")
ROOT = Path(__file__).parents[2]

_HEAD = """\
# Dependencies and their licences

Written by `python -m docs.reference.dependencies` from the lock files and from what each package says of itself. Tenantry itself is
under the MIT licence. pglast is under the GPL: who passes it on together with the program, as in a container's image, is bound by that
for the whole.

| package | version | needed for | licence |
|---|---|---|---|
"""

_ELSEWHERE = {"colorama": "BSD-3-Clause", "tzdata": "Apache-2.0"}
"""Those that are installed on other systems than ours, which cannot be asked."""

_UNTOLD = {"axe-playwright-python": "MIT AND MPL-2.0", "promql-parser": "MIT", "pyrage": "MIT"}
"""Those that do not say it in their metadata."""

_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def dependencies_md() -> str:
    """The page. Raises ValueError for a package whose licence nobody tells."""
    needed = locked(ROOT / "packaging" / "requirements.lock")
    image = locked(ROOT / "packaging" / "requirements-image.lock")

    def purpose(name: str) -> str:
        if name in needed:
            return "the program"
        return "console, metrics, alerts" if name in image else "tests and checks"

    rows = [
        f"| {name} | {version} | {purpose(name)} | {licence(name)} |\n"
        for name, version in sorted(locked(ROOT / "requirements.lock").items())
    ]
    return _HEAD + "".join(rows)


def locked(lock: Path) -> dict[str, str]:
    """The packages of a lock file, with their versions."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def licence(name: str) -> str:
    """What a package says of its licence, as an SPDX expression where it does."""
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    about = cast("Message", metadata.metadata(name))
    told = about.get("License-Expression")
    if told is None:
        last = [
            one.rpartition(" :: ")[2]
            for one in about.get_all("Classifier", [])
            if one.startswith("License :: OSI Approved :: ")
        ]
        told = " OR ".join(_CLASSIFIERS[one] for one in last) or about.get("License") or _UNTOLD.get(name)
    if told is None:
        raise ValueError(f"{name} says no licence: look it up, and add it to {Path(__file__).name}")
    return str(told).partition("\n")[0]


def main() -> None:
    """Write the page."""
    PAGE.write_text(dependencies_md(), encoding="utf-8")


if __name__ == "__main__":
    main()
