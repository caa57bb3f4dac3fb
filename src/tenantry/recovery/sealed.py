"""Encrypted files in the age format: with a passphrase, or for the holders of keys."""

from __future__ import annotations

from collections.abc import Sequence

import pyrage

from tenantry.core.errors import InputError

_MAGIC = b"age-encryption.org/v1\n"


def seal(content: bytes, *, passphrase: str | None = None, recipients: Sequence[str] = ()) -> bytes:
    """Return the content encrypted with a passphrase, or for recipients (`age1…`). Raises InputError for an invalid recipient."""
    if passphrase is not None:
        return bytes(pyrage.passphrase.encrypt(content, passphrase))
    keys = []
    for recipient in recipients:
        try:
            keys.append(pyrage.x25519.Recipient.from_str(recipient))
        except pyrage.RecipientError:
            raise InputError(
                f'"{recipient}" is not an age recipient',
                hint="It begins with age1; age-keygen prints it.",
            ) from None
    return bytes(pyrage.encrypt(content, keys))


def is_sealed(beginning: bytes) -> bool:
    """Whether a file with this beginning was encrypted by age."""
    return beginning.startswith(_MAGIC)


def needs_passphrase(sealed: bytes) -> bool:
    """Whether it was encrypted with a passphrase. Raises InputError if it was not encrypted by age at all."""
    if not is_sealed(sealed):
        raise InputError("the file is not a backup: it is not encrypted with age")
    return sealed.removeprefix(_MAGIC).startswith(b"-> scrypt ")


def unseal(sealed: bytes, *, passphrase: str | None = None, identities: str = "") -> bytes:
    """Return the decrypted content. `identities` is the text of an age key file.

    Raises InputError for a wrong passphrase or key, and for a file that was changed or cut.
    """
    try:
        if passphrase is not None:
            return bytes(pyrage.passphrase.decrypt(sealed, passphrase))
        lines = [line.strip() for line in identities.splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
        return bytes(pyrage.decrypt(sealed, keys))
    except pyrage.IdentityError:
        raise InputError(
            "the identity file holds no age key",
            hint="It needs a line AGE-SECRET-KEY-1….",
        ) from None
    except pyrage.DecryptError:
        wrong = "passphrase" if passphrase is not None else "key"
        raise InputError(
            f"the backup cannot be opened: it is another {wrong}, or the file is damaged",
        ) from None
