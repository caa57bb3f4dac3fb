"""New passwords for sources, from where the fleet file says they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import InputError, TenantryError, WarehouseUnreachable
from tenantry.db.errors import translated
from tenantry.db.queries import query
from tenantry.fleet.file import Unfetched
from tenantry.fleet.secrets import SecretMissing, resolve
from tenantry.flow.source import connection as connections


@dataclass(frozen=True)
class Rotated:
    """The result for a connection: `changed` if a different password is stored now, `reason` if storing it failed."""

    name: str
    tenants: Sequence[str]
    changed: bool = False
    reason: str | None = None


def chosen(
    session: psycopg.Connection, secrets: Mapping[str, Unfetched], names: Collection[str]
) -> list[str]:
    """Return the connections of these tenants, or with these names; by default all stored ones that have a password in
    the file.

    Raises InputError for one that is not stored, and for one without a password in the file.
    """
    if not names:
        return sorted(name for name in secrets if connections.find(session, name) is not None)
    found = list(dict.fromkeys(connections.of_tenant(session, name).name for name in names))
    for name in found:
        if name not in secrets:
            raise InputError(
                f'the file has no password for connection "{name}"',
                hint=f"tenantry tenant edit {name} --password asks for one.",
            )
    return found


def run(
    session: psycopg.Connection,
    secrets: Mapping[str, Unfetched],
    names: Collection[str],
    watch: Callable[[Rotated], None],
) -> list[Rotated]:
    """Fetch the password of each connection, test it, and store it, one connection after the other.

    A password that the source refuses is not stored. One that is already stored is left alone, so an interrupted run
    continues when it is run again. Raises WarehouseUnreachable; what was stored before stays.
    """
    done = []
    for name in names:
        rotated = _rotate(session, name, secrets[name])
        watch(rotated)
        done.append(rotated)
    return done


def _rotate(session: psycopg.Connection, name: str, secret: Unfetched) -> Rotated:
    tenants = connections.users(session, name)
    try:
        with translated():
            password = resolve(secret.reference, secret.folder).get_secret_value()
            session.execute(query("source", "hide_parameters"))
            row = session.execute(query("fleet", "has_password"), (name, password)).fetchone()
            if row and row[0]:
                connections.probe(session, name)
                return Rotated(name, tenants)
            connections.replace(session, connections.get(session, name), password)
    except SecretMissing as missing:
        return Rotated(name, tenants, reason=f"{secret.place}: {missing}")
    except WarehouseUnreachable:
        raise
    except TenantryError as error:
        return Rotated(name, tenants, reason=error.message)
    return Rotated(name, tenants, changed=True)
