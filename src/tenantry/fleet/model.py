"""A fleet: what a file declares, or what a warehouse has, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from tenantry.core.model import Connection, Template


@dataclass(frozen=True)
class Source:
    """A connection with its password; None: whatever is stored."""

    connection: Connection
    password: SecretStr | None = None


@dataclass(frozen=True)
class Feed:
    """A template of a tenant. `storage` None: as the template says."""

    connection: str
    storage: str | None = None


@dataclass(frozen=True)
class Tenant:
    """A tenant and its feeds by template. `disabled` is the reason, None for a tenant at work."""

    name: str
    connection: str
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    disabled: str | None = None


@dataclass(frozen=True)
class Reader:
    """A login for reports. `tenants` None: all. What is None of the others is left as it is."""

    name: str
    tenants: tuple[str, ...] | None
    connections: int | None = None
    statement_timeout: str | None = None
    password: SecretStr | None = None


@dataclass(frozen=True)
class Job:
    """A row of cron.job with a name, of whadmin's and for this database."""

    name: str
    schedule: str
    command: str
    active: bool = True


@dataclass(frozen=True)
class Fleet:
    """All of it by name. None: the file is silent, and whatever there is stays.

    A file may declare connections with its tenants and say nothing of others: `other_connections` is True then.
    `automatic`: each feed has its three jobs, at places that are free.
    """

    templates: Mapping[str, Template] | None = None
    connections: Mapping[str, Source] = field(default_factory=dict)
    other_connections: bool = True
    tenants: Mapping[str, Tenant] | None = None
    readers: Mapping[str, Reader] | None = None
    jobs: Mapping[str, Job] | None = None
    automatic: bool = False
