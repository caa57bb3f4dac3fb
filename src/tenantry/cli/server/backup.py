"""`tenantry backup`: everything that a warehouse knows, without its data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantry.cli.group import Group
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, human_bytes, notes, print_facts, print_json, step
from tenantry.cli.server.sealing import (
    File,
    Identity,
    KeyFile,
    PassphraseFile,
    SignedBy,
    Unsigned,
    find_signer,
    opened,
    own_key,
    read_passphrase,
    vouched,
)
from tenantry.cli.target import administrator
from tenantry.core.errors import InputError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.recovery.backup import Summary


class _WritesByDefault(Group):
    """`tenantry backup FILE` is `tenantry backup write FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in ctx.help_option_names:
            try:
                _, rest, _ = self.make_parser(ctx).parse_args(list(args))
            except typer.TyperException:
                rest = []  # an option of write
            if not rest or rest[0] not in self.commands:
                args = ["write", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_WritesByDefault,
    help="""Write and check backups of everything the warehouse knows.

tenantry backup FILE is short for tenantry backup write FILE. Write a file
that is named like a command as ./write.""",
)


@app.command("write")
def write(
    file: File,
    passphrase_file: PassphraseFile = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AGE1…",
            help="Encrypt to an age recipient instead of with a passphrase. Repeatable.",
        ),
    ] = None,
    key: KeyFile = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Encrypt to recipients without signing.")
    ] = False,
    logs: Annotated[
        bool, typer.Option(help="Include the entries of _wh.function_logs and of the audit trail.")
    ] = True,
    keep: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Then remove older backups from the file's folder until N are left.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything the warehouse knows, but no tenants' data, to a file.

    The file holds connections with their passwords, templates, tenants, feeds,
    logs, the audit trail, readers, jobs, your own functions in _wh, and the
    roles. After a restore, the data is loaded from the sources again.

    The file is encrypted. The passphrase comes from --passphrase-file or
    TENANTRY_BACKUP_PASSPHRASE; otherwise it is asked for twice. With
    --recipient, only the holder of that age key can read the file. As anyone
    who knows the recipient could have written it, such a backup is signed with
    the key that tenantry backup key makes. Without the passphrase or the key,
    nobody can read the backup. The file appears whole or not at all, and only
    you can read it.

    With --keep, the file's name must hold a date, as in
    warehouse-2026-11-29.backup. Older backups are your own files in the same
    folder that are encrypted with age and have the same name apart from the
    date. No other file is removed, and none before the new file is complete.

    The backup only holds passwords of roles if --dsn or TENANTRY_ADMIN_DSN logs
    in as a superuser; otherwise a restore makes new ones. It does not hold
    other roles' jobs.
    """
    from tenantry.cli.progress import working
    from tenantry.warehouse import Warehouse
    from tenantry.warehouse.backups import require_writable

    if recipient and passphrase_file:
        raise InputError("a passphrase and recipients cannot be combined")
    # Before the user is asked for a passphrase.
    require_writable(file, recipients=recipient or (), keep=keep, force=force)
    signer = None if unsigned else find_signer(key)
    if recipient and not signer and not unsigned:
        raise InputError(
            "anyone who knows the recipients can write such a backup, so it must be signed",
            hint="Make a key: tenantry backup key. Or give --unsigned.",
        )
    passphrase = None if recipient else read_passphrase(passphrase_file, twice=True)
    with administrator() as (conninfo, _), working("writing the backup"):
        done = Warehouse(conninfo).backup(
            file,
            passphrase=passphrase,
            recipients=recipient or (),
            signer=signer,
            logs=logs,
            keep=keep,
            force=force,
        )
    summary = done.summary
    if as_json:
        print_json(
            file=file,
            size_bytes=done.bytes,
            removed=done.removed,
            content=summary,
        )
        return
    print_summary(summary)
    if not summary.passwords:
        notes.print("role passwords are not included: only a superuser can read them")
    for what in summary.not_held:
        notes.print(f"not included: {what}")
    if summary.jobs_left_out:
        notes.print(f"jobs of other roles or databases are not included: {summary.jobs_left_out}")
    for old in done.removed:
        notes.print(f"removed: {old}")
    step("backup", f"{file}, {human_bytes(done.bytes)}")


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
        typer.Option("--rehearse", help="Also restore it on a temporary server."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a backup: whether it opens, is whole, and can be restored.

    Reads every record, judges each function of your own as a restore would, and
    shows who made the file. It needs no server and changes nothing.

    With --rehearse, the backup is also restored on an embedded server in a
    temporary folder that only you can read and that is removed afterwards. Each
    row then passes all checks of a warehouse. This takes some seconds.

    Exits with status 1 if a restore would leave something out, and with status
    2 if it would refuse the file.
    """
    from tenantry.cli.progress import working
    from tenantry.core.errors import DatabaseError

    backup, by_passphrase = opened(file, passphrase_file, identity)
    authority = vouched(backup, signed_by, key, by_passphrase=by_passphrase, unsigned=unsigned)
    with working("checking the backup"):
        summary = backup.summary()
        problems = backup.problems(rehearse=rehearse)
        records = backup.records
    if as_json:
        print_json(
            file=file,
            authority=authority,
            signed_by=backup.signed_by,
            records=records,
            rehearsed=rehearse,
            failed=len(problems),
            failures=[{"what": what, "error": reason} for what, reason in problems.items()],
            content=summary,
        )
    else:
        print_summary(summary)
        notes.print(authority)
        for job in summary.other_jobs:
            notes.print(f"restored only with --other-jobs: job {job['name'] or job['command']}")
        for what, reason in problems.items():
            notes.print(f"not restored: {what}: {reason}")
        if not problems:
            step("verify", f"{file}: whole, {count(records, 'record')}{', restored' if rehearse else ''}")
    if problems:
        raise DatabaseError(f"{count(len(problems), 'thing')} of the backup would not be restored")


@app.command("key")
def make_key(key: KeyFile = None, as_json: AsJson = False) -> None:
    """Make the key that signs backups, if there is none, and print its public part.

    The key is kept in a file that only you can read: --key,
    TENANTRY_BACKUP_KEY, or tenantry/backup.key in your configuration folder.
    Give the public part to whoever restores the backups, for tenantry restore
    --signed-by.
    """
    from tenantry.warehouse import backups

    file = key or own_key()
    made = not file.exists()
    signer = backups.make_key(file) if made else backups.load_key(file)
    if as_json:
        print_json(file=file, made=made, public_key=signer.public)
        return
    notes.print(f"the key is in {file}{'' if made else ', unchanged'}")
    data.print(signer.public, raw=True)


def print_summary(summary: Summary) -> None:
    print_facts(
        f"Backup of {summary.database}, {summary.made_at}, Tenantry {summary.version}, migration {summary.migration}",
        {
            "tenants": _listed(summary.tenants),
            "feeds": f"{summary.feeds:,}, {count(summary.row_count, 'row')}, to be loaded again",
            "connections": f"{len(summary.connections):,}, {summary.secrets:,} with passwords",
            "templates": _listed(summary.templates),
            "readers": _listed(summary.readers),
            "role passwords": _listed(summary.passwords),
            "jobs": summary.jobs,
            "your own functions": summary.functions,
            "log entries": summary.logs,
            "audit trail entries": summary.audit,
        },
    )


def _listed(names: Sequence[str]) -> str:
    return f"{len(names):,}: {', '.join(names)}" if names else "0"
