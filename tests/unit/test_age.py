"""Files that are encrypted with a passphrase are those of age: what pyrage writes is read here, and the other way round."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyrage
import pytest

from tenantry.core.errors import InputError
from tenantry.recovery import age, sealed
from tenantry.recovery.content import Content, unpack
from tests.support.samples import backups
from tests.unit.test_backup_lines import ABOUT, LOG

QUICK = 10
"""scrypt's cost in files that need no protection."""

SIZES = [0, 1, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 2 * age.CHUNK, 300_000]


def written(content: bytes, piece: int = 100_000) -> bytes:
    pieces = [content[start : start + piece] for start in range(0, len(content), piece)]
    return b"".join(age.encrypted(pieces, "open sesame", QUICK))


def read(file: bytes, passphrase: str = "open sesame") -> bytes:
    return b"".join(age.decrypted(io.BytesIO(file), age.key_of(io.BytesIO(file), passphrase)))


@pytest.mark.parametrize("size", SIZES)
def test_age_opens_what_is_written_here_and_what_it_writes_is_opened_here(size: int) -> None:
    content = os.urandom(size)
    assert pyrage.passphrase.decrypt(written(content), "open sesame") == content
    assert read(written(content, 7_000)) == content


def test_a_passphrase_costs_whoever_guesses_it_as_much_as_age_makes_it_cost() -> None:
    """As the program writes a file; elsewhere in the tests it takes less."""
    header = next(iter(age.encrypted([b""], "open sesame")))
    assert header.split(b"\n")[1].startswith(age.SCRYPT)
    assert header.split(b"\n")[1].endswith(b" 18")


def test_a_file_of_pyrage_is_opened_here() -> None:
    content = os.urandom(age.CHUNK + 5)
    assert read(pyrage.passphrase.encrypt(content, "open sesame")) == content


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_was_changed_or_cut_anywhere_is_refused(size: int) -> None:
    file = written(os.urandom(size))
    payload = file.index(b"\n--- ") + 5 + 44 + 16
    cuts = {0, 10, 30, 100, payload - 16, payload - 1, payload, len(file) - 1, len(file) - 17}
    cuts |= {end for end in range(payload, len(file), age.CHUNK + 16) if end < len(file)}
    for cut in cuts:
        with pytest.raises(age.Damaged):
            read(file[:cut])
    for place in {25, 35, 60, 90, file.index(b"\n--- ") + 8, payload - 3, payload, len(file) - 1}:
        with pytest.raises(age.Damaged):
            read(file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :])
    with pytest.raises(age.Damaged):
        read(file + b"x")
    with pytest.raises(age.Damaged):
        read(file, "open barley")


def test_a_file_that_asks_for_more_work_than_any_does_is_refused_at_once() -> None:
    file = written(b"content")
    with pytest.raises(age.Damaged):
        read(file.replace(f" {QUICK}\n".encode(), b" 40\n"))


def test_a_file_that_somebody_changes_between_two_reads_is_refused(tmp_path: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "backup"

    def write(log: str) -> None:
        file.write_bytes(
            backups.seal(backups.packed(Content(ABOUT, {LOG: [log]})), recipients=[str(key.to_public())])
        )

    write('{"a": 1}')
    content = unpack(sealed.Unsealing(lambda: file.open("rb"), identities=str(key)).open)
    assert list(content.texts(LOG)) == list(content.texts(LOG)) == ['{"a": 1}']
    write('{"a": 2}')
    with pytest.raises(InputError, match="changed while it was being read"):
        list(content.texts(LOG))


def test_an_error_of_whoever_gives_the_pieces_is_raised_as_it_is() -> None:
    def pieces() -> object:
        yield b"a"
        raise LookupError("gone")

    for how in (
        {"passphrase": "open sesame"},
        {"recipients": [str(pyrage.x25519.Identity.generate().to_public())]},
    ):
        with pytest.raises(LookupError, match="gone"):
            sealed.seal(pieces(), io.BytesIO(), **how)  # type: ignore[arg-type]
