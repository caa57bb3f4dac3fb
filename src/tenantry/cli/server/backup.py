"""`tenantry backup` and `tenantry restore`: all that a warehouse knows, without its data."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, print_table, step
from tenantry.cli.server.init import role_passwords
from tenantry.cli.target import administrator
from tenantry.core.errors import InputError
from tenantry.core.model import OWNER, READER
from tenantry.core.private import read_private, write_private

if TYPE_CHECKING:
    import psycopg

    from tenantry.embedded.server import Server
    from tenantry.recovery.backup import Summary
    from tenantry.recovery.content import Content
    from tenantry.recovery.restore import LeftOut, Restored
    from tenantry.recovery.signature import Signer

PASSPHRASE = "TENANTRY_BACKUP_PASSPHRASE"  # noqa: S105 - the name of a variable, not a passphrase

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
PassphraseFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file that holds the passphrase.")
]


KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        envvar="TENANTRY_BACKUP_KEY",
        help="The file of the key that signs; default: tenantry/backup.key in your configuration folder.",
    ),
]
SignedBy = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        help="A public key that you trust, or a file of such; may be given several times. Your own key's is trusted, too.",
    ),
]
Unsigned = Annotated[
    bool, typer.Option("--unsigned", help="Take a file that is encrypted to recipients and not signed.")
]
Identity = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The file of the age key that it is encrypted to.")
]


class _WritesByDefault(TyperGroup):
    """`tenantry backup FILE` is `tenantry backup write FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["write", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_WritesByDefault,
    help="""Write all that the warehouse knows into a file, look at such a file, and make the key that signs it.

tenantry backup FILE is tenantry backup write FILE; a file called as a command is ./write.""",
)


@app.command("write")
def backup(
    file: File,
    passphrase_file: PassphraseFile = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AGE1…",
            help="Encrypt to the holder of an age key instead; may be given several times.",
        ),
    ] = None,
    key: KeyFile = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Encrypt to recipients without a signature.")
    ] = False,
    logs: Annotated[
        bool, typer.Option(help="With the entries of _wh.function_logs and of the audit trail.")
    ] = True,
    keep: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Then remove older backups in the file's folder, so that N are left; see below which.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write all that the warehouse knows into one encrypted file, and none of the tenants' data.

    In it: connections with their passwords, templates, tenants, feeds, the
    record of slices, logs, the audit trail, readers, jobs, functions of your
    own in _wh, and the roles. The data are pulled from the sources again after a restore.

    The passphrase comes from --passphrase-file, from
    TENANTRY_BACKUP_PASSPHRASE, or is asked for twice. With --recipient only
    whoever has that age key can read it, but whoever knows the recipient could
    have written it: so such a backup is signed, with the key that tenantry
    backup key makes. Without passphrase or key nobody can read it. The file
    appears whole or not at all, readable by you alone.

    With --keep the name holds a date, as in warehouse-2026-11-29.backup. Older
    are files of yours in the same folder that are encrypted by age and are
    named the same but for the date. No other file is removed, and none before
    the new one is there.

    The passwords of roles are in it only if --dsn or TENANTRY_ADMIN_DSN logs in
    as a superuser; a restore makes new ones. Jobs of other roles are not in it.
    """
    from tenantry.db.connect import session
    from tenantry.recovery import backup as backups
    from tenantry.recovery import retention, sealed

    if file.exists() and not force:
        raise InputError(f"{file} is there already", hint="Choose another name, or give --force.")
    if recipient and passphrase_file:
        raise InputError("a passphrase or recipients, not both")
    if keep is not None:
        retention.require_dated(file)
    signer = None if unsigned else _signer(key)
    if recipient and not signer and not unsigned:
        raise InputError(
            "whoever knows the recipients can write such a backup: it has to be signed",
            hint="Make a key: tenantry backup key. Or give --unsigned.",
        )
    passphrase = None if recipient else _passphrase(passphrase_file, twice=True)
    if recipient:
        # Before the warehouse is read: an address that is none is told at once.
        sealed.seal(b"", recipients=recipient)
    with administrator() as (conninfo, _), session(conninfo, role=None) as opened:
        content = backups.read(opened, logs=logs)
    write_private(
        file, sealed.seal(content.packed(signer), passphrase=passphrase, recipients=recipient or ())
    )
    removed = retention.older(file, keep) if keep is not None else []
    for old in removed:
        old.unlink(missing_ok=True)
    summary = backups.summary(content)
    if as_json:
        print_json(
            {
                "file": str(file),
                "bytes": file.stat().st_size,
                "removed": list(map(str, removed)),
                "content": summary,
            }
        )
        return
    _print(summary)
    if not summary.passwords:
        notes.print("passwords of roles are not in it: only a superuser sees them")
    for what in summary.not_held:
        notes.print(f"not in it: {what}", markup=False)
    if summary.jobs_left_out:
        notes.print(f"jobs of other roles or databases are not in it: {summary.jobs_left_out}")
    for old in removed:
        notes.print(f"removed: {old}", markup=False)
    step("backup", f"{file}, {file.stat().st_size:,} bytes")


def restore(
    file: File,
    passphrase_file: PassphraseFile = None,
    identity: Identity = None,
    signed_by: SignedBy = None,
    key: KeyFile = None,
    unsigned: Unsigned = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the file holds, without secrets; ask no server.")
    ] = False,
    other_jobs: Annotated[
        bool,
        typer.Option(
            "--other-jobs", help="Also jobs whose command is more than calls of Tenantry's functions."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an empty database the warehouse of a backup: all but the tenants' data.

    Installs, and brings back connections with their passwords, templates,
    tenants, feeds, readers, logs and jobs. A database that holds tenants is
    refused. Killed or failed, it can be run again. Afterwards tenantry rebuild
    --all pulls the data again; until then jobs are paused and reports find
    nothing to read.

    A file that is encrypted to recipients has to be signed by a key that you
    trust: your own (--key), or one given with --signed-by. One that has no
    signature, such as those of earlier versions, needs --unsigned. Whoever
    knows the passphrase of the others is trusted with that.

    The file is data: what it holds is put into the warehouse with whadmin's
    rights and no others. Functions of your own are text that runs later, as do
    jobs: --dry-run shows each function whole, and each job whose command is
    more than calls of Tenantry's functions. Such jobs are left out unless you
    give --other-jobs.

    Roles that are there keep their passwords. Others get those of the backup,
    or what TENANTRY_WHADMIN_PASSWORD and TENANTRY_READER_PASSWORD say, or
    generated ones, which are kept in a file that is named. On an embedded
    server whadmin's is always generated.

    What cannot be made here, such as a function that needs a tenant's view, is
    left out and named; everything else is restored, and the exit code is 1.

    Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN.
    """
    from tenantry.recovery import backup as backups
    from tenantry.recovery.content import unpack

    packed, by_passphrase = _opened(file, passphrase_file, identity)
    content = unpack(packed)
    summary = backups.summary(content)
    try:
        notes.print(
            _authority(content, signed_by, key, by_passphrase=by_passphrase, unsigned=unsigned), markup=False
        )
    except InputError as error:
        if not dry_run:
            raise
        notes.print(f"not to be restored as it is: {error.message}", markup=False)
    if dry_run:
        if as_json:
            print_json(summary)
        else:
            _print(summary)
            _print_texts(summary)
        return
    result = _restore(content, other_jobs=other_jobs)
    if as_json:
        print_json(
            {"tenants": result.tenants, "connections": result.connections, "jobs": result.jobs,
             "jobs_lost": result.lost, "roles_kept": result.kept, "passwords_generated": list(result.generated),
             "left_out": result.left_out}
        )  # fmt: skip
        _fail_if_left_out(result)
        return
    step("restore", f"{len(result.tenants)} tenants, {result.connections} connections, {result.jobs} jobs")
    if result.kept:
        notes.print(f"roles that were there keep their passwords: {', '.join(result.kept)}")
    if result.lost:
        notes.print(
            f"jobs that cannot be kept, as there is no schema cron: {', '.join(result.lost)}", markup=False
        )
    for left in result.left_out:
        notes.print(f"left out: {left.what}: {left.reason}", markup=False)
    data.print("Next: tenantry rebuild --all")
    _fail_if_left_out(result)


def _fail_if_left_out(result: Restored) -> None:
    if result.left_out:
        from tenantry.core.errors import DatabaseError

        count = len(result.left_out)
        raise DatabaseError(
            f"{count} thing{'s' if count > 1 else ''} of the backup could not be made here; all else is restored",
            hint="Each is named above and in _wh.function_logs, functions with their definitions.",
        )


def _print_texts(summary: Summary) -> None:
    """What a restore would run as whadmin, or let run: whole."""
    from tenantry.flow.job import function

    for definition in summary.own_functions:
        reason = function.refusal(definition)
        data.print(f"\n{'Left out, as ' + reason if reason else 'A function of your own'}:", markup=False)
        data.print(definition.rstrip(), markup=False)
    for job in summary.other_jobs:
        data.print(
            f"\nA job, only with --other-jobs: {job['name'] or 'without a name'}, {job['schedule']}",
            markup=False,
        )
        data.print(job["command"], markup=False)


def _restore(content: Content, *, other_jobs: bool) -> Restored:
    from tenantry.db.connect import session
    from tenantry.db.passwords import require_place
    from tenantry.observe.status import roles
    from tenantry.recovery import restore as restores

    with administrator(installed=False) as (conninfo, server), session(conninfo, role=None) as opened:
        present = {role.name for role in roles(opened)}
        held = {role["name"] for role in content.rows("role") if role["verifier"]}
        # The embedded server's own file has to know whadmin's password, and a backup tells no passwords.
        passwords, generated = role_passwords(present | (held - {OWNER} if server else held), generate=True)
        if server and OWNER in passwords and OWNER not in present:
            # Before the role is made: whoever is killed in between can log in all the same.
            server.save_password(OWNER, passwords[OWNER])
        if not server and (generated or not all(role["verifier"] for role in content.rows("role"))):
            require_place()
        mine = {role: passwords[role] for role in generated}
        result = restores.run(
            opened,
            content,
            passwords,
            other_jobs=other_jobs,
            keep=lambda made: _keep(opened, server, passwords if server else {}, mine | dict(made)),
        )
        result.generated |= mine
    return result


def _keep(
    opened: psycopg.Connection, server: Server | None, chosen: dict[str, str], generated: dict[str, str]
) -> None:
    """Write down the passwords that nobody else knows."""
    from tenantry.db.passwords import keep_generated

    if server:
        for role, password in (chosen | generated).items():
            server.save_password(role, password)
    elif generated:
        place = keep_generated(opened, generated)
        notes.print(
            f"generated passwords of {', '.join(generated)} are in {place} (libpq's pgpass format)",
            markup=False,
        )


@app.command("verify")
def verify(
    file: File,
    passphrase_file: PassphraseFile = None,
    identity: Identity = None,
    signed_by: SignedBy = None,
    key: KeyFile = None,
    unsigned: Unsigned = False,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse", help="Restore it, too, on a server of its own that is removed afterwards."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a backup to its end: whether it can be opened, who made it, whether it is whole, and what of it would be taken.

    Asks no server and changes nothing. Each record is read, and each function of
    your own is judged as a restore would. The exit code is 1 if a restore would
    leave something out, and 2 if it would refuse the file.

    With --rehearse it is restored into an embedded server in a temporary folder
    that you alone can read, and that is removed with it: so each row passes each
    check of a warehouse. Takes some seconds.
    """
    from tenantry.core.errors import DatabaseError
    from tenantry.recovery import backup as backups
    from tenantry.recovery.content import unpack

    packed, by_passphrase = _opened(file, passphrase_file, identity)
    content = unpack(packed)
    authority = _authority(content, signed_by, key, by_passphrase=by_passphrase, unsigned=unsigned)
    summary = backups.summary(content)
    problems = backups.problems(content)
    if rehearse:
        problems |= {left.what: left.reason for left in _rehearsed(content)}
    records = sum(map(content.count, content.kinds()))
    if as_json:
        print_json({"file": str(file), "authority": authority, "signed_by": content.signed_by, "records": records,
                    "rehearsed": rehearse, "problems": problems, "content": summary})  # fmt: skip
    else:
        _print(summary)
        notes.print(authority, markup=False)
        for job in summary.other_jobs:
            notes.print(f"taken only with --other-jobs: job {job['name'] or job['command']}", markup=False)
        for what, reason in problems.items():
            notes.print(f"not taken: {what}: {reason}", markup=False)
        if not problems:
            step("verify", f"{file}: whole, {records:,} records{', restored' if rehearse else ''}")
    if problems:
        raise DatabaseError(
            f"{len(problems)} thing{'s' if len(problems) > 1 else ''} of the backup would not be restored"
        )


def _rehearsed(content: Content) -> list[LeftOut]:
    """What a restore leaves out, on a server for that alone."""
    import shutil
    import tempfile

    from tenantry.db.connect import session
    from tenantry.embedded.server import Server
    from tenantry.recovery import restore as restores

    folder = Path(tempfile.mkdtemp(prefix="tenantry-rehearsal-"))
    try:
        if os.geteuid() == 0:
            # The server runs under another account; its own folder in there is that account's alone.
            folder.chmod(0o711)
        server = Server(folder / "server")
        with server.lease(), session(server.conninfo(), role=None) as opened:
            passwords = {role: secrets.token_urlsafe(24) for role in (OWNER, READER)}
            result = restores.run(opened, content, passwords, other_jobs=True)
        server.remove()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    known = set(content.about.get("not_held", []))
    return [left for left in result.left_out if left.what not in known]


@app.command("key")
def make_key(key: KeyFile = None, as_json: AsJson = False) -> None:
    """Make the key that signs backups, if there is none yet, and print its public part.

    The key is in a file that you alone can read: --key, TENANTRY_BACKUP_KEY, or
    tenantry/backup.key in your configuration folder. Give the public part to
    whoever restores: tenantry restore --signed-by.
    """
    from tenantry.recovery import signature

    file = key or _own_key()
    made = not file.exists()
    signer = signature.make(file) if made else signature.load(file)
    if as_json:
        print_json({"file": str(file), "made": made, "public": signer.public})
        return
    notes.print(f"the key is in {file}{'' if made else ', as it was'}", markup=False)
    data.print(signer.public, markup=False)


def _own_key() -> Path:
    from platformdirs import user_config_path

    return user_config_path("tenantry") / "backup.key"


def _signer(key: Path | None) -> Signer | None:
    """Whoever signs here: the key that is named, or one's own if there is one."""
    file = key or _own_key()
    if key is None and not file.exists():
        return None
    from tenantry.recovery import signature

    return signature.load(file)


def _authority(
    content: Content, signed_by: list[str] | None, key: Path | None, *, by_passphrase: bool, unsigned: bool
) -> str:
    """Who vouches for a backup, in words. Raises InputError if nobody does whom one trusts."""
    trusted = _trusted(signed_by, key)
    if content.signed_by in trusted:
        return f"signed by {content.signed_by}"
    if content.signed_by and (signed_by or not by_passphrase):
        raise InputError(
            f"the backup is signed by {content.signed_by}, which is no key that you trust",
            hint="If you know whose it is: --signed-by KEY.",
        )
    if by_passphrase and not signed_by:
        return "not signed by a known key: made by somebody who knows the passphrase"
    if not unsigned or signed_by:
        raise InputError(
            "the backup is not signed: whoever knows the recipient can have made it",
            hint="If you know where the file comes from: --unsigned, without --signed-by.",
        )
    return "not signed: whoever knows the recipient can have made it"


def _trusted(signed_by: list[str] | None, key: Path | None) -> set[str]:
    own = _signer(key)
    trusted = {own.public} if own else set()
    if signed_by:
        from tenantry.recovery.signature import public_keys

        for word in signed_by:
            trusted.update(public_keys(_text_of(Path(word)) if Path(word).is_file() else word))
    return trusted


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file} cannot be read: {getattr(error, 'strerror', 'it is no UTF-8 text')}"
        ) from None


def _opened(file: Path, passphrase_file: Path | None, identity: Path | None) -> tuple[bytes, bool]:
    """The decrypted content of a backup, and whether it was encrypted with a passphrase."""
    from tenantry.recovery import sealed
    from tenantry.recovery.content import PACKED

    try:
        with file.open("rb") as opened:
            # Encrypted it is little longer than it is inside.
            content = opened.read(2 * PACKED)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) == 2 * PACKED:
        raise InputError(f"{file} is larger than any backup")
    if sealed.needs_passphrase(content):
        if identity:
            raise InputError(
                f"{file} is encrypted with a passphrase, not to a key", hint="Leave --identity out."
            )
        return sealed.unseal(content, passphrase=_passphrase(passphrase_file, twice=False)), True
    if identity is None:
        raise InputError(
            f"{file} is encrypted to an age key",
            hint="Give the key's file with --identity.",
        )
    return sealed.unseal(content, identities=read_private(identity)), False


def _passphrase(file: Path | None, *, twice: bool) -> str:
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


def _print(summary: Summary) -> None:
    print_table(
        f"Backup of {summary.database}, {summary.made_at}, Tenantry {summary.version}, migration {summary.migration}",
        ("", "#", ""),
        [
            ("tenants", len(summary.tenants), ", ".join(summary.tenants)),
            ("feeds", summary.feeds, f"{summary.row_count:,} rows, to be pulled again"),
            ("connections", len(summary.connections), f"{summary.secrets} with passwords"),
            ("templates", len(summary.templates), ", ".join(summary.templates)),
            ("readers", len(summary.readers), ", ".join(summary.readers)),
            ("passwords of roles", len(summary.passwords), ", ".join(summary.passwords)),
            ("jobs", summary.jobs, ""),
            ("functions of your own", summary.functions, ""),
            ("log entries", summary.logs, ""),
            ("entries of the audit trail", summary.audit, ""),
        ],
    )
