"""Passwords of roles: as the server keeps them, and where libpq finds those that init generated."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import psycopg
from platformdirs import user_config_path
from psycopg import sql

from tenantry.core import pgpass


def verifier(connection: psycopg.Connection, role: str, password: str) -> sql.Literal:
    """What stands for the password in CREATE ROLE or ALTER ROLE: neither the statement nor a log of it holds it then."""
    return sql.Literal(
        connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    )


def generated_file() -> Path:
    """Where passwords that the program made up are kept: tenantry/pgpass in the user's configuration folder."""
    return user_config_path("tenantry") / "pgpass"


def keep_generated(connection: psycopg.Connection, passwords: Mapping[str, str]) -> Path:
    """Append the passwords to tenantry/pgpass in the user's configuration folder, readable by the owner alone.

    Returns the file, which PGPASSFILE or `passfile=` may name.
    """
    file = generated_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    info = connection.info
    lines = [
        pgpass.line(info.host, str(info.port), info.dbname, role, password)
        for role, password in passwords.items()
    ]
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as handle:
        handle.write("".join(f"{line}\n" for line in lines))
    return file
