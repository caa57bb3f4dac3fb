"""What pgcli's \\d, \\dt and \\dv say of schemas: the address is libpq's environment, the schemas are the arguments."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

CONFIGURATION = "[main]\ntable_format = csv\nless_chatty = True\nenable_pager = False\ntiming = False\n"


def main(schemas: Sequence[str]) -> None:
    """Print a line for each thing: schema, relation, and what is said of it, with tabs between."""
    lists = [(schema, command) for schema in schemas for command in ("\\d", "\\dt", "\\dv")]
    found = set()
    for schema, command, row in asked(
        [(*pair, f"{pair[1]} {pair[0]}.*") for pair in lists if pair[1] != "\\d"]
    ):
        if row[0] == schema:
            found.add((schema, row[1]))
            print(schema, row[1], command, *row[2:], sep="\t")
    for _, _, row in asked([("", "", "\\d")]):
        if row[0] in schemas:
            print(row[0], row[1], "\\d", *row[2:], sep="\t")
    for schema, name, row in asked([(*pair, f'\\d {pair[0]}."{pair[1]}"') for pair in sorted(found)]):
        print(schema, name, *row, sep="\t")


def asked(commands: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, list[str]]]:
    """The rows that pgcli prints for commands, each after the two words that go with its command."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "config")
        configuration.write_text(CONFIGURATION)
        arguments = [
            str(Path(sys.executable).with_name("pgcli")),
            "--pgclirc",
            str(configuration),
            "--no-password",
        ]
        for first, second, command in commands:
            arguments += ["-c", f"SELECT 'of', '{first}', '{second}'", "-c", command]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    of = ("", "")
    for row in csv.reader(done.stdout.splitlines()):
        if row[:1] == ["of"]:
            of = (row[1], row[2])
        elif row and row[0] != "?column?" and not row[0].startswith("SELECT "):
            yield *of, row


main(sys.argv[1:])
