"""Backups, restores, and loading what is missing afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tenantry.loader.events import Silent, Watcher
from tenantry.warehouse import backups
from tenantry.warehouse.base import Base, Interrupted, limits_or_default
from tenantry.warehouse.tenants import Step, ignore

if TYPE_CHECKING:
    from tenantry.loader.run import Limits
    from tenantry.observe.status import RoleFacts
    from tenantry.recovery.recover import Recovered
    from tenantry.recovery.restore import Restored
    from tenantry.recovery.signature import Signer
    from tenantry.warehouse.backups import Backup
    from tenantry.warehouse.results import BackedUp, RecoveryWork


class Recovering(Base):
    """Methods for backups, and for the time after a loss."""

    def backup(
        self,
        file: Path,
        *,
        passphrase: str | None = None,
        recipients: Sequence[str] = (),
        signer: Signer | None = None,
        logs: bool = True,
        keep: int | None = None,
        force: bool = False,
    ) -> BackedUp:
        """Write everything that the warehouse knows, except the tenants' data, to an encrypted file that only you can read.

        It is encrypted with the passphrase, or to age recipients, and signed by `signer`. With `logs`, the log and the audit trail are
        part of it. With `keep`, older backups whose names differ only in the date are then removed until that many are left. Passwords
        of roles are only part of it if the warehouse's login is a superuser.

        Raises InputError if the file exists, without `force`; if there is neither a passphrase nor a recipient; and, with `keep`, if its
        name contains no date.
        """
        from tenantry.core.errors import InputError, TenantryError
        from tenantry.core.private import writing_private
        from tenantry.recovery import backup, retention, sealed
        from tenantry.warehouse.results import BackedUp

        backups.require_writable(file, recipients=recipients, keep=keep, force=force)
        if (passphrase is None) == (not recipients):
            raise InputError("a backup needs either a passphrase or recipients", hint="Give one of them.")
        with (
            self._audited("backup", str(file)),
            self._session(role=None) as opened,
            backup.reading(opened, logs=logs) as content,
            writing_private(file) as into,
        ):
            sealed.seal(content.packed(signer), into, passphrase=passphrase, recipients=recipients)
        removed = retention.older(file, keep) if keep is not None else []
        for old in removed:
            old.unlink(missing_ok=True)
        size = file.stat().st_size
        with suppress(TenantryError), self.session() as opened:
            # The backup exists, even if the warehouse is gone by now and only knows of an earlier one.
            backup.note(opened, size)
        return BackedUp(file, size, removed, backup.summary(content))

    def roles(self) -> list[RoleFacts]:
        """Return the roles of Tenantry on the server, even if the database is not a warehouse yet."""
        from tenantry.observe import status

        with self._session(role=None) as opened:
            return status.roles(opened)

    def restore(
        self,
        backup: Backup,
        passwords: Mapping[str, str],
        *,
        other_jobs: bool = False,
        keep: Callable[[Mapping[str, str]], None] = lambda generated: None,
    ) -> Restored:
        """Restore a backup into an empty database: everything except the tenants' data, which `recover` loads.

        The warehouse's login must be the server's administrator. `passwords` are for roles that are created now, and replace
        the backup's. `keep` is called with generated passwords before they are in use. Jobs are paused until `recover`; those that do
        more than call Tenantry's functions are only restored with `other_jobs`. What cannot be created is in `left_out`.

        Raises:
            InputError: the database holds tenants, or another role has a reader's name.
            NotInstalled: the warehouse here is newer than this program.
        """
        from tenantry.recovery import restore

        with self._session(role=None) as opened:
            return restore.run(opened, backup.content, passwords, other_jobs=other_jobs, keep=keep)

    def recovery_work(
        self, tenants: Collection[str] | None = None, *, limits: Limits | None = None
    ) -> RecoveryWork:
        """Return what `recover` would load of the tenants named, or of all, and how long that takes at the previous speed.

        Raises InputError for a tenant that does not exist.
        """
        from tenantry.recovery import recover
        from tenantry.warehouse.results import RecoveryWork

        self.release()
        parts = recover.plan(self.conninfo, tenants)
        return RecoveryWork(parts, recover.estimate(parts, limits_or_default(limits)))

    def recover(
        self,
        tenants: Collection[str] | None = None,
        work: RecoveryWork | None = None,
        *,
        limits: Limits | None = None,
        step: Step = ignore,
        watcher: Watcher | None = None,
    ) -> Recovered:
        """Load everything that is missing of the tenants named, or of all, after a restore or a loss. `work` is what `recovery_work` returned.

        Then years that were folded are folded again, what was loaded is compared with the sources, and the jobs that a restore paused
        are resumed. A tenant whose source does not answer does not delay the others; its jobs stay paused. `step` is called with the name and
        the result of each finished step. If it stops, call it again to continue.

        Raises:
            InputError: a tenant does not exist.
            Interrupted: Ctrl-C; what was loaded is kept.
            WarehouseUnreachable: the connection to the warehouse was lost and did not come back.
        """
        from tenantry.recovery import recover

        chosen = work or self.recovery_work(tenants, limits=limits)
        subject = ", ".join(sorted({part.feed.schema for part in chosen.parts}))
        with self._audited("recover", subject):
            how = limits_or_default(limits)
            done = recover.run(self.conninfo, chosen.parts, how, step, watcher or Silent())
            if done.load.interrupted:
                raise Interrupted(done.load, done)
            return done
