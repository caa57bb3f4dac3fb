"""Encrypted files."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from tenantry.core.errors import InputError
from tenantry.core.private import write_private
from tenantry.recovery import sealed
from tenantry.recovery.content import unpack
from tests.support.samples import backups

KEY = pyrage.x25519.Identity.generate()
KEY_FILE = f"# created: today\n# public key: {KEY.to_public()}\n{KEY}\n"


def test_what_is_sealed_with_a_passphrase_does_not_open_with_another() -> None:
    closed = backups.seal(b"content", passphrase="right")
    assert sealed.needs_passphrase(closed)
    with pytest.raises(InputError, match="another passphrase, or the file is damaged"):
        backups.unseal(closed, passphrase="wrong")


def test_what_is_sealed_to_keys_opens_with_each_of_them_and_no_other() -> None:
    other, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    closed = backups.seal(b"content", recipients=[str(KEY.to_public()), str(other.to_public())])
    assert not sealed.needs_passphrase(closed)
    assert (
        backups.unseal(closed, identities=KEY_FILE)
        == backups.unseal(closed, identities=str(other))
        == b"content"
    )
    for damaged, identities in ((closed, str(stranger)), (closed, ""), (closed[:-1], str(KEY))):
        with pytest.raises(InputError, match="another key, or the file is damaged"):
            backups.unseal(damaged, identities=identities)


def test_what_is_no_key_and_no_sealed_file_is_told() -> None:
    with pytest.raises(InputError, match='"age1nobody" is not an age recipient'):
        backups.seal(b"", recipients=["age1nobody"])
    with pytest.raises(InputError, match="holds no age key"):
        backups.unseal(backups.seal(b"", recipients=[str(KEY.to_public())]), identities="secret")
    with pytest.raises(InputError, match="is not encrypted with age"):
        sealed.needs_passphrase(b"PGDMP")
    for odd in (b"", b"PGDMP"):
        with pytest.raises(InputError, match="not a Tenantry backup"):
            unpack(odd)


def test_a_private_file_is_whole_or_not_there_and_nobody_elses_to_read(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_bytes(b"before")
    file.chmod(0o644)
    write_private(file, b"after")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"after", 0o600)
    with pytest.raises(InputError, match="cannot be written"):
        write_private(tmp_path, b"")
    assert sorted(tmp_path.iterdir()) == [file]
