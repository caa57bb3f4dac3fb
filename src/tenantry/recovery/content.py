"""The decrypted file of a backup: gzip; one line of JSON about the backup, then lines `kind<TAB>JSON`.

Writing and reading take no more memory than the limits of `form` allow, whatever the warehouse or the file contains.
Both go piece by piece, and of the kinds that may be long (`LONG`), only some records at a time are in memory: they are
read again, from the warehouse or from the file, whenever they are needed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from tenantry.core.errors import InputError, NotInstalled
from tenantry.core.words import count
from tenantry.recovery import form
from tenantry.recovery.form import LONG, Tally, no_backup

if TYPE_CHECKING:
    from tenantry.recovery.signature import Signer

_SIGNATURE = "signature"
"""The kind of the last line, if there is one: the signature of everything before it."""

_SIGNED = b"a backup of Tenantry\n"
"""What is signed, before the digest, so that a signature of something else does not count for a backup."""

_PIECE = 256 * 2**10
"""Bytes of lines that are compressed at once."""


class Source(Protocol):
    """Where the records of the long kinds are."""

    def texts(self, kind: str) -> Iterator[str]:
        """Read the JSON texts of one kind, again each time."""
        ...


@dataclass(frozen=True)
class Content:
    """What a backup holds. `about` is its first line; `lines` are JSON texts by kind.

    Kinds: `table NAME` (rows of `_wh.NAME`), `secret` (of connections), `feed` (what each held), `role`, `job`,
    `function` (operators' own), `audit` (entries of the trail). The long kinds are not in `lines`, but in `source`, and
    `counted`. `signed_by` is the signer's public key; None if it is not signed.
    """

    about: dict[str, Any]
    lines: dict[str, list[str]]
    counted: dict[str, int] = field(default_factory=dict)
    source: Source | None = field(default=None, repr=False, compare=False)
    signed_by: str | None = None

    def rows(self, kind: str) -> list[Any]:
        """The values of one kind, which is not a long one."""
        return [json.loads(line) for line in self.lines.get(kind, [])]

    def texts(self, kind: str) -> Iterator[str]:
        """The JSON texts of one kind.

        Raises:
            InputError: somebody has changed the file since it was opened; known only at its end.
        """
        if kind in self.lines or not self.counted.get(kind) or self.source is None:
            yield from self.lines.get(kind, [])
        else:
            yield from self.source.texts(kind)

    def count(self, kind: str) -> int:
        """The number of records of one kind."""
        return len(self.lines[kind]) if kind in self.lines else self.counted.get(kind, 0)

    def kinds(self) -> list[str]:
        """The kinds that it holds."""
        return [*self.lines, *(kind for kind in self.counted if kind not in self.lines)]

    def packed(self, signer: Signer | None = None) -> Iterator[bytes]:
        """Yield it in pieces, not encrypted yet; signed, if there is a signer.

        Raises:
            InputError: it is larger than `unpack` accepts.
        """
        try:
            yield from self._packed(signer)
        except InputError as error:
            raise InputError(
                f"the backup could not be restored: {error.message}", hint="Leave the logs out: --no-logs."
            ) from None

    def _packed(self, signer: Signer | None) -> Iterator[bytes]:
        packing, digest, size = zlib.compressobj(wbits=16 + zlib.MAX_WBITS), hashlib.sha512(), 0
        for piece in self._pieces():
            digest.update(piece)
            packed = packing.compress(piece)
            size += len(packed)
            form.require_size(size)
            yield packed
        last = b""
        if signer:
            signature = signer.sign(_SIGNED + digest.digest())
            last = f"{_SIGNATURE}\t{json.dumps(asdict(signature))}\n".encode()
        yield packing.compress(last) + packing.flush()

    def _pieces(self) -> Iterator[bytes]:
        """The lines, several at once."""
        piece = bytearray()
        for line in self._written():
            piece += line
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)

    def _written(self) -> Iterator[bytes]:
        """The lines, after the checks that `unpack` will make."""
        counts = {kind: self.count(kind) for kind in self.kinds()}
        text = json.dumps(self.about | {"counts": counts})
        with suppress(NotInstalled):
            # The reader gets a proper error.
            form.require_about(text)
        tally, first = Tally(), f"{text}\n".encode()
        tally.line(first)
        yield first
        for kind, number in counts.items():
            is_long, left = f"{kind}\t".encode() in LONG, number
            for text in self.texts(kind):
                line = f"{kind}\t{text}\n".encode()
                tally.line(line)
                if not is_long:
                    tally.keep(line, text)
                    form.require_record(kind, text)
                left -= 1
                yield line
            if left:
                raise InputError(f"there are not {count(number, 'record')} of {kind} anymore")


@dataclass(frozen=True)
class _File:
    """A backup's file, which must not change while it is open."""

    reader: Callable[[], BinaryIO]
    digest: bytes

    def texts(self, kind: str) -> Iterator[str]:
        start = f"{kind}\t".encode()
        digest = hashlib.sha512()
        for line in _lines(self.reader):
            digest.update(line)
            if line.startswith(start):
                yield _text(line[len(start) :])
        if digest.digest() != self.digest:
            raise InputError("the backup was changed while it was being read")


def unpack(packed: bytes | Callable[[], BinaryIO]) -> Content:
    """Return the content of `Content.packed`: of these bytes, or of what the function opens, once now and again later.

    Raises:
        InputError: it is not a backup, is incomplete, or is larger than a backup may be.
        NotInstalled: a newer program made it.
    """
    if isinstance(packed, bytes):
        form.require_size(len(packed))
        reader: Callable[[], BinaryIO] = partial(io.BytesIO, packed)
    else:
        reader = packed
    whole = _lines(reader)
    first = next(whole, b"")
    about = form.require_about(_text(first))
    lines: dict[str, list[str]] = {}
    counted = dict.fromkeys(LONG.values(), 0)
    digest, signed_by, tally = hashlib.sha512(first), None, Tally()
    for line in whole:
        if signed_by:
            raise InputError("the backup was changed: it continues after its signature")
        if line.startswith(_SIGNATURE.encode() + b"\t"):
            signed_by = _signer(_text(line).partition("\t")[2], digest.digest())
        digest.update(line)
        long = LONG.get(line[: line.find(b"\t") + 1])
        if long:
            counted[long] += 1
        elif not signed_by:
            kind, _, text = _text(line).partition("\t")
            tally.keep(line, text)
            form.require_record(kind, text)
            lines.setdefault(kind, []).append(text)
    counted = {kind: number for kind, number in counted.items() if number}
    content = Content(about, lines, counted, _File(reader, digest.digest()), signed_by)
    counts = about.get("counts")
    if counts is not None and {kind: n for kind, n in counts.items() if n} != {
        kind: content.count(kind) for kind in content.kinds()
    }:
        raise InputError("the backup is not complete: it holds more or less than it declares")
    return content


def _signer(text: str, digest: bytes) -> str:
    """The public key of the signer of what has this digest."""
    from tenantry.recovery.signature import Signature, is_valid

    value = form.object_of(text)
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("key", "text")):
        raise no_backup()
    signature = Signature(value["key"], value["text"])
    if not is_valid(signature, _SIGNED + digest):
        raise InputError("the backup was changed after it was signed, or its signature is not valid")
    return signature.key


def _lines(reader: Callable[[], BinaryIO]) -> Iterator[bytes]:
    """The lines of a file, one after the other."""
    tally = Tally()
    try:
        # A reader in C takes a third of the time for short lines.
        with reader() as packed, io.BufferedReader(gzip.GzipFile(fileobj=packed)) as unpacking:
            while line := unpacking.readline(form.RECORD + 1):
                tally.line(line)
                yield line
    except (OSError, EOFError, zlib.error):
        raise no_backup() from None


def _text(line: bytes) -> str:
    try:
        return line.decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise no_backup() from None
