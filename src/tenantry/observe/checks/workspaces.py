"""Schemas in which readers create tables and views, which must lead nobody else into them."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from tenantry.core.model import OWNER
from tenantry.core.words import some
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry

_ADMIN = " -- as the administrator"


def _workspaces(examined: Examined) -> Iterator[Finding]:
    for reader, tenants, name, exists, owner, creates, others, finders in examined.rows("workspaces"):
        schema = sql.Identifier(name).as_string()
        seen = ["--all"] if tenants is None else [word for one in tenants for word in ("--tenant", one)]
        if not exists or not creates:
            reason = (
                f"reader {reader} may not create objects in its workspace"
                if exists
                else f"the workspace of reader {reader} is missing"
            )
            yield Finding(
                Severity.WARNING,
                name,
                reason,
                tenantry("reader", "add", reader, *seen, "--workspace", name),
            )
        if exists and owner != OWNER:
            yield Finding(
                Severity.ERROR,
                name,
                f"the workspace of reader {reader} belongs to {owner}, not to {OWNER}",
                f"ALTER SCHEMA {schema} OWNER TO {OWNER};{_ADMIN}",
            )
        if others:
            yield Finding(
                Severity.ERROR,
                name,
                f"{some(others)} may create objects in the workspace of reader {reader}",
                f"REVOKE CREATE ON SCHEMA {schema} FROM {', '.join(others)};{'' if owner == OWNER else _ADMIN}",
                safe=owner == OWNER,
            )
        for role in finders:
            yield Finding(
                Severity.ERROR,
                name,
                f"the search_path of role {role} leads into the workspace of reader {reader}, who decides what is there",
                f"ALTER ROLE {sql.Identifier(role).as_string()} SET search_path = public;{_ADMIN}",
            )


WORKSPACES = Check(
    "workspaces",
    "Does each workspace exist, and can nobody but its reader create objects in it?",
    False,
    _workspaces,
)
