"""Look at sources, with and without a stored connection, and draft templates from their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from tenantry.core.errors import InputError
from tenantry.core.model import OWNER
from tenantry.core.storage import WITH_TIME_COLUMN
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    import psycopg

    from tenantry.core.model import Connection, SourceFacts, TemplateFile
    from tenantry.flow.source.candidate import Candidate
    from tenantry.flow.source.catalog import SourceReport, StoredConnection
    from tenantry.flow.template.draft import Draft
    from tenantry.flow.template.prospect import Prospect


class Sources(Base):
    """Methods about sources and their connections."""

    def connections(self) -> list[StoredConnection]:
        """Return all connections by name, with the tenants that use them."""
        from tenantry.flow.source import connection as connections
        from tenantry.flow.source.catalog import StoredConnection

        with self.session() as opened:
            return [
                StoredConnection(address, set_at, tenants)
                for address, set_at, tenants in connections.every(opened)
            ]

    def drop_connection(self, name: str) -> Connection:
        """Drop a connection that no tenant uses, with its stored password. Returns what it was.

        Raises InputError if it does not exist, or if tenants use it.
        """
        from tenantry.flow.source import connection as connections

        with self._audited("drop_connection", name), self.session() as opened, opened.transaction():
            connections.hold(opened, name)
            found = connections.get(opened, name)
            if users := connections.users(opened, name):
                raise InputError(
                    f'connection "{name}" is used by {", ".join(users)}',
                    hint="To drop a tenant with the connections that only it uses: tenantry tenant drop NAME",
                )
            connections.remove(opened, name)
            return found

    def look_at_source(self, source: str | Candidate) -> SourceReport:
        """Log in to a source, and return what answers, what the login may do, and the tables with a date or timestamp column.

        `source` is a connection, or a candidate, of which nothing is stored.

        Raises:
            InputError: there is no such connection.
            SourceError: the source refuses or does not answer.
        """
        from tenantry.flow.source import connection as connections
        from tenantry.flow.source import line
        from tenantry.flow.template import asking

        with self.session() as opened:
            if isinstance(source, str):
                address = connections.get(opened, asking.connection_of(opened, source))
                return _looked(opened, address, connections.probe(opened, address.name), None)
            with opened.transaction(force_rollback=True):
                return _looked(opened, *line.store(opened, source.connection, source.password))

    def draft_from_table(
        self,
        name: str,
        source: str | Candidate,
        table: str,
        *,
        time_column: str | None = None,
        storage: str | None = None,
    ) -> Draft:
        """Draft a template for a table of a source, with every column that its login may read. Nothing is stored.

        `source` is a connection or tenant, or a candidate. `time_column` defaults to the most likely one, `storage` to partition.

        Raises:
            InputError: there is no such connection, table or time column.
            SourceError: the source refuses the query or cannot be reached.
        """
        from tenantry.flow.source import candidate, catalog
        from tenantry.flow.template import asking, draft
        from tenantry.flow.template import table as tables

        if self.acts_as() != OWNER:
            raise InputError(f"only {OWNER} sees the tables of a source", hint="Write a query.")
        with self.session() as opened, candidate.reachable(opened, source) as connection:
            with asking.asked(opened, asking.connection_of(opened, connection), 60) as session:
                found = catalog.find(catalog.tables(session), table)
                time = catalog.time_of(found, time_column)
                text, remarks = tables.of_table(session, found, time)
            drafted = draft.draft(
                opened,
                name,
                text,
                connection,
                time_column=time.name,
                storage=storage or WITH_TIME_COLUMN,
                origin=str(found),
            )
            return replace(drafted, remarks=_once([*remarks, *drafted.remarks]))

    def foresee(
        self, template: TemplateFile, source: str | Candidate, *, first: date | None = None, rows: int = 2
    ) -> Prospect:
        """Try a template on the last day for which a source has rows, and estimate the load of all days, or of those since `first`.

        Nothing is stored.

        Raises what `try_template` raises.
        """
        from tenantry.flow.source import candidate
        from tenantry.flow.template import asking, prospect

        with self.session() as opened, candidate.reachable(opened, source) as connection:
            return prospect.foresee(
                opened, template.template, asking.connection_of(opened, connection), first=first, rows=rows
            )


def _looked(
    opened: psycopg.Connection, address: Connection, facts: SourceFacts, told: str | None
) -> SourceReport:
    from tenantry.flow.source import catalog
    from tenantry.flow.template import asking

    with asking.asked(opened, address.name, 60) as source:
        return catalog.SourceReport(address, facts, told, catalog.login(source), catalog.tables(source))


def _once(remarks: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(remarks))
