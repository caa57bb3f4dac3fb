"""Lines of libpq's password file: `host:port:database:user:password`."""

from __future__ import annotations

import re

# A field ends at a colon; a backslash escapes the next character.
_FIELD = re.compile(r"((?:[^\\:]|\\.)*)(?::|$)")


def line(*fields: str) -> str:
    """Return the line for these fields, without the line break."""
    return ":".join(field.replace("\\", "\\\\").replace(":", "\\:") for field in fields)


def fields(text: str) -> list[str]:
    """The fields of a line."""
    return [re.sub(r"\\(.)", r"\1", field) for field in _FIELD.findall(text)]
