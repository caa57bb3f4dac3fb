"""Ctrl-C, SIGTERM and SIGHUP: each ends a command gently, with a line that says what is kept and a code of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import date

import pytest

from tests.support import documents
from tests.support.databases import Source, Warehouse
from tests.support.program import address, environment, hear_signals, running, succeed
from tests.support.samples.small_template import QUERY, define, make_ticks, spoil
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 1)
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SPAN = ("--from", "2024-03-01", "--to", "2024-03-05")


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with five days of the template `ticks`, of which the third takes ten minutes."""
    make_ticks(source, FIRST, 5)
    spoil(source, date(2024, 3, 3), "slow")
    define(acme, query=QUERY.replace("pg_sleep(0.3)", "pg_sleep(600)"))
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    return acme


def loaded(warehouse: Warehouse) -> int:
    count: int = warehouse.value("SELECT count(*) FROM _wh.slices WHERE status = 'loaded'")
    return count


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_load_keeps_what_is_loaded_whatever_the_signal(ticking: Warehouse, number: signal.Signals) -> None:
    with running(ticking, "backfill", "ticks", "--all", *SPAN) as process:
        wait_until(lambda: loaded(ticking) == 4)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, loaded(ticking)) == (CODES[number], 4), err
    assert err.splitlines()[-1] == (
        "interrupted; what was loaded is kept. To continue, run the same command: it loads only what is missing."
    )
    assert "Traceback" not in out + err


def test_ctrl_c_while_a_tenant_is_taken_in_says_how_to_go_on(
    ticking: Warehouse, source: Source, tmp_path_factory: pytest.TempPathFactory
) -> None:
    password = tmp_path_factory.mktemp("password") / "file"
    password.write_text(source.password)
    password.chmod(0o600)
    add = (
        "tenant",
        "add",
        "acme",
        "--template",
        "ticks",
        "--source",
        address(source),
        "--from",
        "2024-03-01",
    )
    with running(ticking, *add, "--password-file", password, "--json") as process:
        wait_until(lambda: loaded(ticking) >= 4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "what was stored and loaded is kept. To continue, run the same command" in err
    assert "error:" not in err
    assert '"interrupted": true' in out


WAITING = {
    "template set-storage": ("template", "set-storage", "ticks", "partition"),
    "tenant drop": ("tenant", "drop", "acme", "--yes"),
    "tenant reload": ("tenant", "reload", "acme"),
    "year fold": ("year", "fold", "ticks", "2024", "--tenant", "acme"),
    "doctor": ("doctor",),
}


@pytest.mark.parametrize(
    "command, number", [(name, (signal.SIGTERM, signal.SIGINT)[n % 2]) for n, name in enumerate(WAITING)]
)
def test_a_command_that_waits_ends_at_a_signal_with_a_line(
    ticking: Warehouse, command: str, number: signal.Signals
) -> None:
    succeed(ticking, "backfill", "ticks", "--all", "--from", "2024-03-01", "--to", "2024-03-02")
    with ticking.connect() as blocker, running(ticking, *WAITING[command]) as process:
        blocker.execute("BEGIN; LOCK _wh.feeds, _wh.slices, _wh.tenant_connections")
        wait_until(
            lambda: (
                process.poll() is not None
                or ticking.admin.value(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database"
                    " WHERE datname = current_database())"
                )
                > 0
            )
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert process.returncode == CODES[number], out + err
    assert [line for line in err.splitlines() if line.startswith("interrupted; ")] == [err.splitlines()[-1]]
    assert "Traceback" not in out + err


def test_a_signal_while_the_program_is_loaded_prints_no_traceback() -> None:
    program = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "tenantry.cli.main":
            os.kill(os.getpid(), getattr(signal, sys.argv[1]))
sys.meta_path.insert(0, Finder())
from tenantry.__main__ import main
main()
"""
    for number, code, words in ((n, c, w) for n, c in CODES.items() for w in ((), ("status", "--json"))):
        ended = subprocess.run(
            [sys.executable, "-c", program, number.name, *words],
            env=environment(),
            capture_output=True,
            text=True,
            preexec_fn=hear_signals,
            check=False,
        )
        assert ended.returncode == code
        if words:
            documents.check(words, ended.stdout, ended.stderr)
            assert json.loads(ended.stderr)["error"]["exit_code"] == code
        else:
            assert ended.stderr == "interrupted; nothing was begun\n"
