"""The lines of a unified diff, marked by signs and by colours."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from tenantry.core.visible import visible

_KINDS = {"+": "ins", "-": "del"}


def difference(lines: Sequence[str]) -> Markup:
    """A diff as HTML. The signs at the beginnings of its lines stay: colours alone do not tell."""
    shown = []
    for line in lines:
        text = escape(visible(line))
        if line.startswith(("+++", "---", "@@")):
            shown.append(f'<span class="at">{text}</span>')
        elif kind := _KINDS.get(line[:1]):
            shown.append(f"<{kind}>{text}</{kind}>")
        else:
            shown.append(f"<span>{text}</span>")
    inner = "".join(shown)
    return Markup(f'<pre class="diff" tabindex="0">{inner}</pre>')  # noqa: S704 - each line is escaped
