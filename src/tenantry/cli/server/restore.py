"""`tenantry restore`: restore a backup into an empty database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.server.backup import print_summary
from tenantry.cli.server.init import role_passwords
from tenantry.cli.server.sealing import (
    File,
    Identity,
    KeyFile,
    PassphraseFile,
    SignedBy,
    Unsigned,
    opened,
    vouched,
)
from tenantry.cli.target import administrator
from tenantry.core.errors import InputError
from tenantry.core.model import OWNER
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.embedded.server import Server
    from tenantry.recovery.backup import Summary
    from tenantry.recovery.restore import Restored
    from tenantry.warehouse.backups import Backup


def restore(
    file: File,
    passphrase_file: PassphraseFile = None,
    identity: Identity = None,
    signed_by: SignedBy = None,
    key: KeyFile = None,
    unsigned: Unsigned = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what the file holds, without secrets or a server.")
    ] = False,
    other_jobs: Annotated[
        bool,
        typer.Option(
            "--other-jobs", help="Also restore jobs whose command does more than call Tenantry's functions."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty database: everything except the tenants' data.

    Installs the warehouse, and restores connections with their passwords,
    templates, tenants, feeds, readers, logs and jobs. A database that holds
    tenants is refused. If the command fails or is killed, you can run it again.
    Afterwards, tenantry recover --all loads the data; until then jobs are
    paused and reports find no rows.

    A file that is encrypted to recipients must be signed by a key that you
    trust: your own (--key), or one given with --signed-by. A file without a
    signature, such as one of an earlier version, needs --unsigned. For a file
    that is encrypted with a passphrase, anyone who knows the passphrase is
    trusted.

    The file is data: its content is put into the warehouse with whadmin's
    rights only. But your own functions and jobs in it run later. --dry-run
    shows each function in full, and each job whose command does more than call
    Tenantry's functions. Such jobs are left out unless you give --other-jobs.

    Existing roles keep their passwords. Other roles get their password from the
    backup, from TENANTRY_WHADMIN_PASSWORD and TENANTRY_READER_PASSWORD, or a
    generated one, which is stored in a file that is named. On an embedded
    server whadmin's password is always generated.

    What cannot be created here, such as a function that needs a tenant's view,
    is left out and named. Everything else is restored, and the exit status is
    1.

    Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN.
    """
    backup, by_passphrase = opened(file, passphrase_file, identity)
    try:
        notes.print(vouched(backup, signed_by, key, by_passphrase=by_passphrase, unsigned=unsigned))
    except InputError as error:
        if not dry_run:
            raise
        notes.print(f"cannot be restored as it is: {error.message}")
    if dry_run:
        summary = backup.summary()
        if as_json:
            print_json(dry_run=True, content=summary, restored=None)
        else:
            print_summary(summary)
            _print_texts(backup, summary)
        return
    result = _restore(backup, other_jobs=other_jobs)
    if as_json:
        print_json(
            dry_run=False,
            content=None,
            restored={
                "tenants": result.tenants,
                "connections": result.connections,
                "jobs": result.jobs,
                "jobs_lost": result.lost,
                "without_cluster": list(result.without_cluster),
                "roles_kept": result.kept,
                "passwords_generated": list(result.generated),
                "failed": len(result.left_out),
                "failures": [{"what": item.what, "error": item.reason} for item in result.left_out],
            },
        )
        _fail_if_left_out(result)
        return
    step(
        "restore",
        f"{count(len(result.tenants), 'tenant')}, {count(result.connections, 'connection')}, {count(result.jobs, 'job')}",
    )
    if result.kept:
        notes.print(f"existing roles keep their passwords: {', '.join(result.kept)}")
    if result.lost:
        notes.print(
            f"jobs that cannot be stored, because there is no schema cron: {', '.join(result.lost)}",
        )
    for template, storage in result.without_cluster.items():
        notes.print(
            f"this database is not a coordinator of Citus: the storage of template {template} is {storage} now",
        )
    for left in result.left_out:
        notes.print(f"left out: {left.what}: {left.reason}")
    data.print("Next: tenantry recover --all")
    _fail_if_left_out(result)


def _fail_if_left_out(result: Restored) -> None:
    if result.left_out:
        from tenantry.core.errors import DatabaseError

        raise DatabaseError(
            f"{count(len(result.left_out), 'thing')} of the backup could not be created here; everything else was restored",
            hint="Each is named above and in _wh.function_logs, functions with their definitions.",
        )


def _print_texts(backup: Backup, summary: Summary) -> None:
    """Print in full what a restore would run as whadmin, or schedule."""
    for definition, reason in backup.refusals().items():
        data.print(f"\n{'Left out, as ' + reason if reason else 'Your own function'}:")
        data.print(definition.rstrip(), raw=True)
    for job in summary.other_jobs:
        data.print(
            f"\nA job, restored only with --other-jobs: {job['name'] or 'without a name'}, {job['schedule']}",
        )
        data.print(job["command"], raw=True)


def _restore(backup: Backup, *, other_jobs: bool) -> Restored:
    from tenantry.cli.progress import working
    from tenantry.db.passwords import require_place
    from tenantry.warehouse import Warehouse

    roles = backup.content.rows("role")
    with administrator(installed=False) as (conninfo, server):
        warehouse = Warehouse(conninfo)
        present = {role.name for role in warehouse.roles()}
        held = {role["name"] for role in roles if role["verifier"]}
        # The embedded server's own file must contain whadmin's password, and a backup shows no passwords.
        passwords, generated = role_passwords(present | (held - {OWNER} if server else held), generate=True)
        if server and OWNER in passwords and OWNER not in present:
            # Before the role is created, so that after a kill in between you can still log in.
            server.save_password(OWNER, passwords[OWNER])
        if not server and (generated or not all(role["verifier"] for role in roles)):
            require_place()
        mine = {role: passwords[role] for role in generated}
        with working("restoring"):
            result = warehouse.restore(
                backup,
                passwords,
                other_jobs=other_jobs,
                keep=lambda made: _keep(conninfo, server, passwords if server else {}, mine | dict(made)),
            )
        result.generated |= mine
    return result


def _keep(conninfo: str, server: Server | None, chosen: dict[str, str], generated: dict[str, str]) -> None:
    """Store the passwords that nobody else knows."""
    from tenantry.db.connect import session
    from tenantry.db.passwords import keep_generated

    if server:
        for role, password in (chosen | generated).items():
            server.save_password(role, password)
    elif generated:
        with session(conninfo, role=None) as opened:
            place = keep_generated(opened, generated)
        notes.print(
            f"generated passwords of {', '.join(generated)} are in {place} (libpq's pgpass format)",
        )
