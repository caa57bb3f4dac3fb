"""The difference between a declared fleet and a live one, as an ordered list of changes. Does not query the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from tenantry.core.errors import InputError
from tenantry.core.model import Template
from tenantry.core.names import check_tenant_name
from tenantry.core.storage import of_template
from tenantry.fleet.change import Change, Detail, Kind, in_order
from tenantry.fleet.model import Alerts, Feed, Fleet, Job, Reader, Source, Tenant
from tenantry.flow.alert import route as routes
from tenantry.flow.template.file import merged

_Thing = TypeVar("_Thing")

_Details = tuple[Detail, ...]


def difference(wanted: Fleet, live: Fleet, builtin: Callable[[str], object | None]) -> list[Change]:
    """Return the changes that make `live` match `wanted`; none if it does. `builtin` finds the templates of the
    program.

    Raises InputError for a file that names something that does not exist, or leaves out something that is used.
    """
    changes = [
        *_templates(wanted, live, builtin),
        *_connections(wanted, live),
        *_tenants(wanted, live),
        *_jobs(wanted.jobs, live.jobs or {}),
        *_readers(wanted.readers, live.readers or {}),
        *_alerts(wanted, live),
    ]
    return in_order(changes)


def staying(wanted: Fleet, live: Fleet) -> Mapping[str, Tenant]:
    """The future tenants."""
    return (live.tenants or {}) if wanted.tenants is None else wanted.tenants


def _compared(
    kind: Kind,
    wanted: Mapping[str, _Thing],
    live: Mapping[str, _Thing],
    new: Callable[[_Thing], _Details],
    differing: Callable[[_Thing, _Thing], _Details],
) -> list[Change]:
    """Creations and changes of one kind."""
    changes = []
    for name, thing in wanted.items():
        if name not in live:
            changes.append(Change("create", kind, name, new(thing)))
        elif details := differing(thing, live[name]):
            changes.append(Change("change", kind, name, details))
    return changes


def _pairs(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> _Details:
    keys = dict.fromkeys((*new, *old))
    return tuple(
        Detail(key, old.get(key), new.get(key))
        for key in keys
        if (old.get(key) or None) != (new.get(key) or None)
    )


# Templates ------------------------------------------------------------------------------------------------------------


def _templates(wanted: Fleet, live: Fleet, builtin: Callable[[str], object | None]) -> list[Change]:
    there = live.templates or {}
    if wanted.templates is None:
        return []
    used = {template for tenant in staying(wanted, live).values() for template in tenant.feeds}
    gone = [name for name in there if name not in wanted.templates and builtin(name) is None]
    for name in gone:
        if name in used:
            raise InputError(f'template "{name}" is used by a tenant, and the file does not declare it')
    return [
        *_compared(
            "template",
            wanted.templates,
            there,
            lambda template: _pairs({}, _template(template)),
            lambda new, old: _pairs(_template(old), _template(merged(new, old))),
        ),
        *(Change("remove", "template", name) for name in gone),
    ]


def _template(template: Template) -> dict[str, str | None]:
    return {
        "description": template.description,
        "storage": of_template(template.storage, template.time_column),
        "time_column": template.time_column,
        "partition_by": template.partition_by or "year",
        "ahead": None if template.ahead == "0" else template.ahead,
        "lookback": None if template.lookback == "14" else template.lookback,
        "query": template.query,
        "columns": template.columns,
        "descriptions": "\n".join(f"{name}: {text}" for name, text in (template.descriptions or {}).items()),
        "indexes": template.indexes,
    }


# Connections ----------------------------------------------------------------------------------------------------------


def _connections(wanted: Fleet, live: Fleet) -> list[Change]:
    for name, source in wanted.connections.items():
        if name not in live.connections and source.password is None and source.unread is None:
            raise InputError(f'connection "{name}" is new and needs a password')
    stay = _used(staying(wanted, live).values())
    removed = {n: t for n, t in (live.tenants or {}).items() if n not in staying(wanted, live)}
    orphans = _used(removed.values()) - stay
    gone = [
        name
        for name in live.connections
        if name not in wanted.connections and (not wanted.other_connections or name in orphans)
    ]
    for name in gone:
        if name in stay:
            raise InputError(f'connection "{name}" is used by a tenant, and the file does not declare it')
    return [
        *_compared("connection", wanted.connections, live.connections, _new_source, _source_differs),
        *(Change("remove", "connection", name) for name in gone),
    ]


def _used(tenants: Iterable[Tenant]) -> set[str]:
    return {
        used
        for tenant in tenants
        for used in (tenant.connection, *(f.connection for f in tenant.feeds.values()))
    }


def _new_source(source: Source) -> _Details:
    return _pairs({}, _source(source))


def _source_differs(new: Source, old: Source) -> _Details:
    details = _pairs(_source(old), _source(new))
    if new.password is not None and new.password != old.password:
        details += (Detail("password", secret=True),)
    return details


def _source(source: Source) -> dict[str, str | None]:
    address = source.connection
    return {
        "host": address.host,
        "port": str(address.port),
        "dbname": address.dbname,
        "username": address.username,
        **{f"options.{key}": value for key, value in address.options.items()},
    }


# Tenants --------------------------------------------------------------------------------------------------------------


def _tenants(wanted: Fleet, live: Fleet) -> list[Change]:
    there = live.tenants or {}
    if wanted.tenants is None:
        return []
    templates = dict(live.templates or {})
    for name, template in (wanted.templates or {}).items():
        templates[name] = merged(template, templates[name]) if name in templates else template
    changes: list[Change] = []
    for name, tenant in wanted.tenants.items():
        old = there.get(name)
        known = {**wanted.connections, **live.connections}
        for used in sorted(_used([tenant]) - _used([old] if old else [])):
            if used not in known:
                near = get_close_matches(used, known, 1)
                raise InputError(
                    f'tenants.{name}: connection "{used}" does not exist'
                    + (f', did you mean "{near[0]}"?' if near else "")
                )
        if old is None:
            check_tenant_name(name)
            changes.append(Change("create", "tenant", name, (Detail("connection", new=tenant.connection),)))
        elif details := _tenant_differs(tenant, old):
            changes.append(Change("change", "tenant", name, details))
        changes += _feeds(tenant, old.feeds if old else {}, templates)
        was = old.disabled if old else None
        if tenant.disabled != was:
            changes.append(Change("change", "state", name, (Detail("disabled", was, tenant.disabled),)))
    changes += [
        Change("remove", "tenant", name, loses="all its data") for name in there if name not in wanted.tenants
    ]
    return changes


def _tenant_differs(new: Tenant, old: Tenant) -> _Details:
    both = [template for template in new.feeds if template in old.feeds]
    return _pairs(_connections_of(old, both), _connections_of(new, both))


def _connections_of(tenant: Tenant, templates: Iterable[str]) -> Mapping[str, str | None]:
    """The tenant's connection, and those of its feeds that use another one."""
    return {"connection": tenant.connection} | {
        f"feeds.{template}.connection": tenant.feeds[template].connection
        for template in templates
        if tenant.feeds[template].connection != tenant.connection
    }


def _feeds(tenant: Tenant, there: Mapping[str, Feed], templates: Mapping[str, Template]) -> list[Change]:
    changes = []
    for name, feed in tenant.feeds.items():
        if name not in templates:
            raise InputError(f'tenants.{tenant.name}: template "{name}" does not exist')
        begins = of_template(templates[name].storage, templates[name].time_column)
        old = there.get(name)
        # What nobody said stays as it is.
        said = feed.storage or templates[name].storage
        storage = said or (begins if old is None else old.storage)
        if old is None:
            connection = Detail("connection", new=feed.connection)
            changes.append(Change("create", "feed", tenant.name, (connection,), name))
        own = old.query if old else None
        if _lines(feed.query) != _lines(own):
            changes.append(Change("change", "query", tenant.name, (Detail("query", own, feed.query),), name))
        has = begins if old is None else old.storage
        if has != storage:
            changes.append(Change("change", "storage", tenant.name, (Detail("storage", has, storage),), name))
    return changes + [
        Change("remove", "feed", tenant.name, (), name, loses="its days")
        for name in there
        if name not in tenant.feeds
    ]


def _lines(query: str | None) -> list[str]:
    """A query as it is compared: blank lines around it, and how its lines end, do not matter."""
    return (query or "").strip().splitlines()


# Jobs and readers -----------------------------------------------------------------------------------------------------


def _jobs(wanted: Mapping[str, Job] | None, live: Mapping[str, Job]) -> list[Change]:
    if wanted is None:
        return []
    return [
        *_compared(
            "job",
            wanted,
            live,
            lambda job: _pairs({}, _job(job)),
            lambda new, old: _pairs(_job(old), _job(new)),
        ),
        *(
            Change("remove", "job", name, _pairs(_job(job), {}))
            for name, job in live.items()
            if name not in wanted
        ),
    ]


def _job(job: Job) -> dict[str, str | None]:
    return {"schedule": job.schedule, "command": job.command, "active": "true" if job.active else "false"}


def _readers(wanted: Mapping[str, Reader] | None, live: Mapping[str, Reader]) -> list[Change]:
    if wanted is None:
        return []
    for name, reader in wanted.items():
        if name not in live and reader.password is None and reader.unread is None:
            raise InputError(f'reader "{name}" is new and needs a password')
    return [
        *_compared(
            "reader",
            wanted,
            live,
            lambda reader: _pairs({}, _reader(reader)),
            lambda new, old: _pairs(_reader(old, like=new), _reader(new)),
        ),
        *(Change("remove", "reader", name) for name in live if name not in wanted),
    ]


def _reader(reader: Reader, like: Reader | None = None) -> dict[str, str | None]:
    """The values to compare; of an old thing, only those that the new one (`like`) mentions."""
    settings = {
        "connections": None if reader.connections is None else str(reader.connections),
        "statement_timeout": reader.statement_timeout,
    }
    if like is not None:
        settings = {key: value for key, value in settings.items() if getattr(like, key) is not None}
    tenants = "all" if reader.tenants is None else ", ".join(reader.tenants) or "none"
    return {"tenants": tenants, **settings}


# Alerts ---------------------------------------------------------------------------------------------------------------


def _alerts(wanted: Fleet, live: Fleet) -> list[Change]:
    there = live.alerts or {}
    if wanted.alerts is None:
        return []
    tenants = staying(wanted, live)
    templates = {**(live.templates or {}), **(wanted.templates or {})}
    for name, alerts in wanted.alerts.items():
        routes.require_names(alerts.route, tenants, templates, f"alerts.{name}: ")
        stored = there[name].route.has_secret if name in there else False
        if alerts.route.needs_secret and not stored and alerts.secret is None and alerts.unread is None:
            raise InputError(f"alerts.{name} needs a secret")
    return [
        *_compared("alert", wanted.alerts, there, lambda new: _pairs({}, _route(new)), _route_differs),
        *(Change("remove", "alert", name) for name in there if name not in wanted.alerts),
    ]


def _route_differs(new: Alerts, old: Alerts) -> _Details:
    details = _pairs(_route(old), _route(new))
    if new.secret is not None and new.secret != old.secret:
        details += (Detail("secret", secret=True),)
    return details


def _route(alerts: Alerts) -> dict[str, str | None]:
    route = alerts.route
    return {
        "kind": route.kind,
        "address": route.address,
        "sender": route.sender,
        "recipients": ", ".join(route.recipients),
        "severity": route.severity,
        "tenants": ", ".join(sorted(route.tenants)),
        "templates": ", ".join(sorted(route.templates)),
        "repeat_after": routes.as_text(route.repeat_after),
        "plain": "true" if route.plain else None,
    }
