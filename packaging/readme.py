"""README.md as a package index shows it: with links and pictures that lead to this version in the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)]+)\)", re.DOTALL)


def absolute(text: str, repository: str, tag: str) -> str:
    """Return a Markdown text in which links to files lead to those of a tag of a repository on GitHub."""

    def lead(link: re.Match[str]) -> str:
        picture, words, file = link.groups()
        return f"{picture}[{words}]({repository}/{'raw' if picture else 'blob'}/{tag}/{file})"

    return _LINK.sub(lead, text)


class Readme(MetadataHookInterface):
    """Sets the long description of the package."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Take README.md, and the version from where it is written."""
        root = Path(self.root)
        init = (root / "src" / "tenantry" / "__init__.py").read_text(encoding="utf-8")
        version = re.search(r'^__version__ = "(.+)"$', init, re.MULTILINE)
        if version is None:
            raise ValueError("src/tenantry/__init__.py says no version")
        text = (root / "README.md").read_text(encoding="utf-8")
        text = absolute(text, metadata["urls"]["Repository"], f"v{version[1]}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
