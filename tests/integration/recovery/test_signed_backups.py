"""Who made a backup: a signature says it where a passphrase does not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyrage
import pytest

from tenantry.core.errors import InputError
from tenantry.db.connect import session
from tenantry.recovery import signature
from tenantry.recovery.content import unpack
from tests.support.databases import Warehouse
from tests.support.program import Outcome, run, succeed
from tests.support.samples import backups

pytestmark = pytest.mark.any_server

AGE = pyrage.x25519.Identity.generate()


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    file = tmp_path / "age"
    file.write_text(f"{AGE}\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has no key of his own."""
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def saved(warehouse: Warehouse, tmp_path: Path, home: dict[str, str]) -> tuple[Path, str]:
    """A signed backup, and the public key."""
    public = succeed(None, "backup", "key", "--key", tmp_path / "signer", env=home).out.strip()
    file = tmp_path / "warehouse.backup"
    succeed(
        warehouse.admin,
        "backup",
        file,
        "--recipient",
        AGE.to_public(),
        "--key",
        tmp_path / "signer",
        env=home,
    )
    return file, public


def restored(file: Path, identity: Path, home: dict[str, str], *options: object) -> Outcome:
    """How a restore into nowhere ends: with 3 if it got past the file, and with 2 if not."""
    return run("host=127.0.0.1 port=1", "restore", file, "--identity", identity, *options, env=home)


def test_a_signed_backup_is_restored_by_whoever_trusts_its_key_and_by_nobody_else(
    saved: tuple[Path, str], identity: Path, tmp_path: Path, home: dict[str, str]
) -> None:
    file, public = saved
    other = signature.make(tmp_path / "other").public
    trusted = tmp_path / "trusted"
    trusted.write_text(f"# us\n{other}\n{public}\n")
    taken: list[tuple[object, ...]] = [
        ("--signed-by", public),
        ("--signed-by", trusted),
        ("--key", tmp_path / "signer"),
    ]
    for options in taken:
        outcome = restored(file, identity, home, *options)
        assert (outcome.code, f"signed by {public}" in outcome.err) == (3, True), outcome.err
    refused: list[tuple[object, ...]] = [
        (),
        ("--signed-by", other),
        ("--key", tmp_path / "other"),
        ("--unsigned",),
    ]
    for options in refused:
        outcome = restored(file, identity, home, *options)
        assert (outcome.code, outcome.errors) == (
            2,
            [f"the backup is signed by {public}, which is not a key that you trust"],
        )
    told = run(None, "restore", file, "--identity", identity, "--dry-run", env=home)
    assert (told.code, "cannot be restored as it is" in told.err) == (0, True)


def test_a_backup_to_recipients_without_a_signature_is_neither_made_nor_taken_by_itself(
    warehouse: Warehouse, identity: Path, tmp_path: Path, home: dict[str, str]
) -> None:
    file = tmp_path / "warehouse.backup"
    refused = run(warehouse.admin, "backup", file, "--recipient", AGE.to_public(), env=home)
    assert (refused.code, file.exists()) == (2, False)
    assert refused.errors == ["anyone who knows the recipients can write such a backup, so it must be signed"]
    succeed(warehouse.admin, "backup", file, "--recipient", AGE.to_public(), "--unsigned", env=home)
    for options in ((), ("--unsigned", "--signed-by", signature.make(tmp_path / "k").public)):
        refused = restored(file, identity, home, *options)
        assert refused.errors == [
            "the backup is not signed: anyone who knows the recipient could have made it"
        ]
    assert restored(file, identity, home, "--unsigned").code == 3


def test_a_backup_with_a_passphrase_needs_no_signature_but_keeps_the_one_that_is_asked_for(
    warehouse: Warehouse, tmp_path: Path, home: dict[str, str]
) -> None:
    env = home | {"TENANTRY_BACKUP_PASSPHRASE": "correct horse"}
    file = tmp_path / "warehouse.backup"
    public = signature.make(tmp_path / "other").public
    succeed(warehouse.admin, "backup", file, env=env)
    nowhere = "host=127.0.0.1 port=1"
    assert run(nowhere, "restore", file, env=env).code == 3
    assert run(nowhere, "restore", file, "--signed-by", public, env=env).code == 2


def test_a_backup_that_was_changed_after_it_was_signed_is_refused(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    signer = signature.make(tmp_path / "signer")
    with session(warehouse.admin.conninfo, role=None) as opened:
        packed = backups.packed(backups.read(opened), signer)
    assert unpack(packed).signed_by == signer.public
    *lines, last = gzip.decompress(packed).splitlines(keepends=True)
    other = signature.make(tmp_path / "other")
    for changed in (
        [*lines[:-1], last],
        [*lines, b"role\t{}\n", last],
        [*lines, last, b"feed\t{}\n"],
        [*lines, last, last],
        [lines[0].replace(b'"database": "', b'"database": "x'), *lines[1:], last],
        [*lines, last.replace(signer.public.encode(), other.public.encode())],
        [*lines, b"signature\t{}\n"],
        [*lines, b'signature\t{"key": "x", "text": "y"}\n'],
    ):
        with pytest.raises(InputError):
            unpack(gzip.compress(b"".join(changed)))
    # Without the signature it is whole; whether that will do is for whoever restores it to say.
    assert unpack(gzip.compress(b"".join(lines))).signed_by is None


def test_a_key_is_its_owners_alone_and_never_replaced(tmp_path: Path, home: dict[str, str]) -> None:
    made = succeed(None, "backup", "key", "--json", env=home).json
    file = Path(made["file"])
    assert (made["made"], file.stat().st_mode & 0o777) == (True, 0o600)
    assert succeed(None, "backup", "key", "--json", env=home).json == made | {"made": False}
    assert "TENANTRY-SIGNING-KEY" not in succeed(None, "backup", "key", env=home).out
    file.chmod(0o640)
    assert run(None, "backup", "key", env=home).errors == [f"{file} is open to others"]
    with pytest.raises(InputError, match="File exists"):
        signature.make(file)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="cannot be written"):
        signature.make(link)
    assert not (tmp_path / "elsewhere").exists()
    for text in ("", "nonsense", "TENANTRY-SIGNING-KEY:AAAA", "TENANTRY-SIGNING-KEY:###"):
        odd = tmp_path / "odd"
        odd.write_text(text)
        odd.chmod(0o600)
        with pytest.raises(InputError, match="holds no key for signing backups"):
            signature.load(odd)
    for text in ("", "#", "age1", "tenantry-signer:", "tenantry-signer:AAAA", "tenantry-signer:###"):
        with pytest.raises(InputError, match="public key"):
            signature.public_keys(text)


def test_age_alone_opens_a_signed_backup(saved: tuple[Path, str]) -> None:
    file, public = saved
    text = gzip.decompress(backups.unseal(file.read_bytes(), identities=str(AGE)))
    assert public.encode() in text.splitlines()[-1]
