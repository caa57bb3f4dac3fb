"""The age format with a passphrase (https://age-encryption.org/v1), written and read piece by piece.

pyrage does that for keys, but with a passphrase it takes and returns a file as a whole.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"age-encryption.org/v1\n"

SCRYPT = b"-> scrypt "
"""How the second line begins if there is a passphrase."""

WORK = 18
"""The binary logarithm of scrypt's cost, as age chooses it: about a second, and 256 MiB."""

_MOST_WORK = 22
"""What is still tried of a file: as much as age tries."""

CHUNK = 64 * 2**10
"""Bytes of a piece before it is encrypted; only the last one is shorter."""
_TAG = 16
_HEADER = 1024
"""Bytes of a header, at most: the one with a passphrase is much shorter."""


class Damaged(Exception):
    """The passphrase is wrong, or the file was changed after it was written."""


def encrypted(pieces: Iterable[bytes], passphrase: str, work: int | None = None) -> Iterator[bytes]:
    """Yield the file that holds these pieces one after the other, encrypted; `work` is WORK unless it is given."""
    work = WORK if work is None else work
    key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapped = ChaCha20Poly1305(_wrapping(passphrase, salt, work)).encrypt(bytes(12), key, None)
    header = MAGIC + SCRYPT + _coded(salt) + f" {work}\n".encode() + _coded(wrapped) + b"\n---"
    yield header + b" " + _coded(_mac(key, header)) + b"\n" + nonce
    cipher, number, waiting = ChaCha20Poly1305(_derived(key, nonce, b"payload")), 0, bytearray()
    for piece in pieces:
        waiting += piece
        # The last chunk is marked, so one is kept back until more comes.
        while len(waiting) > CHUNK:
            yield cipher.encrypt(_nonce(number, last=False), bytes(waiting[:CHUNK]), None)
            del waiting[:CHUNK]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), bytes(waiting), None)


def key_of(file: BinaryIO, passphrase: str) -> bytes:
    """Return the key of the file, which `decrypted` takes. Raises Damaged."""
    header = _header(file)
    try:
        magic, stanza, wrapped, mac = header.removesuffix(b"\n").split(b"\n")
        _, _, salt, work = stanza.split(b" ")
        if magic + b"\n" != MAGIC or not stanza.startswith(SCRYPT) or not work.isdigit():
            raise Damaged
        if not 0 < int(work) <= _MOST_WORK:
            raise Damaged
        wrapping = ChaCha20Poly1305(_wrapping(passphrase, _decoded(salt), int(work)))
        key = wrapping.decrypt(bytes(12), _decoded(wrapped), None)
        authentic = _mac(key, header[: header.rindex(b"---") + 3])
        if len(key) != 16 or not hmac.compare_digest(authentic, _decoded(mac.removeprefix(b"--- "))):
            raise Damaged
    except (ValueError, binascii.Error, InvalidTag):
        raise Damaged from None
    return key


def decrypted(file: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield what the file holds in pieces, each of them authentic. Raises Damaged, at the end for a file that was cut."""
    _header(file)
    nonce = file.read(16)
    cipher, number = ChaCha20Poly1305(_derived(key, nonce, b"payload")), 0
    chunk = file.read(CHUNK + _TAG)
    while True:
        # Only the last chunk may be short, and it alone is marked as the last one.
        following = file.read(CHUNK + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except InvalidTag:
            raise Damaged from None
        if not following:
            return
        chunk = following
        number += 1


def _header(file: BinaryIO) -> bytes:
    lines = line = file.readline(_HEADER)
    while line and not line.startswith(b"---") and len(lines) < _HEADER:
        line = file.readline(_HEADER)
        lines += line
    return lines


def _wrapping(passphrase: str, salt: bytes, work: int) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(),
        salt=b"age-encryption.org/v1/scrypt" + salt,
        n=1 << work,
        r=8,
        p=1,
        maxmem=(1 << work) * 1024 + 2**20,
        dklen=32,
    )


def _mac(key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(key, b"", b"header"), header, "sha256")


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _coded(content: bytes) -> bytes:
    return base64.b64encode(content).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
