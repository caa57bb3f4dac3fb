"""Options, keys and passphrases to open and sign a backup file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.core.errors import InputError
from tenantry.core.private import read_private

if TYPE_CHECKING:
    from tenantry.recovery.signature import Signer
    from tenantry.warehouse.backups import Backup


PASSPHRASE = "TENANTRY_BACKUP_PASSPHRASE"  # noqa: S105 - the name of a variable, not a passphrase

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup file.")]
PassphraseFile = Annotated[Path | None, typer.Option(metavar="FILE", help="File that holds the passphrase.")]


KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        envvar="TENANTRY_BACKUP_KEY",
        help="File that holds the signing key. Default: tenantry/backup.key in your configuration folder.",
    ),
]
SignedBy = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        help="A public key that you trust, or a file with such keys. Repeatable. Your own key is trusted "
        "as well.",
    ),
]
Unsigned = Annotated[
    bool, typer.Option("--unsigned", help="Accept a file that is encrypted to recipients and not signed.")
]
Identity = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File that holds the age key to decrypt it with.")
]


def own_key() -> Path:
    from platformdirs import user_config_path

    return user_config_path("tenantry") / "backup.key"


def find_signer(key: Path | None) -> Signer | None:
    """The signing key: the one that is named, otherwise the user's own, if any."""
    file = key or own_key()
    if key is None and not file.exists():
        return None
    from tenantry.warehouse.backups import load_key

    return load_key(file)


def vouched(
    backup: Backup, signed_by: list[str] | None, key: Path | None, *, by_passphrase: bool, unsigned: bool
) -> str:
    """What vouches for a backup, as text. Raises InputError if nothing trusted does."""
    trusted = trusted_keys(signed_by, key)
    if backup.signed_by in trusted:
        return f"signed by {backup.signed_by}"
    if backup.signed_by and (signed_by or not by_passphrase):
        raise InputError(
            f"the backup is signed by {backup.signed_by}, which is not a key that you trust",
            hint="If you know whose it is: --signed-by KEY.",
        )
    if by_passphrase and not signed_by:
        return "not signed by a known key: made by somebody who knows the passphrase"
    if not unsigned or signed_by:
        raise InputError(
            "the backup is not signed: anyone who knows the recipient could have made it",
            hint="If you know where the file comes from: --unsigned, without --signed-by.",
        )
    return "not signed: anyone who knows the recipient could have made it"


def trusted_keys(signed_by: list[str] | None, key: Path | None) -> set[str]:
    own = find_signer(key)
    trusted = {own.public} if own else set()
    if signed_by:
        from tenantry.warehouse.backups import public_keys

        for word in signed_by:
            trusted.update(public_keys(text_of(Path(word)) if Path(word).is_file() else word))
    return trusted


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file} cannot be read: {getattr(error, 'strerror', 'it is not UTF-8 text')}"
        ) from None


def opened(file: Path, passphrase_file: Path | None, identity: Path | None) -> tuple[Backup, bool]:
    """The backup in a file, and whether it was encrypted with a passphrase."""
    from tenantry.warehouse.backups import read_backup

    sealed = read_backup(file)
    if sealed.by_passphrase:
        if identity:
            raise InputError(
                f"{file} is encrypted with a passphrase, not to a key", hint="Leave out --identity."
            )
        return sealed.open(passphrase=read_passphrase(passphrase_file, twice=False)), True
    if identity is None:
        raise InputError(
            f"{file} is encrypted to an age key",
            hint="Give the key's file with --identity.",
        )
    return sealed.open(identities=read_private(identity)), False


def read_passphrase(file: Path | None, *, twice: bool) -> str:
    """The passphrase: from the file, the environment or the terminal."""
    given = read_private(file) if file else os.environ.get(PASSPHRASE)
    if given is None and sys.stdin.isatty():
        given = str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))
    if not given:
        raise InputError(
            "no passphrase for the backup" if given is None else "the passphrase is empty",
            hint=f"Set {PASSPHRASE}, or give --passphrase-file.",
        )
    return given
