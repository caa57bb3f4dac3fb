"""Migrations, functions and triggers against those of this program."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tenantry.core.model import OWNER
from tenantry.core.words import some
from tenantry.db.build import entrances
from tenantry.db.migrations import applied, known
from tenantry.db.routines import Routine, routines, triggers
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity

_INSTALL = "tenantry init"


def _migrations(examined: Examined) -> Iterator[Finding]:
    had = applied(examined.session)
    mine = {migration.version: migration for migration in known()}
    if had.keys() - mine.keys() and max(had) > max(mine):
        yield Finding(
            Severity.ERROR,
            "migrations",
            f"the warehouse has migration {max(had)}, this program knows up to {max(mine)}: it is too old",
            "pip install --upgrade tenantry",
        )
    missing = sorted(mine.keys() - had.keys())
    if missing:
        yield Finding(
            Severity.ERROR, "migrations", f"the warehouse lacks migration {some(missing)}", _INSTALL
        )
    changed = sorted(v for v in mine.keys() & had.keys() if mine[v].sha256 != had[v])
    if changed:
        yield Finding(
            Severity.ERROR,
            "migrations",
            f"migration {some(changed)} is not the one that the warehouse had: the program's files were changed",
            "pip install --force-reinstall tenantry",
        )


def _functions(examined: Examined) -> Iterator[Finding]:
    there = defaultdict(list)
    own_cron = examined.rows("own_cron")[0][0]
    for schema, name, sha256, definer, search_path, owner, public, signature, kind in examined.rows(
        "routines"
    ):
        there[f"{schema}.{name}"].append(Routine(schema, name, sha256, definer, search_path))
        if schema == "cron" and not own_cron:
            continue
        if owner == OWNER and public:
            yield Finding(
                Severity.ERROR,
                signature,
                "everybody may execute it",
                f"REVOKE ALL ON ROUTINE {signature} FROM PUBLIC;",
                safe=True,
            )
        elif owner != OWNER and schema != "cron":
            yield Finding(
                Severity.WARNING,
                signature,
                f"it belongs to {owner}, not to {OWNER}, and acts with that role's rights",
                f"ALTER {kind} {signature} OWNER TO {OWNER}; -- as the administrator",
            )
    missing, differing = set(), set()
    for routine in routines(own_cron=own_cron):
        found = there[f"{routine.schema}.{routine.name}"]
        if not found:
            missing.add(f"{routine.schema}.{routine.name}")
        elif routine not in found:
            differing.add(f"{routine.schema}.{routine.name}")
    if missing:
        yield Finding(
            Severity.ERROR, "functions", f"{len(missing)} are missing: {some(sorted(missing))}", _INSTALL
        )
    if differing:
        reason = f"{len(differing)} differ from this program's: {some(sorted(differing))}"
        yield Finding(Severity.WARNING, "functions", reason, _INSTALL)
    unpinned = [row[0] for row in examined.rows("unpinned", names=entrances())]
    if unpinned:
        reason = f"{len(unpinned)} lack their own settings, so that a session's settings change what they do: {some(unpinned)}"
        yield Finding(Severity.ERROR, "functions", reason, _INSTALL)
    lost = triggers() - set(examined.rows("triggers"))
    if lost:
        names = some(sorted(f"{name} on {table}" for table, name in lost))
        yield Finding(Severity.ERROR, "triggers", f"missing or disabled: {names}", _INSTALL)


MIGRATIONS = Check("migrations", "Does the database have this program's tables?", False, _migrations)
FUNCTIONS = Check(
    "functions",
    "Are the functions and triggers those of this program, and can only the right roles run them?",
    False,
    _functions,
)
