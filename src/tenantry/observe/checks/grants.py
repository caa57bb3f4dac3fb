"""Rights, memberships, settings, triggers and kinds of relations that differ from a fresh installation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import sql

from tenantry.core.model import OWNER
from tenantry.db.migrations import tables
from tenantry.db.queries import query
from tenantry.db.routines import triggers
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity

_ADMIN = " -- as the administrator"

_WRITE = (
    f"GRANT USAGE ON SCHEMA _wh_audit TO {OWNER}; GRANT SELECT ON _wh_audit.entries, _wh_audit.restored TO {OWNER};"
    f" GRANT INSERT (what, subject, result) ON _wh_audit.entries TO {OWNER};"
)
"""What whadmin needs to write the audit trail."""

_READ = {"_wh.readers", "_wh.tenants", "_wh.tenant_connections"}
"""Tables that say who should have which rights."""


def _rows(examined: Examined, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    return examined.session.execute(query("grants", name), parameters).fetchall()


def _grants(examined: Examined) -> Iterator[Finding]:
    yield from _trail(examined)
    odd = list(_relations(examined))
    yield from odd
    if {finding.subject for finding in odd} & _READ:
        # What these say about readers and tenants cannot be trusted, and may not be readable.
        return
    yield from _limits(examined)
    yield from _objects(examined)
    yield from _defaults(examined)
    yield from _roles(examined)


def _trail(examined: Examined) -> Iterator[Finding]:
    found = _rows(examined, "audit_trail")[0]
    missing, owned, privileges, creates, unstamped, owner, of_restored, closed = found
    subject = "_wh_audit.entries"
    if missing:
        yield Finding(
            Severity.WARNING,
            subject,
            "there is no audit trail",
            f"tenantry upgrade{_ADMIN.replace('--', '#')}",
        )
    elif owned:
        yield Finding(
            Severity.ERROR, subject, f"the audit trail belongs to {owner}: whadmin can change it",
            # An owner's rights go to the next owner.
            f"ALTER TABLE _wh_audit.entries OWNER TO CURRENT_USER; ALTER SCHEMA _wh_audit OWNER TO CURRENT_USER; {_WRITE}{_ADMIN}",
        )  # fmt: skip
    else:
        for table, loose in ((subject, privileges), ("_wh_audit.restored", of_restored)):
            if loose:
                reason = f"{OWNER} may change the audit trail ({loose})"
                yield Finding(
                    Severity.ERROR, table, reason, f"REVOKE {loose} ON {table} FROM {OWNER}, PUBLIC;{_ADMIN}"
                )
        if closed:
            reason = f"{OWNER} cannot write the audit trail, so nothing in _wh can be changed"
            yield Finding(Severity.ERROR, subject, reason, f"{_WRITE}{_ADMIN}")
        if creates:
            reason = f"{OWNER} may create objects next to the audit trail"
            command = f"REVOKE CREATE ON SCHEMA _wh_audit FROM {OWNER}, PUBLIC;{_ADMIN}"
            yield Finding(Severity.ERROR, "_wh_audit", reason, command)
        if unstamped:
            reason = "no trigger stamps the entries of the audit trail, so they may say anything"
            yield Finding(Severity.ERROR, subject, reason, f"tenantry upgrade{_ADMIN.replace('--', '#')}")


def _limits(examined: Examined) -> Iterator[Finding]:
    for (template,) in _rows(examined, "unlimited"):
        publish = sql.SQL("SELECT _wh.update_public_view_by_template({})").format(sql.Literal(template))
        yield Finding(
            Severity.ERROR,
            f"public.{template}",
            "readers of some tenants may see rows of others: row security was changed",
            f"{publish.as_string()};",
        )


def _objects(examined: Examined) -> Iterator[Finding]:
    for kind, name, privileges, grantee, owner in _rows(examined, "loose"):
        mine = owner == OWNER
        what = f"{privileges} ON {kind} {name}"
        if kind.startswith("COLUMN "):
            what = ", ".join(f"{p} ({kind.removeprefix('COLUMN ')})" for p in privileges.split(", "))
            what += f" ON TABLE {name}"
        who = "everybody has" if grantee == "PUBLIC" else f"{grantee} has"
        yield Finding(
            Severity.ERROR,
            name,
            f"{who} {privileges} on this {kind.split()[-1].lower() if not kind.startswith('COLUMN') else 'column'}",
            f"REVOKE {what} FROM {grantee};{'' if mine else f' -- as {owner}'}",
            safe=mine,
        )
    for kind, name, owner in _rows(examined, "strange_owners"):
        yield Finding(
            Severity.ERROR,
            name,
            f"it belongs to {owner}, not to {OWNER}",
            f"ALTER {kind} {_quoted(name)} OWNER TO {OWNER};{_ADMIN}",
        )


def _defaults(examined: Examined) -> Iterator[Finding]:
    for role, schema, kind, privileges, grantee in _rows(examined, "loose_defaults"):
        where = f" IN SCHEMA {_quoted(schema)}" if schema else ""
        yield Finding(
            Severity.ERROR,
            schema or role,
            f"{kind.lower()} that {role} makes{f' in {schema}' if schema else ''} are given to {grantee} ({privileges})",
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {_quoted(role)}{where} REVOKE {privileges} ON {kind} FROM {grantee};",
            safe=True,
        )
    if _rows(examined, "open_functions")[0][0]:
        yield Finding(
            Severity.ERROR,
            OWNER,
            f"functions that {OWNER} creates may be executed by everybody",
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
            safe=True,
        )


def _roles(examined: Examined) -> Iterator[Finding]:
    for role, group, reason in _rows(examined, "strong_members"):
        yield Finding(
            Severity.ERROR,
            role,
            f"as a member of {group} it {reason}",
            f"REVOKE {group} FROM {_quoted(role)};{_ADMIN}",
        )
    for role, attributes in _rows(examined, "strong_readers"):
        yield Finding(
            Severity.ERROR,
            role,
            f"the reader is {', '.join(attributes)}",
            f"ALTER ROLE {_quoted(role)} {' '.join('NO' + word for word in attributes)};{_ADMIN}",
        )
    for role, database, setting in _rows(examined, "role_settings"):
        where = f" IN DATABASE {_quoted(database)}" if database else ""
        yield Finding(
            Severity.ERROR,
            role,
            f"its sessions start with their own setting of {setting}",
            f"ALTER ROLE {_quoted(role)}{where} RESET {setting};{_ADMIN}",
        )


def _relations(examined: Examined) -> Iterator[Finding]:
    for name, kind, owner, secured, kept, rules in _rows(examined, "odd_relations", tables=tables()):
        yield from _relation(name, kind, owner, secured, kept, rules)
    ours = triggers()
    for table, name, function in _rows(examined, "strange_triggers"):
        if (table, name) not in ours:
            yield Finding(
                Severity.ERROR,
                table,
                f"a trigger that is not Tenantry's runs {function}: {name}",
                f"DROP TRIGGER {_quoted(name)} ON {table};",
            )


def _relation(
    name: str, kind: str, owner: str, secured: bool, kept: str | None, rules: list[str]
) -> Iterator[Finding]:
    table = f"_wh.{name}"
    if kind != "TABLE":
        back = f"; ALTER TABLE _wh.{_quoted(kept)} RENAME TO {name};" if kept else ";"
        yield Finding(
            Severity.ERROR,
            table,
            f"a {kind.lower()} has taken the table's place: its content may be false, and reading it may run what it calls",
            f"DROP {kind} {table}{back}{'' if owner == OWNER else _ADMIN}",
        )
        return
    if owner != OWNER:
        yield Finding(
            Severity.ERROR,
            table,
            f"it belongs to {owner}, not to {OWNER}",
            f"ALTER TABLE {table} OWNER TO {OWNER};{_ADMIN}",
        )
    if secured:
        yield Finding(
            Severity.ERROR,
            table,
            "row security hides some of its rows",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
        )
    for rule in rules:
        yield Finding(
            Severity.ERROR,
            table,
            f"a rule that is not Tenantry's rewrites what is done with it: {rule}",
            f"DROP RULE {_quoted(rule)} ON {table};",
        )


def _quoted(name: str) -> str:
    plain = name.isidentifier() and name.islower() and name.isascii()
    return name if plain else sql.Identifier(name).as_string()


GRANTS = Check("grants", "Does every role have the rights meant for it, and no more?", False, _grants)
