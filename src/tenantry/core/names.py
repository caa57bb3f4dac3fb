"""What a tenant may be called."""

from __future__ import annotations

from tenantry.core.errors import InputError

_RESERVED = {"public", "_wh", "_wh_data", "_wh_internal", "cron", "information_schema"}


def check_tenant_name(name: str) -> None:
    """Raise InputError unless `name` may be the schema of a new tenant."""
    refusal = None
    if not name or any(ord(letter) < 32 or letter in "\"'\\" for letter in name):
        refusal = "may not be empty or contain quotes, backslashes or control characters"
    elif len(name.encode()) > 63:
        refusal = "is longer than 63 bytes, the limit for names in PostgreSQL"
    elif name in _RESERVED or name.startswith("pg_"):
        refusal = "is a name that PostgreSQL or Tenantry uses itself"
    if refusal:
        raise InputError(
            f"tenant name {name!r} {refusal}",
            hint="Use lower-case letters, digits and _.",
        )
