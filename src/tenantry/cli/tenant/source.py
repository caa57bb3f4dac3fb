"""A tenant's source as an operator writes it: a connection string without the password."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from tenantry.core.errors import InputError
from tenantry.core.model import Connection
from tenantry.core.private import read_private
from tenantry.db.conninfo import parse as conninfo_words

PASSWORD_VARIABLE = "TENANTRY_SOURCE_PASSWORD"  # noqa: S105 - the name of a variable, not a password


def parse(name: str, conninfo: str) -> Connection:
    """The connection `name` from a libpq connection string or URI.

    Raises InputError for one that cannot be read, lacks host, dbname or user, or holds a password: the command line
    of a process can be read by every user of the machine.
    """
    parts = conninfo_words(
        conninfo, "--source", hint="Write it as 'host=db.example.com dbname=production user=reader'."
    )
    if "password" in parts:
        raise InputError(
            "--source holds a password, which other users of this machine can see",
            hint=f"Leave it out, and set {PASSWORD_VARIABLE}, give --password-file, or type it when asked.",
        )
    missing = [key for key in ("host", "dbname", "user") if key not in parts]
    if missing:
        raise InputError(f"--source lacks {', '.join(missing)}")
    try:
        port = int(parts.pop("port", "5432"))
    except ValueError:
        raise InputError("--source: the port is not a number") from None
    return Connection(
        name,
        parts.pop("host"),
        port,
        parts.pop("dbname"),
        parts.pop("user"),
        options=dict(sorted(parts.items())),
    )


def changed(
    stored: Connection,
    *,
    host: str | None = None,
    port: int | None = None,
    dbname: str | None = None,
    user: str | None = None,
    options: Sequence[str] = (),
    search_path: str | None = None,
) -> Connection:
    """The stored connection, with the given parts replaced.

    An option is `word=value`; without a value the word is removed. Raises InputError for one that is neither.
    """
    words = dict(stored.options)
    for option in options:
        word, equals, value = option.partition("=")
        if not word or not equals:
            raise InputError(
                f"--option {option!r} is not of the form word=value",
                hint="For example sslmode=require; sslmode= removes it.",
            )
        if value:
            words[word] = value
        else:
            words.pop(word, None)
    if search_path is not None:
        words["search_path"] = search_path.strip()
        if not words["search_path"]:
            del words["search_path"]
    return Connection(
        stored.name,
        host or stored.host,
        port or stored.port,
        dbname or stored.dbname,
        user or stored.username,
        dict(sorted(words.items())),
    )


def own_queries(given: Sequence[str], templates: Sequence[str]) -> dict[str, str]:
    """The tenant's own queries by template, read from the files that TEMPLATE=FILE names."""
    from tenantry.warehouse.files import read_query

    found = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not equals or not file:
            raise InputError(f"--query {text!r} is not of the form TEMPLATE=FILE")
        if name not in templates:
            raise InputError(
                f"--query names {name}, which the tenant does not load",
                hint=f"Give --template {name} as well.",
            )
        found[name] = read_query(Path(file))
    return found


def read_password(file: Path | None, *, stored: bool, ask: bool = False) -> str | None:
    """The source's password: from the file, the environment or the terminal; None keeps the `stored` one.

    With `ask` it is asked for even if one is stored.
    """
    if file is not None:
        return read_private(file)
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if stored and not ask:
        return None
    if sys.stdin.isatty():
        return str(typer.prompt("Password of the source's user", hide_input=True, err=True))
    raise InputError(
        "no password for the source",
        hint=f"Set {PASSWORD_VARIABLE} or give --password-file.",
    )
