"""Templates as a query with a header: lines `-- key: value` before it, up to the first line that is not a comment.

A value continues in lines that are indented by two or more blanks after their dashes.

    -- name: sales
    -- time_column: sold_at
    -- columns:
    --   id integer,
    --   sold_at timestamptz
    -- descriptions:
    --   sold_at: when the customer paid, in UTC
    -- index: UNIQUE (id)
    -- index: (sold_at)

    SELECT …
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tenantry.core.errors import InputError
from tenantry.core.model import Template, TemplateFile
from tenantry.flow.template.insert import CHOICES, USUAL, refused, wrong_number

_KEYS = (
    "name",
    "description",
    "time_column",
    "storage",
    "partition_by",
    "ahead",
    "lookback",
    "columns",
    "descriptions",
    "index",
    "indexes",
)
_KEY = re.compile(r"-- ?([A-Za-z_]+):\s*(.*)$")
_FURTHER = re.compile(r"--(?:   ?(.*)| ?)$")
_DESCRIBED = re.compile(r'(?:"((?:[^"]|"")+)"|([^\s":][^":]*?))\s*:\s*(.*)')
_BARE = re.compile(r"[a-z_][a-z0-9_$]*")
_PREFIX = "idx_{SCHEMA}_{VIEW_NAME}_"
_STATEMENT = re.compile(
    r"CREATE (UNIQUE )?INDEX idx_\{SCHEMA\}_\{VIEW_NAME\}_\w+ ON \{SCHEMA\}\.\{VIEW_NAME\} (.+)"
)


def begins(text: str) -> bool:
    """Whether a text begins with a header."""
    return any((key := _KEY.match(line)) and key[1] == "name" for line in _leading_comments(text))


def _leading_comments(text: str) -> list[str]:
    lines = text.lstrip("\n").split("\n")
    return lines[: next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))]


def read(text: str, origin: str) -> TemplateFile:
    """The template of a text that begins with a header; `origin` names it in errors.

    Raises InputError for a header that cannot be read, with the line.
    """
    lines = text.split("\n")
    first = next(n for n, line in enumerate(lines) if line)
    end = first + len(_leading_comments(text))
    values: dict[str, list[list[str]]] = {}
    latest: list[str] | None = None
    began: dict[str, int] = {}
    for number, line in enumerate(lines[first:end], first + 1):
        key = _KEY.match(line)
        further = _FURTHER.match(line)
        if key:
            name = key[1]
            if name not in _KEYS:
                raise _refused(origin, number, f'unknown key "{name}"', f"Keys are {', '.join(_KEYS)}.")
            if name in values and name != "index":
                raise _refused(origin, number, f'"{name}" is there twice')
            latest = [key[2]] if key[2] else []
            values.setdefault(name, []).append(latest)
            began.setdefault({"index": "indexes"}.get(name, name), number + (not key[2]))
        elif further and latest is not None:
            latest.append(further[1] or "")
        else:
            raise _refused(
                origin,
                number,
                "neither 'key: value' nor the rest of a value",
                "Indent continuation lines by two spaces; put the query's own comments below an empty line.",
            )
    texts = {name: ["\n".join(value) for value in found] for name, found in values.items()}
    for name, choices in CHOICES.items():
        if name in texts and texts[name][0] not in choices:
            raise _refused(origin, began[name], f"{name} is {' or '.join(choices)}")
    for name in USUAL:
        if reason := wrong_number(name, texts.get(name, [""])[0]):
            raise _refused(origin, began[name], reason)
    descriptions = _descriptions(texts.get("descriptions", [""])[0], origin, began.get("descriptions", 0))
    query = "\n".join(lines[end:])
    blank = len(query) - len(query.lstrip("\n"))
    if not query.strip():
        raise _refused(origin, end, "there is no query below the header")
    if "index" in texts and "indexes" in texts:
        raise _refused(origin, began["indexes"], '"index" and "indexes" cannot be combined')
    return TemplateFile(
        Template(
            _required(texts, "name", origin),
            query.strip("\n"),
            _required(texts, "columns", origin),
            description=texts.get("description", [""])[0],
            indexes=index_statements(texts["index"]) if "index" in texts else texts.get("indexes", [""])[0],
            storage=texts.get("storage", [None])[0],
            time_column=texts.get("time_column", [""])[0],
            partition_by=texts.get("partition_by", [None])[0],
            ahead=texts.get("ahead", [None])[0],
            descriptions=descriptions,
            lookback=texts.get("lookback", [None])[0],
        ),
        origin,
        {**began, "query": end + 1 + blank},
    )


def _refused(origin: str, line: int, reason: str, hint: str = "") -> InputError:
    return refused(origin, line, reason, hint)


def _required(texts: Mapping[str, Sequence[str]], name: str, origin: str) -> str:
    value = texts.get(name, [""])[0]
    if not value.strip():
        hint = (
            "Write them as in CREATE TABLE, or let tenantry template new do it. " if name == "columns" else ""
        )
        raise InputError(f'{origin}: the header lacks "{name}"', hint=hint.strip() or None)
    return value


def _descriptions(text: str, origin: str, first: int) -> dict[str, str]:
    """What columns mean, by their names: `name: text` a line, which goes on in lines that are indented further."""
    found: dict[str, str] = {}
    name = ""
    for number, line in enumerate(text.split("\n") if text else [], first):
        if not line.strip() or (line[0] == " " and name):
            found[name] = f"{found.get(name, '')}\n{line.strip()}"
            continue
        column = _DESCRIBED.fullmatch(line.strip())
        if column is None:
            raise _refused(
                origin,
                number,
                "this describes no column",
                "Write the column's name, a colon, and what it means.",
            )
        name = column[1].replace('""', '"') if column[1] else column[2].lower()
        if name in found:
            raise _refused(origin, number, f'column "{name}" is described twice')
        found[name] = column[3]
    return {name: text.strip() for name, text in found.items() if text.strip()}


def index_statements(indexes: Sequence[str]) -> str:
    """The statements for the values of `index:`: complete ones stay, `UNIQUE (id)` and `(sold_at)` are completed."""
    statements: list[str] = []
    names: set[str] = set()
    for index in indexes:
        text = index.strip().rstrip(";").rstrip()
        if re.match(r"CREATE\s", text, re.IGNORECASE):
            statements.append(text + ";")
            continue
        unique, rest = re.fullmatch(r"(UNIQUE\s+)?(.*)", text, re.IGNORECASE | re.DOTALL).groups()  # type: ignore[union-attr]
        inside = re.search(r"\(([^)]*)", rest)
        stem = "_".join(re.findall(r"\w+", inside[1] if inside else rest)).lower()[:40] or "x"
        name = stem
        number = 1
        while name in names:
            number += 1
            name = f"{stem}_{number}"
        names.add(name)
        statements.append(
            f"CREATE {'UNIQUE ' if unique else ''}INDEX {_PREFIX}{name} ON {{SCHEMA}}.{{VIEW_NAME}} {rest};"
        )
    return "\n".join(statements)


def write(template: Template) -> str:
    """The template with a header. Not every name and text fits into one: see template_file.as_file."""
    header = [_pair("name", template.name)]
    for name in ("description", "time_column", "storage", "partition_by"):
        value = getattr(template, name)
        if value:
            header.append(_pair(name, value))
    for name, usual in USUAL.items():
        value = getattr(template, name)
        if value and value != usual:
            header.append(_pair(name, value))
    header.append(_pair("columns", template.columns.strip(), block=True))
    if template.descriptions:
        header.append(
            _pair("descriptions", "\n".join(map(_described, template.descriptions.items())), block=True)
        )
    if template.indexes and template.indexes.strip():
        header += _index_pairs(template.indexes)
    return "\n".join(header) + "\n\n" + template.query.strip("\n") + "\n"


def _pair(key: str, value: str, *, block: bool = False) -> str:
    lines = value.split("\n")
    if block or len(lines) > 1:
        return "\n".join([f"-- {key}:", *(f"--   {line}" if line else "--" for line in lines)])
    return f"-- {key}: {value}"


def _described(column: tuple[str, str]) -> str:
    name, text = column
    written = name if _BARE.fullmatch(name) else '"' + name.replace('"', '""') + '"'
    return f"{written}: " + text.replace("\n", "\n  ")


def _index_pairs(indexes: str) -> list[str]:
    """As `index:` lines if those give the same statements again, otherwise the statements as they are."""
    whole = [part.strip() for part in indexes.strip().split(";\n")]
    short = []
    for statement in whole:
        usual = _STATEMENT.fullmatch(statement.rstrip(";"))
        short.append((usual[1] or "") + usual[2] if usual else statement.rstrip(";"))
    for way in (short, whole):
        if same_indexes(index_statements(way), indexes):
            return [_pair("index", index) for index in way]
    return [_pair("indexes", indexes.strip(), block=True)]


def same_indexes(one: str, other: str) -> bool:
    """Whether two texts are the same statements."""
    return one.strip().rstrip(";") == other.strip().rstrip(";")
