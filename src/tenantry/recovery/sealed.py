"""Encrypted files in the age format: with a passphrase, or for the holders of keys. None is in memory as a whole."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

import pyrage

from tenantry.core.errors import InputError
from tenantry.recovery import age

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def seal(
    pieces: Iterable[bytes], into: BinaryIO, *, passphrase: str | None = None, recipients: Sequence[str] = ()
) -> None:
    """Encrypt the pieces, one after the other, with a passphrase or for recipients (`age1…`).

    Raises InputError for an invalid recipient.
    """
    if passphrase is not None:
        into.writelines(age.encrypted(pieces, passphrase))
        return
    keys = _recipients(recipients)
    reader = _Pieces(iter(pieces))
    try:
        pyrage.encrypt_io(io.BufferedReader(reader, io.DEFAULT_BUFFER_SIZE), into, keys)
    except Exception:
        if reader.error is not None:
            raise reader.error from None
        raise


def require_recipients(recipients: Sequence[str]) -> None:
    """Raise InputError for what is not a recipient."""
    _recipients(recipients)


def _recipients(recipients: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    keys = []
    for recipient in recipients:
        try:
            keys.append(pyrage.x25519.Recipient.from_str(recipient))
        except pyrage.RecipientError:
            raise InputError(
                f'"{recipient}" is not an age recipient',
                hint="It begins with age1; age-keygen prints it.",
            ) from None
    return keys


def is_sealed(beginning: bytes) -> bool:
    """Whether a file with this beginning was encrypted by age."""
    return beginning.startswith(age.MAGIC)


def needs_passphrase(beginning: bytes) -> bool:
    """Whether a file with this beginning was encrypted with a passphrase. Raises InputError if it was not encrypted by age at all."""
    if not is_sealed(beginning):
        raise InputError("the file is not a backup: it is not encrypted with age")
    return beginning.removeprefix(age.MAGIC).startswith(age.SCRYPT)


@dataclass(frozen=True)
class Unsealing:
    """What decrypts a file, as often as it is read. `identities` is the text of an age key file."""

    file: Callable[[], BinaryIO]
    passphrase: str | None = field(default=None, repr=False)
    identities: str = field(default="", repr=False)

    def open(self) -> BinaryIO:
        """Open the decrypted content, which is read from the file piece by piece.

        Reading raises InputError for a wrong passphrase or key, and for a file that was changed, or cut: for that one at
        its end.
        """
        if self.passphrase is None:
            pieces = _by_key(self.file, self._keys)
        else:
            pieces = _by_passphrase(self.file, self._key)
        return io.BufferedReader(_Pieces(pieces), age.CHUNK)

    @cached_property
    def _key(self) -> bytes:
        # It takes a second to compute.
        with self.file() as opened:
            try:
                return age.key_of(opened, self.passphrase or "")
            except age.Damaged:
                raise _not_opened("passphrase") from None

    @cached_property
    def _keys(self) -> list[pyrage.x25519.Identity]:
        lines = [line.strip() for line in self.identities.splitlines()]
        try:
            return [
                pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")
            ]
        except pyrage.IdentityError:
            raise InputError(
                "the identity file holds no age key",
                hint="It needs a line AGE-SECRET-KEY-1….",
            ) from None


def _by_passphrase(file: Callable[[], BinaryIO], key: bytes) -> Iterator[bytes]:
    with file() as opened:
        try:
            yield from age.decrypted(opened, key)
        except age.Damaged:
            raise _not_opened("passphrase") from None


def _by_key(file: Callable[[], BinaryIO], keys: Sequence[pyrage.x25519.Identity]) -> Iterator[bytes]:
    """pyrage writes what it decrypts, and here it is read: a thread of its own writes it into a pipe."""
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def decrypt() -> None:
        try:
            with os.fdopen(writing, "wb", buffering=age.CHUNK) as pipe, file() as opened:
                pyrage.decrypt_io(opened, pipe, keys)
        except (OSError, pyrage.DecryptError) as error:
            failed.append(error)

    thread = threading.Thread(target=decrypt, daemon=True)
    thread.start()
    try:
        while piece := os.read(reading, age.CHUNK):
            yield piece
    finally:
        # A thread that still writes finds the pipe closed, and ends.
        os.close(reading)
        thread.join()
    if failed:
        raise _not_opened("key")


def _not_opened(what: str) -> InputError:
    return InputError(f"the backup cannot be opened: it is another {what}, or the file is damaged")


class _Pieces(io.RawIOBase):
    """A file that consists of pieces. `error` is what their source raised, which not every reader passes on."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self.error: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            while not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    return 0
                self._left = memoryview(piece)
        except BaseException as error:
            self.error = error
            raise
        into = memoryview(buffer).cast("B")
        size = min(len(into), len(self._left))
        into[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        closing = getattr(self._pieces, "close", None)
        if closing is not None and not self.closed:
            closing()
        super().close()
