"""`--watch`: the same view again and again, in place on a terminal and in blocks elsewhere."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.databases import Warehouse
from tests.support.program import run, running
from tests.support.terminal import Terminal

pytestmark = pytest.mark.any_server

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$")


def blocks(process: subprocess.Popen[str]) -> Iterator[list[str]]:
    """What a watching program prints, a block at a time."""
    block: list[str] = []
    for line in process.stdout or ():
        if line == "\n" and block:
            yield block
            block = []
        elif line != "\n":
            block.append(line.rstrip())


def test_without_a_terminal_it_prints_a_block_with_the_time_and_ctrl_c_ends_it_well(acme: Warehouse) -> None:
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme')")
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    with running(acme, "status", "acme", "--watch", "0.1") as process:
        shown = blocks(process)
        for _ in range(3):
            time, head, row = next(shown)
            assert TIME.match(time)
            assert (head.split()[0], row.split()[:2]) == ("tenant", ["acme", "foodlogstats"])
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")


def test_it_goes_on_after_a_lost_connection_and_says_so(warehouse: Warehouse) -> None:
    with running(warehouse, "schedule", "show", "--watch", "0.2") as process:
        shown = blocks(process)
        next(shown)
        killed = warehouse.admin.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name = 'tenantry'",
            (warehouse.name,),
        )
        assert killed
        next(shown)
        next(shown)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 128 + signal.SIGTERM
        assert "; trying again" in err
        assert "Traceback" not in err


def test_json_stands_alone_in_each_block(warehouse: Warehouse) -> None:
    with running(warehouse, "--json", "schedule", "show", "--watch=0.1") as process:
        assert process.stdout is not None
        text, documents = "", 0
        for line in process.stdout:
            text += line
            with suppress(json.JSONDecodeError):
                json.loads(text)
                text, documents = "", documents + 1
            if documents == 2:
                break
    assert documents == 2


def test_on_a_terminal_it_is_drawn_over_what_was_there(warehouse: Warehouse) -> None:
    with Terminal("--dsn", warehouse.conninfo, "status", "--watch", "0.1") as terminal:
        terminal.wait_for("No tenants yet")
        drawn = "".join(terminal.wait_for("No tenants yet") for _ in range(4))
        assert "\x1b[1A" in drawn  # up a line
        # Not with the rounds before.
        assert max(part.count(" UTC") for part in drawn.split("\x1b[1A")) == 1
        terminal.type("\x03")
        assert terminal.ended() == 0
        assert "Traceback" not in terminal.seen


def test_a_pid_is_not_cancelled_again_and_again(warehouse: Warehouse) -> None:
    assert run(warehouse, "queries", "--cancel", "1", "--watch").code == 2


def test_an_unknown_tenant_ends_it_at_once(warehouse: Warehouse) -> None:
    assert 'tenant "nobody" does not exist' in run(warehouse, "status", "nobody", "--watch").err
