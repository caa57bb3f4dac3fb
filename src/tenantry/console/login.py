"""Logging in: the warehouse's server itself checks the password, and the console keeps no list of people."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tenantry.core.errors import DatabaseError, TenantryError, WarehouseUnreachable
from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR, OWNER
from tenantry.db import connect, owner

NAME = "tenantry console"
"""The application_name of the console's sessions."""

ROLES = {OWNER: "owner", OPERATOR: "operator", AUDITOR: "auditor", AUTHOR: "template author"}
"""The roles that may log in, in words."""

_at_once = threading.BoundedSemaphore(4)
"""Guesses must not use up the server's sessions."""

_OF_CONSOLE = ("user", "password", "options", "service", "sslcert", "sslkey", "sslpassword", "require_auth")
"""Parts of the console's own connection string that are not for others."""

_BAD = "Login or password is wrong."


class Refused(Exception):
    """A login that is refused, with what the person may know about it."""

    def __init__(self, told: str, reason: str = "") -> None:
        super().__init__(told)
        self.told = told
        self.reason = reason or told
        """What the console's own log may know, too."""


@dataclass(frozen=True)
class Accepted:
    """A login of the warehouse, the role as which it acts, and a connection string that logs in with its password."""

    login: str
    role: str
    conninfo: str = field(repr=False)


def with_password(warehouse: str, login: str, password: str) -> Accepted:
    """Log in to the warehouse that the connection string `warehouse` names.

    The server must ask for the password by SCRAM: a server that trusts whoever connects would let everybody in. Nothing of the
    console's own environment is used, such as its passwords.

    Raises:
        Refused: the server refused the login, or the login may not use the console.
        WarehouseUnreachable: the server does not answer.
    """
    if (
        not login
        or not password
        or "\0" in login + password
        or len(login.encode()) > 63
        or len(password) > 1024
    ):
        raise Refused(_BAD, "empty or too long")
    return _accepted(warehouse, login, password=password, passfile="/dev/null", require_auth="scram-sha-256")


def of_proxy(warehouse: str, login: str) -> Accepted:
    """Log in as a login that a trusted proxy named, with the password that the console's own password file has for it.

    Raises what `with_password` raises.
    """
    return _accepted(warehouse, login)


def forget(conninfo: str) -> None:
    """Forget all that was kept about a connection string, which holds a password."""
    connect.forget(conninfo)


def _accepted(warehouse: str, login: str, **words: str) -> Accepted:
    with _at_once:
        conninfo = _conninfo(warehouse, login, words)
        try:
            return _checked(warehouse, login, conninfo)
        except BaseException:
            forget(conninfo)
            raise


def _conninfo(warehouse: str, login: str, words: dict[str, str]) -> str:
    """The connection string of a login for the server and database that the console itself has reached."""
    with connect.session(warehouse, role=None, name=NAME) as opened:
        info = opened.info
        there = {"host": info.host, "port": str(info.port), "dbname": info.dbname}
        # How the line is encrypted, and which certificate the server must have, may stand in the service.
        there |= {key: value for key, value in info.get_parameters().items() if key.startswith("ssl")}
    given = {key: str(value) for key, value in conninfo_to_dict(warehouse).items()} | there
    others = {key: value for key, value in given.items() if key not in _OF_CONSOLE}
    return make_conninfo(**(others | {"user": login, "gssencmode": "disable"} | words))


def _checked(warehouse: str, login: str, conninfo: str) -> Accepted:
    try:
        with connect.session(conninfo, role=None, name=NAME) as opened:
            if owner.has_power(opened):
                raise Refused(
                    "The server's administrator cannot log in here. Use whadmin, or a login of your own.",
                    "an administrator's login",
                )
    except WarehouseUnreachable as error:
        # The words of libpq and of the server may be in any language. If the console itself can log in, it was the login.
        with connect.session(warehouse, role=None, name=NAME):
            raise Refused(_BAD, error.message) from None
    try:
        with connect.session(conninfo, name=NAME) as opened:
            role = connect.acting(opened)
    except DatabaseError as error:
        raise Refused(
            "This login is a reader's or somebody else's. The console needs whadmin, or a member of a group: operators, "
            "auditors or template authors.",
            error.message,
        ) from None
    except WarehouseUnreachable:
        raise
    except TenantryError as error:
        raise Refused("The warehouse cannot be used with this login.", error.message) from None
    return Accepted(login, role, conninfo)
