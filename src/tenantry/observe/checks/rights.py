"""Roles and rights that differ from the installation."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from tenantry.core.model import OWNER, READER
from tenantry.core.words import some
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity

_ADMIN = " -- as the administrator"

_SHOWN = 10
"""How many slices of a feed get a command each: there may be hundreds."""


def _roles(examined: Examined) -> Iterator[Finding]:
    there = set()
    for name, *attributes, login in examined.rows("attributes"):
        there.add(name)
        too_much = [
            word
            for word, has in zip(
                ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"), attributes, strict=True
            )
            if has
        ]
        if too_much:
            severity = Severity.ERROR if name == READER or "SUPERUSER" in too_much else Severity.WARNING
            command = f"ALTER ROLE {name} {' '.join('NO' + word for word in too_much)};{_ADMIN}"
            yield Finding(
                severity, name, f"the role is {', '.join(too_much)}, which it does not need", command
            )
        if not login:
            yield Finding(
                Severity.WARNING, name, "the role cannot log in", f"ALTER ROLE {name} LOGIN;{_ADMIN}"
            )
    if READER not in there:
        yield Finding(Severity.ERROR, READER, "the role is missing: reports cannot log in", "tenantry init")
        return
    groups = [row[0] for row in examined.rows("reader_memberships")]
    if groups:
        yield Finding(
            Severity.ERROR,
            READER,
            f"as a member of {some(groups)} it may do more than read reports",
            f"REVOKE {', '.join(groups)} FROM {READER};{_ADMIN}",
        )
    defaults, excludes, needs_exclusion = examined.rows("reader_defaults")[0]
    if not defaults:
        yield Finding(
            Severity.WARNING,
            READER,
            "it may not read what will be created in public",
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT ON TABLES TO {READER};",
            safe=True,
        )
    if needs_exclusion and not excludes:
        yield Finding(
            Severity.WARNING,
            READER,
            "its constraint_exclusion is not on: a report on a day reads the slices of all days",
            f"ALTER ROLE {READER} SET constraint_exclusion = on;{_ADMIN}",
        )


def _rights(examined: Examined) -> Iterator[Finding]:
    if READER not in {row[0] for row in examined.rows("attributes")}:
        return
    for schema, internal, reads, creates, works, all_create, owner in examined.rows("schema_rights"):
        name = sql.Identifier(schema).as_string()
        # Only its owner can grant rights on a schema; whadmin acts only for itself.
        who = "" if owner == OWNER else _ADMIN
        mine = owner == OWNER
        if all_create:
            reason = "everybody may create objects in it"
            yield Finding(
                Severity.ERROR, schema, reason, f"REVOKE CREATE ON SCHEMA {name} FROM PUBLIC;{who}", safe=mine
            )
        elif creates:
            reason = f"{READER} may create objects in it"
            yield Finding(
                Severity.ERROR,
                schema,
                reason,
                f"REVOKE CREATE ON SCHEMA {name} FROM {READER};{who}",
                safe=mine,
            )
        if internal and reads:
            reason = f"{READER} may look into it"
            yield Finding(
                Severity.WARNING,
                schema,
                reason,
                f"REVOKE USAGE ON SCHEMA {name} FROM {READER}, PUBLIC;{who}",
                safe=mine,
            )
        if not internal and not reads:
            reason = f"{READER} may not read it: reports fail"
            yield Finding(
                Severity.ERROR, schema, reason, f"GRANT USAGE ON SCHEMA {name} TO {READER};{who}", safe=mine
            )
        if not works:
            reason = f"{OWNER} may not work in it: loads fail"
            yield Finding(Severity.ERROR, schema, reason, f"GRANT ALL ON SCHEMA {name} TO {OWNER};{_ADMIN}")
    for relation, owner in examined.rows("unreadable"):
        mine = owner == OWNER
        command = f"GRANT SELECT ON {relation} TO {READER};{'' if mine else _ADMIN}"
        yield Finding(Severity.ERROR, relation, f"{READER} may not read it: reports fail", command, safe=mine)
    for relation, kind, owner in examined.rows("foreign_owners"):
        reason = f"it belongs to {owner}: {OWNER} cannot refresh it"
        yield Finding(Severity.ERROR, relation, reason, f"ALTER {kind} {relation} OWNER TO {OWNER};{_ADMIN}")
    for feed in examined.feeds:
        foreign = [part for part in feed.parts if part.owner != OWNER]
        for part in foreign[:_SHOWN]:
            name = sql.Identifier(feed.schema, part.name).as_string()
            reason = f"it belongs to {part.owner}: {OWNER} cannot refresh it"
            if len(foreign) > _SHOWN:
                reason += f" ({len(foreign)} of {feed} are affected)"
            kind = "MATERIALIZED VIEW" if part.day else "TABLE"
            yield Finding(
                Severity.ERROR,
                f"{feed.schema}.{part.name}",
                reason,
                f"ALTER {kind} {name} OWNER TO {OWNER};{_ADMIN}",
            )
    for relation, privileges, grantee, mine in examined.rows("writable"):
        reason = f"{'everybody' if grantee == 'PUBLIC' else grantee} may write to it ({privileges})"
        command = f"REVOKE {privileges} ON {relation} FROM {grantee};{'' if mine else _ADMIN}"
        yield Finding(Severity.ERROR, relation, reason, command, safe=mine)


ROLES = Check("roles", "Do the roles have the attributes they need, and no more?", False, _roles)
RIGHTS = Check("rights", "Can readers read reports and nothing else, and can whadmin work?", False, _rights)
