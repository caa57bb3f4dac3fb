"""Readers: logins for reports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.core.connect_strings import ConnectStrings
    from tenantry.flow.tenant.reader import Reader


class Readers(Base):
    """Methods about logins for reports."""

    def readers(self) -> list[Reader]:
        """Return all readers by name: what they see, their limits, and their open sessions."""
        from tenantry.flow.tenant import reader

        with self.session() as opened:
            return reader.readers(opened)

    def reader(self, name: str) -> Reader:
        """Return one reader. Raises InputError if it does not exist, also if the role is of another kind."""
        from tenantry.flow.tenant import reader

        with self.session() as opened:
            return reader.get(opened, name)

    def connect_strings(self, user: str) -> ConnectStrings:
        """Return how other programs connect to this warehouse as that login, with the address and sslmode of this session.

        The strings hold no password. Nothing checks that the login exists.
        """
        from tenantry.core.connect_strings import connect_strings
        from tenantry.db.conninfo import address

        with self._session(role=None) as opened:
            return connect_strings(address(opened, user))

    def put_reader(
        self,
        name: str,
        tenants: Collection[str] | None,
        password: str | None = None,
        *,
        connections: int | None = None,
        statement_timeout: str | None = None,
        valid_until: datetime | Literal["infinity"] | None = None,
        workspace: str | None = None,
    ) -> bool:
        """Create a login that reads the reports of these tenants (None: all), or let an existing reader see exactly these.

        The warehouse's login must be the server's administrator. A new reader needs a password. `connections` is the maximum number of
        sessions, `statement_timeout` how long a report may take (such as 5min), `valid_until` the end of its password. `workspace` is
        a new schema in which it may create tables and views. Those that are None stay unchanged. Returns whether it was created.

        Raises InputError for an unknown tenant, for a role that exists and is not a reader, for a workspace in a schema that exists, and if
        the login may not create roles.
        """
        from tenantry.flow.tenant import reader

        with self._audited("put_reader", name), self._session(role=None) as opened:
            return reader.put(
                opened,
                name,
                tenants,
                password,
                connections=connections,
                statement_timeout=statement_timeout,
                valid_until=valid_until,
                workspace=workspace,
            )

    def drop_reader(self, name: str, *, drop_workspace: bool = False) -> None:
        """Drop a reader: its sessions, its rights and its login. The warehouse's login must be the server's administrator.

        An empty workspace is dropped with it; with `drop_workspace` also one that holds tables and views.

        Raises InputError if it is not a reader, or owns something, which is named.
        """
        from tenantry.flow.tenant import reader

        with self._audited("drop_reader", name), self._session(role=None) as opened:
            reader.drop(opened, name, drop_workspace=drop_workspace)
