"""What a change needs from earlier ones: if one of those failed, it is not tried."""

from __future__ import annotations

from tenantry.fleet.change import Change, Kind
from tenantry.fleet.model import Fleet
from tenantry.flow.job import subject as job_command

Key = tuple[Kind, str, str | None]
"""Kind, name and template of a change."""


def of(wanted: Fleet, change: Change) -> set[Key]:
    """The changes, as keys, that this one requires. Removals require nothing."""
    if change.action == "remove":
        return set()
    if change.kind in ("tenant", "state"):
        return _tenant(wanted, change.name) - {("tenant", change.name, None)} | (
            {("tenant", change.name, None)} if change.kind == "state" else set()
        )
    if change.kind in ("feed", "query", "storage"):
        return _feed(wanted, change.name, change.template)
    if change.kind == "job":
        subject = job_command.subject((wanted.jobs or {})[change.name].command)
        return _feed(wanted, subject.schema, subject.template)
    if change.kind == "reader":
        tenants = (wanted.readers or {})[change.name].tenants
        return {("tenant", name, None) for name in tenants or ()}
    return set()


def _tenant(wanted: Fleet, name: str | None) -> set[Key]:
    tenant = (wanted.tenants or {}).get(name or "")
    if tenant is None:
        return set()
    connections = {tenant.connection, *(feed.connection for feed in tenant.feeds.values())}
    return {("tenant", tenant.name, None), *(("connection", c, None) for c in connections)}


def _feed(wanted: Fleet, name: str | None, template: str | None) -> set[Key]:
    """What a feed requires, and the feed itself."""
    keys: set[Key] = set()
    if template is not None:
        keys.add(("template", template, None))
    tenant = (wanted.tenants or {}).get(name or "")
    if tenant is not None:
        keys |= {("tenant", tenant.name, None), ("feed", tenant.name, template)}
        feed = tenant.feeds.get(template or "")
        keys.add(("connection", feed.connection if feed else tenant.connection, None))
    return keys
