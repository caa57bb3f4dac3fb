"""Ed25519 signatures: a private key in a file that only its owner can read, and a public key that anybody may know."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tenantry.core.errors import InputError

_PUBLIC = "tenantry-signer:"
_SECRET = "TENANTRY-SIGNING-KEY:"  # noqa: S105 - what a key begins with


@dataclass(frozen=True)
class Signature:
    """The signer, by its public key, and the signature."""

    key: str
    text: str


@dataclass(frozen=True)
class Signer:
    """A key that signs; `public` is what others know of it."""

    public: str
    secret: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> Signature:
        """The signature of a message."""
        return Signature(self.public, base64.b64encode(self.secret.sign(message)).decode())


def make(file: Path) -> Signer:
    """Create a key, in a new file that only its owner can read. Raises InputError if it exists or cannot be written."""
    secret = Ed25519PrivateKey.generate()
    signer = _signer(secret)
    text = (
        f"# A key that signs backups of Tenantry. Keep it to yourself; what others may know is\n# {signer.public}\n"
        f"{_SECRET}{base64.b64encode(secret.private_bytes_raw()).decode()}\n"
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(text)
    return signer


def load(file: Path) -> Signer:
    """The key in a file. Raises InputError if the file cannot be read, is not a key, or is open to others."""
    try:
        with file.open(encoding="utf-8") as opened:
            state = os.fstat(opened.fileno())
            text = opened.read(1 << 16)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _no_key(file) from None
    secrets = [line.removeprefix(_SECRET) for line in text.splitlines() if line.startswith(_SECRET)]
    if len(secrets) != 1:
        raise _no_key(file)
    if state.st_mode & 0o077 or state.st_uid not in (os.geteuid(), 0):
        raise InputError(
            f"{file} is open to others", hint=f"If nobody has read it: chmod 600 {file}; else make a new key."
        )
    try:
        return _signer(Ed25519PrivateKey.from_private_bytes(base64.b64decode(secrets[0], validate=True)))
    except (ValueError, binascii.Error):
        raise _no_key(file) from None


def _no_key(file: Path) -> InputError:
    return InputError(
        f"{file} holds no key for signing backups", hint="Make one: tenantry backup key --key FILE."
    )


def public_keys(text: str) -> list[str]:
    """The public keys in a text: one, or one per line, as in a file. Raises InputError if one is invalid, or there is none."""
    words = [line.strip() for line in text.splitlines()]
    found = [word for word in words if word and not word.startswith("#")]
    for word in found:
        _public(word)
    if not found:
        raise InputError(
            "there is no public key", hint=f"It begins with {_PUBLIC}; tenantry backup key prints it."
        )
    return found


def is_valid(signature: Signature, message: bytes) -> bool:
    """Whether the signature is of this message, by the key that it names. Raises InputError if that is not a key."""
    try:
        _public(signature.key).verify(base64.b64decode(signature.text, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signer(secret: Ed25519PrivateKey) -> Signer:
    return Signer(_PUBLIC + base64.b64encode(secret.public_key().public_bytes_raw()).decode(), secret)


def _public(word: str) -> Ed25519PublicKey:
    try:
        if word.startswith(_PUBLIC):
            return Ed25519PublicKey.from_public_bytes(
                base64.b64decode(word.removeprefix(_PUBLIC), validate=True)
            )
    except ValueError:
        pass
    raise InputError(
        f"{word[:80]!r} is not a signer's public key",
        hint=f"It begins with {_PUBLIC}; tenantry backup key prints it.",
    )
