"""Makes characters visible that a terminal obeys, or that make a text look like another one: sources choose what they send."""

from __future__ import annotations

import re

MOST = 2000
"""How many characters of a text from outside are stored. `_wh_internal.visible` has the same rules."""

# Control characters (C0, DEL, C1) except line feed and tab, marks and overrides of the writing direction,
# line and paragraph separators, and surrogates.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LINES = {"\n": "\\n", "\t": "\\t"}


def visible(text: str, *, lines: bool = True) -> str:
    """The text with such characters as `\\x1b` or `\\u202e`. Line feeds and tabs stay if it may have `lines`."""
    if not lines:
        text = re.sub("[\n\t]", lambda found: _LINES[found[0]], text)
    return _HIDDEN.sub(lambda found: _escape(found[0]), text)


def kept(text: str) -> str:
    """Return what is stored of a text from outside: made visible, and cut to `MOST` characters."""
    if len(text) <= MOST:
        return visible(text)
    return f"{visible(text[:MOST])} ... ({len(text) - MOST} characters more)"


def in_json(text: str) -> str:
    """Return a JSON text with such characters in its strings as JSON escapes; its meaning stays the same."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
