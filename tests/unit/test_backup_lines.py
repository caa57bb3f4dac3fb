"""What a backup holds comes out of its file as it went in; and a file that says it holds too much, or nonsense, is refused."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import Any

import pytest

from tenantry.core.errors import InputError
from tenantry.db.migrations import known
from tenantry.recovery import form
from tenantry.recovery.content import Content, unpack
from tests.support.samples import backups

ABOUT: dict[str, Any] = {
    "tenantry_backup": 1, "version": "0", "made_at": "now", "database": "d", "migrations": [known()[0].version], "jobs_left_out": 0,
}  # fmt: skip
LOG = "table function_logs"


def file_of(*lines: str, about: dict[str, Any] | None = None) -> bytes:
    return gzip.compress("\n".join([json.dumps(about or ABOUT), *lines, ""]).encode())


def test_letters_that_some_call_line_breaks_stay_in_their_line() -> None:
    row = {"template_name": "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"}
    for kind in ("table mv_templates", LOG):
        content = unpack(backups.packed(Content(ABOUT, {kind: [json.dumps(row, ensure_ascii=False)]})))
        assert [json.loads(text) for text in content.texts(kind)] == [row]
        again = unpack(backups.packed(content))
        assert (again.lines, list(again.texts(kind))) == (content.lines, list(content.texts(kind)))


def test_a_backup_that_holds_less_than_it_says_is_refused() -> None:
    about = ABOUT | {"counts": {LOG: 2, "feed": 0}}
    with pytest.raises(InputError, match="not complete"):
        unpack(file_of(f"{LOG}\t{{}}", about=about))
    assert unpack(file_of(f"{LOG}\t{{}}", f"{LOG}\t{{}}", about=about)).count(LOG) == 2


@pytest.mark.parametrize(
    "lines",
    [
        ["feed\t{"],
        ["feed\t" + "[" * 100_000],
        ["feed\t" + "9" * 10_000],
        ["feed\t[]"],
        ["feed"],
        [""],
        ["function\t{}"],
        ['table tenants\t{"schema_name": {}}'],
        ['table readers\t{"reader_name": "a", "tenants": "b"}'],
        ['role\t{"name": "a", "connections": "1; x", "settings": [], "verifier": null}'],
        ['role\t{"name": "a", "connections": 1, "settings": [1], "verifier": null}'],
        ['role\t{"name": "a", "connections": 1, "settings": [], "verifier": null, "member_of": [{}]}'],
        ['job\t{"jobid": 1, "name": [], "schedule": "", "command": "", "active": true}'],
        ['secret\t{"name": null, "password": ""}'],
    ],
)
def test_a_record_of_another_form_is_refused_in_one_line(lines: list[str]) -> None:
    with pytest.raises(InputError, match="not a Tenantry backup"):
        unpack(file_of(*lines))


@pytest.mark.parametrize(
    "changed",
    [{"migrations": []}, {"migrations": ["1"]}, {"tenantry_backup": "x"}, {"counts": []}, {"not_held": [1]}, {"version": None}],
)  # fmt: skip
def test_a_first_line_of_another_form_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="not a Tenantry backup"):
        unpack(file_of(about=ABOUT | changed))


def test_a_backup_that_could_not_be_restored_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "RECORD", 100)
    with pytest.raises(
        InputError,
        match="could not be restored: the file holds more than a backup may: 100 bytes of a record",
    ):
        backups.packed(Content(ABOUT, {LOG: [json.dumps("x" * 100)]}))


BOMB = r"""
import gzip, resource, sys
from tenantry.core.errors import InputError
from tenantry.recovery import content as backup_content, form
about, unit, times = sys.argv[1].encode() + b"\n", sys.argv[2].encode().replace(b"\\t", b"\t").replace(b"\\n", b"\n"), int(sys.argv[3])
form.UNPACKED, form.RECORDS = 2**28, 1_000_000
member = gzip.compress(unit * (2**20 // len(unit)))
packed = gzip.compress(about) + member * times
before = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (before + 400 * 2**20,) * 2)
try:
    print(len(packed), len(backup_content.unpack(packed).kinds()))
except InputError as error:
    print(len(packed), error)
"""


@pytest.mark.parametrize(
    "unit, times, limit",
    [
        # 4 GiB: one endless line; lines that are kept, long and of many values; lines of the logs, which are not kept, short and long.
        ("0", 4096, "16,777,216 bytes of a record"),
        ("feed\\t{}\\n", 4096, "not a Tenantry backup"),
        ('other\\t{"k": "%s"}\\n' % ("\U0001f600" * 1000), 4096, "67,108,864 bytes or 2,000,000 values"),
        ('other\\t{"k": [%s[]]}\\n' % ("[]," * 30_000), 4096, "67,108,864 bytes or 2,000,000 values"),
        ("table function_logs\\t{}\\n", 4096, "1,000,000 records"),
        ("table function_logs\\t%s\\n" % ("x" * 2000), 4096, "268,435,456 bytes"),
    ],
)
def test_a_small_file_that_unpacks_to_a_great_deal_is_refused_within_little_memory(
    unit: str, times: int, limit: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", BOMB, json.dumps(ABOUT), unit, str(times)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    size, _, words = run.stdout.partition(" ")
    assert int(size) < 32 * 2**20
    assert limit in words
