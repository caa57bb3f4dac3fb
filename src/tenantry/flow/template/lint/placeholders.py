"""Placeholders: the loader replaces {TARGET_DATE}, {START_TIME} and {END_TIME} as text, and '{SCHEMA}' including its quotes."""

from __future__ import annotations

import difflib
import re

from tenantry.flow.template.lint.finding import ERROR, NOTE, Finding, Text

DAYS = ("{TARGET_DATE}", "{START_TIME}", "{END_TIME}")
KNOWN = (*DAYS, "{SCHEMA}")

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|\$(?P<tag>[A-Za-z_]?\w*)\$.*?\$(?P=tag)\$|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"
    r'|"(?:[^"]|"")*"|\{\w+\}',
    re.DOTALL,
)
_PLACEHOLDER = re.compile(r"\{[A-Za-z_]+\}")


def check(query: Text) -> list[Finding]:
    """Placeholders that would not be replaced, or would not be literals afterwards."""
    found = []
    for token in _TOKEN.finditer(query.sql):
        text = token[0]
        if text.startswith(("--", "/*")):
            continue
        for placeholder in _PLACEHOLDER.finditer(text):
            finding = _judge(query, token, placeholder[0])
            if finding:
                found.append(finding)
    ends = [placeholder for placeholder in ("{START_TIME}", "{END_TIME}") if placeholder in query.sql]
    if len(ends) == 1 or (ends and "{TARGET_DATE}" in query.sql):
        found.append(
            query.find(
                "one-day", NOTE, query.sql.index(ends[0]), "the source can only be asked for one day at a time",
                "Use both {START_TIME} and {END_TIME}, and do not use {TARGET_DATE}.",
            )
        )  # fmt: skip
    return found


def _judge(query: Text, token: re.Match[str], placeholder: str) -> Finding | None:
    text, offset = token[0], token.start()
    quoted = text.lstrip("eE").startswith("'")
    if placeholder not in KNOWN:
        if text == placeholder:
            # The parser has a better message for a stray brace.
            return None if not _near(placeholder) else _unknown(query, offset, placeholder)
        if not quoted or placeholder != placeholder.upper() or _is_array(query.sql, token):
            return None
        return _unknown(query, offset, placeholder)
    if placeholder == "{SCHEMA}" and text != "'{SCHEMA}'":
        return query.find(
            "placeholder-quotes", ERROR, offset, "{SCHEMA} is replaced only where it stands alone in single quotes",
            "Write '{SCHEMA}', and join it to other text with ||.",
        )  # fmt: skip
    if text == placeholder or text.startswith('"'):
        return query.find(
            "placeholder-quotes", ERROR, offset,
            f"{placeholder} stands {'in double' if text != placeholder else 'without'} quotes: "
            "PostgreSQL would not read it as a time",
            f"Write '{placeholder}'::{'date' if placeholder == '{TARGET_DATE}' else 'timestamptz'}",
        )  # fmt: skip
    return None


def _is_array(sql: str, token: re.Match[str]) -> bool:
    """Whether a literal such as '{NEW}' is one of PostgreSQL's arrays."""
    return bool(
        re.match(r"\s*::\s*[\w. ]+\[", sql[token.end() :])
        or re.search(r"\b(?:ANY|ALL|SOME)\s*\(\s*$", sql[: token.start()], re.IGNORECASE)
    )


def _near(placeholder: str) -> str | None:
    """The known placeholder that was probably meant."""
    close = difflib.get_close_matches(placeholder.upper(), KNOWN, n=1, cutoff=0.5)
    return close[0] if close else None


def _unknown(query: Text, offset: int, placeholder: str) -> Finding:
    near = _near(placeholder)
    return query.find(
        "unknown-placeholder", ERROR, offset, f"{placeholder} is not a placeholder, and would not be replaced",
        f"Did you mean {near}?" if near else f"Placeholders are {', '.join(KNOWN)}.",
    )  # fmt: skip


def readable(sql: str) -> str:
    """The query with bare placeholders put into quotes, so that the parser can continue; lines stay as they are."""

    def quoted(token: re.Match[str]) -> str:
        return f"'{token[0]}'" if token[0] in KNOWN else token[0]

    return _TOKEN.sub(quoted, sql)
