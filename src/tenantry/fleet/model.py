"""A fleet: what a file declares, or what a warehouse has, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from tenantry.core.model import Connection, Template
from tenantry.flow.alert.route import Route


@dataclass(frozen=True)
class Source:
    """A connection with its password; None means whatever is stored.

    `unread` says why the password is not known here, although the file points to one.
    """

    connection: Connection
    password: SecretStr | None = None
    unread: str | None = None


@dataclass(frozen=True)
class Feed:
    """A template of a tenant. `storage` None: the template's. `query`: the tenant's own, None if it uses the template's."""

    connection: str
    storage: str | None = None
    query: str | None = None


@dataclass(frozen=True)
class Tenant:
    """A tenant and its feeds by template. `disabled` is the reason, None for an enabled tenant.

    If it is not `automatic`, its jobs are those that the file lists, whatever the schedule says.
    """

    name: str
    connection: str
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    disabled: str | None = None
    automatic: bool = True


@dataclass(frozen=True)
class Reader:
    """A login for reports. `tenants` None: all. Other values that are None stay unchanged. `unread`: as for a source."""

    name: str
    tenants: tuple[str, ...] | None
    connections: int | None = None
    statement_timeout: str | None = None
    password: SecretStr | None = None
    unread: str | None = None


@dataclass(frozen=True)
class Job:
    """A named row of cron.job that belongs to whadmin and is for this database."""

    name: str
    schedule: str
    command: str
    active: bool = True


@dataclass(frozen=True)
class Alerts:
    """Where alerts go. A secret of None means the stored one. `unread`: as for a source."""

    route: Route
    secret: SecretStr | None = None
    unread: str | None = None


@dataclass(frozen=True)
class Fleet:
    """Everything by name. None means that the file does not mention it, and what exists stays.

    If a file declares connections with its tenants and says nothing about others, `other_connections` is True. With
    `automatic`, each feed has its three jobs, at free times.
    """

    templates: Mapping[str, Template] | None = None
    connections: Mapping[str, Source] = field(default_factory=dict)
    other_connections: bool = True
    tenants: Mapping[str, Tenant] | None = None
    readers: Mapping[str, Reader] | None = None
    jobs: Mapping[str, Job] | None = None
    alerts: Mapping[str, Alerts] | None = None
    automatic: bool = False
