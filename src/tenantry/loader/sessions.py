"""The sessions of one worker: one on the warehouse, one on a source at a time."""

from __future__ import annotations

from contextlib import suppress

import psycopg

from tenantry.core.errors import TenantryError
from tenantry.db.connect import cut, open_session, session
from tenantry.db.login import ASKS, LoginFailed, knock
from tenantry.db.queries import query
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.digest import SourceTypes
from tenantry.flow.source.session import Login, open_source, source_conninfo
from tenantry.loader.retry import refuses, words

_NOT_THIS_MACHINE = "28000"
"""invalid_authorization_specification: what pg_hba.conf says to a machine that it does not list."""


_NAME = "tenantry backfill"
"""By which other sessions see that a load is at work."""


class SourceOutOfReach(Exception):
    """This machine does not come to the source; the warehouse's server may reach it all the same."""


class SourceRefuses(psycopg.OperationalError):
    """The source answers, and refuses the login for good."""

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
        """Whether the session on the warehouse is settled for slices."""
        self._source: psycopg.Connection | None = None
        self._login: Login | None = None
        self.source_types: SourceTypes = {}
        """What the session on the source said of its columns."""
        self.connection: str | None = None
        """The name of the connection that is open now."""

    def warehouse(self) -> psycopg.Connection:
        """The session on the warehouse, where a commit returns before it is on the disk. Raises WarehouseUnreachable.

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
        """Let commits wait for the disk until the session is used for slices again. Those also write out all before them."""
        if self._loads and self._warehouse is not None and not self._warehouse.closed:
            self._warehouse.execute("RESET synchronous_commit")
        self._loads = False

    def through_warehouse(self, connection: str, *, let_in: bool = True) -> psycopg.Connection:
        """The warehouse's session, with a login to the source held in it.

        `let_in`: the source has let somebody in before. Raises SourceRefuses if it never will; dblink cannot tell, but
        the source itself says whether it is up and asks for a password.
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
        """A session on the source itself. `let_in`: the source has let somebody in from here before.

        Raises:
            SourceOutOfReach: it cannot be reached from here.
            SourceRefuses: it refuses the login, here as anywhere.
            LoginFailed: it has no place at the moment, or was lost.
        """
        warehouse = self.warehouse()
        login = source_conninfo(warehouse, connection)
        # Asked each time: a password that was changed or a source that moved is to be in effect at once.
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
        """Whether a session broke, on the warehouse or on a source."""
        return any(opened is not None and opened.broken for opened in (self._warehouse, self._source))

    def let_go(self) -> None:
        """Close everything: a session may be broken, and the next use opens new ones."""
        for opened in (self._source, self._warehouse):
            if opened is not None:
                opened.close()
        self._source = None
        self.connection = None

    def leave(self) -> None:
        """Close everything but the session that was given, if it is as good as it was."""
        given = self._given
        if given is not None and self._warehouse is given and not given.closed:
            with suppress(psycopg.Error):
                self.leave_source()
                self.wait_for_disk()
                self._warehouse = None
        self.let_go()

    def end(self) -> None:
        """End what runs, from another thread.

        The warehouse's session is ended, not asked: when a statement is cancelled, dblink still waits for the source to
        finish it.
        """
        source, warehouse = self._source, self._warehouse
        if source is not None and not source.closed:
            with suppress(psycopg.Error):
                source.cancel_safe(timeout=5)
        if warehouse is not None and not warehouse.closed:
            # As whoever logged in: whadmin may not end the session of a superuser who acts as whadmin.
            with suppress(psycopg.Error, TenantryError), session(self._conninfo, role=None) as other:
                other.execute(query("session", "end_session"), (warehouse.info.backend_pid,))

    def cut(self) -> None:
        """Break the line to a source that does not even hear of a cancel: whoever waits for it gets an error."""
        if self._source is not None:
            cut(self._source)

    def end_snapshot(self) -> None:
        """End the transaction that was begun at the source, if it is still there."""
        if self._source is None:
            self.leave_source()
        elif not self._source.closed:
            self._source.rollback()

    def rest(self) -> None:
        """Keep what the next run may use: dblink's login is let go, as nothing would tell that its password changed."""
        if self._source is None:
            self.leave_source()

    def leave_source(self) -> None:
        """Log out of the source, which ends what was begun there."""
        if self._source is not None:
            self._source.close()
            self._source = None
        elif self.connection is not None and self._warehouse is not None and not self._warehouse.closed:
            slices.release_source(self._warehouse, self.connection)
        self.connection = None


class Keeper:
    """Sessions for workers, taken and given back; those that are there are used again before new ones are opened.

    Safe to use from several threads. A program that loads again and again keeps one and saves the logins.
    """

    def __init__(self, conninfo: str, given: psycopg.Connection | None = None) -> None:
        """A session on the warehouse that is `given` is used first, and stays open."""
        self._conninfo = conninfo
        self._idle = [Sessions(conninfo, given)] if given is not None else []

    def take(self) -> Sessions:
        """Sessions for one worker; those that were given back last, if there are any."""
        try:
            return self._idle.pop()
        except IndexError:
            return Sessions(self._conninfo)

    def give_back(self, sessions: Sessions) -> None:
        """Keep sessions for another worker."""
        self._idle.append(sessions)

    def close(self) -> None:
        """Log out everywhere, but of the session that was given."""
        while self._idle:
            self._idle.pop().leave()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
