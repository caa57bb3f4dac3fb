"""The decrypted file of a backup: gzip; one line of JSON about the backup, then lines `kind<TAB>JSON`.

Reading takes no more memory than the limits below allow, whatever the file contains. It is unpacked piece by piece, and
of the kinds that may be long (`_LONG`), only one record at a time is in memory.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tenantry.core.errors import InputError, NotInstalled
from tenantry.db.migrations import known

if TYPE_CHECKING:
    from tenantry.recovery.signature import Signer

FORMAT = 1

LOGS = "function_logs"

TRAIL = "audit"
"""The kind of the entries of the audit trail."""

PACKED = 256 * 2**20
"""Bytes of a file, compressed."""

UNPACKED = 8 * 2**30
"""Bytes of the unpacked content."""

RECORD = 16 * 2**20
"""Bytes of a line."""

RECORDS = 10_000_000
"""Lines."""

KEPT = 64 * 2**20
"""Bytes of all lines held in memory: those of all kinds except the long ones."""

VALUES = 2_000_000
"""Values in them."""

_LONG = {f"{kind}\t".encode(): kind for kind in (f"table {LOGS}", "table slices", TRAIL)}
"""Kinds that may have millions of records, as the beginning of their lines."""

_SIGNATURE = "signature"
"""The kind of the last line, if there is one: the signature of everything before it."""

_SIGNED = b"a backup of Tenantry\n"
"""What is signed, before the digest, so that a signature of something else does not count for a backup."""

_NONE = type(None)

_KEYS: dict[str, dict[str, tuple[type, ...]]] = {
    "table tenants": {"schema_name": (str,)},
    "table tenant_connections": {"tenant_name": (str,)},
    "table mv_templates": {"template_name": (str,)},
    "table readers": {"reader_name": (str,), "tenants": (list, _NONE)},
    "feed": {"schema_name": (str,), "template_name": (str,), "row_count": (int,)},
    "secret": {"name": (str,), "password": (str,)},
    "role": {"name": (str,), "connections": (int,), "settings": (list,), "verifier": (str, _NONE)},
    "job": {"jobid": (int,), "name": (str, _NONE), "schedule": (str,), "command": (str,), "active": (bool,)},
}
"""The parts of a record that the program itself reads; the database reads the rest."""

_ABOUT: dict[str, tuple[type, ...]] = {
    "tenantry_backup": (int,),
    "version": (str,),
    "made_at": (str,),
    "database": (str,),
    "migrations": (list,),
    "jobs_left_out": (int,),
}


@dataclass(frozen=True)
class Content:
    """What a backup holds. `about` is its first line; `lines` are JSON texts by kind.

    Kinds: `table NAME` (rows of `_wh.NAME`), `secret` (of connections), `feed` (what each held), `role`, `job`,
    `function` (operators' own), `audit` (entries of the trail). After unpacking, the long kinds are not in `lines`, but
    in `source`, and `counted`. `signed_by` is the signer's public key; None if it is not signed.
    """

    about: dict[str, Any]
    lines: dict[str, list[str]]
    counted: dict[str, int] = field(default_factory=dict)
    source: bytes = field(default=b"", repr=False)
    signed_by: str | None = None

    def rows(self, kind: str) -> list[Any]:
        """The values of one kind, which is not a long one."""
        return [json.loads(line) for line in self.lines.get(kind, [])]

    def texts(self, kind: str) -> Iterator[str]:
        """The JSON texts of one kind."""
        if kind in self.lines or kind not in self.counted:
            yield from self.lines.get(kind, [])
        else:
            start = f"{kind}\t".encode()
            for line in _lines(self.source):
                if line.startswith(start):
                    yield _text(line[len(start) :])

    def count(self, kind: str) -> int:
        """The number of records of one kind."""
        return len(self.lines[kind]) if kind in self.lines else self.counted.get(kind, 0)

    def kinds(self) -> list[str]:
        """The kinds that it holds."""
        return [*self.lines, *(kind for kind in self.counted if kind not in self.lines)]

    def packed(self, signer: Signer | None = None) -> bytes:
        """Return it as bytes, not encrypted yet; signed, if there is a signer.

        Raises:
            InputError: it is larger than `unpack` accepts.
        """
        counts = {kind: self.count(kind) for kind in self.kinds()}
        file, digest = io.BytesIO(), hashlib.sha512()
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packing:
            for line in self._written(counts):
                packing.write(line)
                digest.update(line)
            if signer:
                signature = signer.sign(_SIGNED + digest.digest())
                packing.write(f"{_SIGNATURE}\t{json.dumps(asdict(signature))}\n".encode())
        packed = file.getvalue()
        try:
            unpack(packed)
        except InputError as error:
            raise InputError(
                f"the backup could not be restored: {error.message}", hint="Leave the logs out: --no-logs."
            ) from None
        except NotInstalled:
            # The reader gets a proper error.
            pass
        return packed

    def _written(self, counts: dict[str, int]) -> Iterator[bytes]:
        yield f"{json.dumps(self.about | {'counts': counts})}\n".encode()
        for kind in counts:
            for text in self.texts(kind):
                yield f"{kind}\t{text}\n".encode()


def unpack(packed: bytes) -> Content:
    """Return the content of `Content.packed`.

    Raises:
        InputError: it is not a backup, is incomplete, or is larger than a backup may be.
        NotInstalled: a newer program made it.
    """
    whole = _lines(packed)
    first = next(whole, b"")
    about = _about(_text(first))
    lines: dict[str, list[str]] = {}
    counted = dict.fromkeys(_LONG.values(), 0)
    kept = values = 0
    digest, signed_by = hashlib.sha512(first), None
    for line in whole:
        if signed_by:
            raise InputError("the backup was changed: it continues after its signature")
        if line.startswith(_SIGNATURE.encode() + b"\t"):
            signed_by = _signer(_text(line).partition("\t")[2], digest.digest())
            continue
        digest.update(line)
        long = _LONG.get(line[: line.find(b"\t") + 1])
        if long:
            counted[long] += 1
            continue
        kind, _, text = _text(line).partition("\t")
        kept += len(line)
        values += text.count(",") + text.count("[") + text.count("{") + 1
        if kept > KEPT or values > VALUES:
            raise _limit(f"{KEPT:,} bytes or {VALUES:,} values besides logs and slices")
        _check(kind, text)
        lines.setdefault(kind, []).append(text)
    counted = {kind: number for kind, number in counted.items() if number}
    content = Content(about, lines, counted, packed, signed_by)
    counts = about.get("counts")
    if counts is not None and {kind: n for kind, n in counts.items() if n} != {
        kind: content.count(kind) for kind in content.kinds()
    }:
        raise InputError("the backup is not complete: it holds more or less than it declares")
    return content


def _signer(text: str, digest: bytes) -> str:
    """The public key of the signer of what has this digest."""
    from tenantry.recovery.signature import Signature, is_valid

    value = _object(text)
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("key", "text")):
        raise _no_backup()
    signature = Signature(value["key"], value["text"])
    if not is_valid(signature, _SIGNED + digest):
        raise InputError("the backup was changed after it was signed, or its signature is not valid")
    return signature.key


def _about(text: str) -> dict[str, Any]:
    about = _object(text)
    if not isinstance(about, dict) or not all(
        isinstance(about.get(key), kinds) for key, kinds in _ABOUT.items()
    ):
        raise _no_backup()
    migrations = about["migrations"]
    counts = about.get("counts", {})
    if not migrations or not all(isinstance(version, int) for version in migrations):
        raise _no_backup()
    if not isinstance(counts, dict) or not _are_texts(about.get("not_held", [])):
        raise _no_backup()
    if about["tenantry_backup"] > FORMAT or max(migrations) > known()[-1].version:
        raise NotInstalled(
            f"the backup is newer than this program: Tenantry {about['version']} made it",
            hint="Upgrade the program: pip install --upgrade tenantry.",
        )
    return about


def _check(kind: str, text: str) -> None:
    """Raise InputError for a record without the form of its kind."""
    value = _object(text)
    wanted = _KEYS.get(kind, {})
    fits = isinstance(value, str if kind == "function" else dict)
    if fits and wanted:
        fits = all(isinstance(value.get(key), kinds) for key, kinds in wanted.items())
    if fits and kind == "role":
        fits = all(_are_texts(value.get(key, [])) for key in ("settings", "settings_here", "member_of"))
        fits = fits and isinstance(value.get("valid_until"), str | None)
    if not fits:
        raise InputError(
            f"the file is not a Tenantry backup: it has a record of another form ({kind[:40]!r})"
        )


def is_record(text: str) -> bool:
    """Whether a text is a JSON record, as for the long kinds, which are not checked while unpacking."""
    try:
        return isinstance(_object(text), dict)
    except InputError:
        return False


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _no_backup() from None


def _lines(packed: bytes) -> Iterator[bytes]:
    """The lines of a file, one after the other."""
    if len(packed) > PACKED:
        raise _limit(f"{PACKED:,} bytes")
    total = number = 0
    try:
        # A reader in C takes a third of the time for short lines.
        with io.BufferedReader(gzip.GzipFile(fileobj=io.BytesIO(packed))) as unpacking:
            while line := unpacking.readline(RECORD + 1):
                total += len(line)
                number += 1
                if len(line) > RECORD:
                    raise _limit(f"{RECORD:,} bytes of a record")
                if total > UNPACKED or number > RECORDS:
                    raise _limit(f"{UNPACKED:,} bytes" if total > UNPACKED else f"{RECORDS:,} records")
                yield line
    except (OSError, EOFError, zlib.error):
        raise _no_backup() from None


def _text(line: bytes) -> str:
    try:
        return line.decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise _no_backup() from None


def _limit(limit: str) -> InputError:
    return InputError(
        f"the file holds more than a backup may: {limit}",
        hint="No Tenantry backup is that large: check who made it.",
    )


def _no_backup() -> InputError:
    return InputError("the file is not a Tenantry backup")
