"""Open and check backup files, and manage the keys that sign them. None of this needs a warehouse."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tenantry.core.errors import InputError
from tenantry.core.model import OWNER, READER

if TYPE_CHECKING:
    from tenantry.recovery.backup import Summary
    from tenantry.recovery.content import Content
    from tenantry.recovery.signature import Signer


_BEGINNING = 128
"""Bytes that tell how a file is encrypted."""

_PIPED = 512 * 2**20
"""Bytes of a file that is a pipe."""


@dataclass(frozen=True)
class Backup:
    """An opened backup. `signed_by` is the public key that signed all of it, None if none did."""

    content: Content = field(repr=False)

    @property
    def signed_by(self) -> str | None:
        """The public key that signed all of it, or None."""
        return self.content.signed_by

    @property
    def records(self) -> int:
        """The number of records that it holds."""
        return sum(map(self.content.count, self.content.kinds()))

    def summary(self) -> Summary:
        """What it holds, without secrets."""
        from tenantry.recovery import backup

        return backup.summary(self.content)

    def refusals(self) -> dict[str, str | None]:
        """The definitions of the operators' own functions, each with the reason for which a restore leaves it out, or None."""
        from tenantry.flow.job import function

        return {text: function.refusal(text) for text in self.summary().own_functions}

    def problems(self, *, rehearse: bool = False) -> dict[str, str]:
        """What a restore would leave out, with the reasons. With `rehearse`, it is restored on a temporary embedded server to find that out."""
        from tenantry.recovery import backup

        found = backup.problems(self.content)
        return found | self._left_out() if rehearse else found

    def _left_out(self) -> dict[str, str]:
        """What a restore leaves out, found on a server of its own."""
        import secrets
        import shutil
        import tempfile

        from tenantry.db.connect import session
        from tenantry.embedded.server import Server
        from tenantry.recovery import restore

        folder = Path(tempfile.mkdtemp(prefix="tenantry-rehearsal-"))
        try:
            if os.geteuid() == 0:
                # The server runs under another account, and its folder in there belongs to that account.
                folder.chmod(0o711)
            server = Server(folder / "server")
            with server.lease(), session(server.login(), role=None) as opened:
                passwords = {role: secrets.token_urlsafe(24) for role in (OWNER, READER)}
                result = restore.run(opened, self.content, passwords, other_jobs=True)
            server.remove()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        known = set(self.content.about.get("not_held", []))
        return {left.what: left.reason for left in result.left_out if left.what not in known}


@dataclass(frozen=True)
class Sealed:
    """The file of a backup, still encrypted: with a passphrase, or to an age key."""

    reader: Callable[[], BinaryIO] = field(repr=False)
    by_passphrase: bool

    def open(self, *, passphrase: str | None = None, identities: str = "") -> Backup:
        """Decrypt and read it. `identities` is the text of an age key file.

        Raises InputError for the wrong passphrase or key, and for a file that was changed or truncated.
        """
        from tenantry.recovery import sealed
        from tenantry.recovery.content import unpack

        return Backup(unpack(sealed.Unsealing(self.reader, passphrase, identities).open))


def read_backup(file: Path) -> Sealed:
    """Return a backup's file, to be opened. Raises InputError if it cannot be read, or is not a backup."""
    from tenantry.recovery import sealed
    from tenantry.recovery.form import PACKED

    # An encrypted file is little longer than its content.
    most = 2 * PACKED
    try:
        with file.open("rb") as opened:
            state = os.fstat(opened.fileno())
            if stat.S_ISREG(state.st_mode):
                beginning, size = opened.read(_BEGINNING), state.st_size
                reader: Callable[[], BinaryIO] = partial(_opened, file)
            else:
                # A pipe can be read only once, so its content stays in memory.
                beginning = opened.read(_PIPED)
                size = len(beginning) if len(beginning) < _PIPED else most
                reader = partial(io.BytesIO, beginning)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if size >= most:
        raise InputError(f"{file} is larger than any backup")
    return Sealed(reader, sealed.needs_passphrase(beginning))


def _opened(file: Path) -> BinaryIO:
    return file.open("rb")


def require_writable(
    file: Path, *, recipients: Sequence[str] = (), keep: int | None = None, force: bool = False
) -> None:
    """Raise InputError for what `Warehouse.backup` would refuse: an existing file, a name without a date, not an age recipient."""
    from tenantry.recovery import retention, sealed

    if file.exists() and not force:
        raise InputError(f"{file} already exists", hint="Choose another name, or give --force.")
    if keep is not None:
        retention.require_dated(file)
    if recipients:
        sealed.require_recipients(recipients)


def load_key(file: Path) -> Signer:
    """Return the signing key of a file. Raises InputError if there is none, or if others can read it."""
    from tenantry.recovery import signature

    return signature.load(file)


def make_key(file: Path) -> Signer:
    """Create a signing key in a new file that only its owner can read. Raises InputError if the file exists or cannot be written."""
    from tenantry.recovery import signature

    return signature.make(file)


def public_keys(text: str) -> list[str]:
    """Return the public keys in a text, one a line. Raises InputError if one is not a key, or there is none."""
    from tenantry.recovery import signature

    return signature.public_keys(text)
