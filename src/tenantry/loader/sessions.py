"""The sessions of one worker: one on the warehouse, one on a source at a time."""

from __future__ import annotations

from contextlib import suppress

import psycopg

from tenantry.core.errors import TenantryError
from tenantry.db.connect import cut, open_session, session
from tenantry.db.queries import query
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.digest import SourceTypes
from tenantry.flow.source.login import ASKS, LoginFailed, knock
from tenantry.flow.source.session import Login, open_source, source_conninfo
from tenantry.loader.retry import refuses, words

_NOT_THIS_MACHINE = "28000"
"""invalid_authorization_specification: the answer to a machine that pg_hba.conf does not list."""


_NAME = "tenantry backfill"
"""The application_name by which other sessions see that a load is running."""


class SourceOutOfReach(Exception):
    """This machine cannot reach the source, but the warehouse's server may be able to."""


class SourceRefuses(psycopg.OperationalError):
    """The source answers, and refuses the login permanently."""

    def __init__(self, message: str, sqlstate: str | None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Sessions:
    """Opens sessions when they are needed, and keeps them for the next slice of the same source.

    A source is used either through the warehouse (dblink keeps the login in the warehouse's session) or directly.
    """

    def __init__(self, conninfo: str, given: psycopg.Connection | None = None) -> None:
        self._conninfo = conninfo
        self._given = given
        self._warehouse = given
        self._loads = False
        """Whether the session on the warehouse has the settings for slices."""
        self._source: psycopg.Connection | None = None
        self._login: Login | None = None
        self.source_types: SourceTypes = {}
        """The types of columns that the session on the source has returned."""
        self.connection: str | None = None
        """The name of the connection that is open now."""

    def warehouse(self) -> psycopg.Connection:
        """The session on the warehouse, whose commits return before they are on disk. Raises WarehouseUnreachable.

        A slice and its record are one transaction: a crash loses both, and the next run finds the day missing.
        """
        if self._warehouse is None or self._warehouse.closed:
            self.let_go()
            self._warehouse = open_session(self._conninfo, name=_NAME)
            self._loads = False
        if not self._loads:
            self._warehouse.execute(f"SET application_name = '{_NAME}'; SET synchronous_commit = off")
            self._loads = True
        return self._warehouse

    def wait_for_disk(self) -> None:
        """Let commits wait for the disk, which flushes earlier ones, too, until the session is used for slices again."""
        if self._loads and self._warehouse is not None and not self._warehouse.closed:
            self._warehouse.execute("RESET synchronous_commit")
        self._loads = False

    def through_warehouse(self, connection: str, *, let_in: bool = True) -> psycopg.Connection:
        """The warehouse's session, with a login to the source held in it.

        `let_in`: the source has accepted a login before. Raises SourceRefuses if it refuses permanently; dblink cannot
        tell, but the source itself shows whether it is up and asks for a password.
        """
        opened = self.warehouse()
        if self.connection != connection or self._source is not None:
            self.leave_source()
            try:
                slices.hold_source(opened, connection)
            except psycopg.errors.SqlclientUnableToEstablishSqlconnection as error:
                if not let_in and refuses(knock(source_conninfo(opened, connection).conninfo)):
                    raise SourceRefuses(words(error), error.sqlstate) from error
                raise
            self.connection = connection
        return opened

    def direct(self, connection: str, *, let_in: bool = False) -> psycopg.Connection:
        """A session on the source itself. `let_in`: the source has accepted a login from here before.

        Raises:
            SourceOutOfReach: it cannot be reached from here.
            SourceRefuses: it refuses the login, from any machine.
            LoginFailed: it has no free connection at the moment, or was lost.
        """
        warehouse = self.warehouse()
        login = source_conninfo(warehouse, connection)
        # Read each time, so that a changed password or address takes effect at once.
        if self._source is None or self._source.closed or self._login != login:
            self.leave_source()
            try:
                self._source = open_source(login)
            except LoginFailed as error:
                if not let_in and error.sqlstate in (None, _NOT_THIS_MACHINE):
                    raise SourceOutOfReach(str(error)) from error
                if refuses(error.sqlstate):
                    state = "28P01" if error.sqlstate == ASKS else error.sqlstate
                    raise SourceRefuses(str(error), state) from error
                raise
            self.connection, self._login = connection, login
            self.source_types = {}
        return self._source

    @property
    def lost(self) -> bool:
        """Whether a session is broken, on the warehouse or on a source."""
        return any(opened is not None and opened.broken for opened in (self._warehouse, self._source))

    def let_go(self) -> None:
        """Close everything: a session may be broken, and the next use opens new ones."""
        for opened in (self._source, self._warehouse):
            if opened is not None:
                opened.close()
        self._source = None
        self.connection = None

    def leave(self) -> None:
        """Close everything except the given session, if that is unharmed."""
        given = self._given
        if given is not None and self._warehouse is given and not given.closed:
            with suppress(psycopg.Error):
                self.leave_source()
                self.wait_for_disk()
                self._warehouse = None
        self.let_go()

    def end(self) -> None:
        """End running statements, from another thread.

        The warehouse's session is terminated, because after a cancel dblink would still wait for the source to finish.
        """
        source, warehouse = self._source, self._warehouse
        if source is not None and not source.closed:
            with suppress(psycopg.Error):
                source.cancel_safe(timeout=5)
        if warehouse is not None and not warehouse.closed:
            # As the login role: whadmin may not end the session of a superuser who acts as whadmin.
            with suppress(psycopg.Error, TenantryError), session(self._conninfo, role=None) as other:
                other.execute(query("session", "end_session"), (warehouse.info.backend_pid,))

    def cut(self) -> None:
        """Break the connection to a source that receives no cancel: callers that wait for it get an error."""
        if self._source is not None:
            cut(self._source)

    def end_snapshot(self) -> None:
        """End the transaction at the source, if it is still open."""
        if self._source is None:
            self.leave_source()
        elif not self._source.closed:
            self._source.rollback()

    def rest(self) -> None:
        """Keep what the next run can use; log dblink out, because nothing would show that its password has changed."""
        if self._source is None:
            self.leave_source()

    def leave_source(self) -> None:
        """Log out of the source, which ends its transaction."""
        if self._source is not None:
            self._source.close()
            self._source = None
        elif self.connection is not None and self._warehouse is not None and not self._warehouse.closed:
            slices.release_source(self._warehouse, self.connection)
        self.connection = None


class Keeper:
    """Sessions for workers, taken and given back; existing ones are used again before new ones are opened.

    Safe to use from several threads. A program that loads again and again keeps one and saves the logins.
    """

    def __init__(self, conninfo: str, given: psycopg.Connection | None = None) -> None:
        """The session `given` on the warehouse is used first, and stays open."""
        self._conninfo = conninfo
        self._idle = [Sessions(conninfo, given)] if given is not None else []

    def take(self) -> Sessions:
        """Sessions for one worker; the ones given back last, if any."""
        try:
            return self._idle.pop()
        except IndexError:
            return Sessions(self._conninfo)

    def give_back(self, sessions: Sessions) -> None:
        """Keep sessions for another worker."""
        self._idle.append(sessions)

    def close(self) -> None:
        """Log out everywhere, except from the given session."""
        while self._idle:
            self._idle.pop().leave()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
