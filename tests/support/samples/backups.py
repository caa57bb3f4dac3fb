"""Backups in memory, for tests that look into one or change what is in it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import psycopg

from tenantry.recovery import backup, sealed
from tenantry.recovery.content import Content
from tenantry.recovery.signature import Signer


def read(session: psycopg.Connection, *, logs: bool = True) -> Content:
    """What a backup of the warehouse holds, all of it."""
    with backup.reading(session, logs=logs) as content:
        long = {kind: list(content.texts(kind)) for kind in content.counted}
        return replace(content, lines=content.lines | long, counted={}, source=None)


def packed(content: Content, signer: Signer | None = None) -> bytes:
    """The content as a file, not encrypted."""
    return b"".join(content.packed(signer))


def seal(packed: bytes, *, passphrase: str | None = None, recipients: Sequence[str] = ()) -> bytes:
    """A file, encrypted."""
    into = io.BytesIO()
    sealed.seal([packed], into, passphrase=passphrase, recipients=recipients)
    return into.getvalue()


def unseal(content: bytes, *, passphrase: str | None = None, identities: str = "") -> bytes:
    """A file, decrypted."""
    with sealed.Unsealing(lambda: io.BytesIO(content), passphrase, identities).open() as opened:
        return opened.read()
