"""Draw the pictures of the documents from a run of the program: `make pictures`.

Each picture shows what a command prints on a terminal of 80 columns, whole. All of it happens on an embedded server of its own,
which is removed at the end. Times and days are those of the run. The folder and the port of the server are replaced by the
usual ones.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from rich.console import Console
from rich.text import Text

import tenantry
from tenantry.embedded import Server

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
COLUMNS = 80
PORT = "36539"
"""Stands for the port of the server, which is another one each time."""

_CONTROL = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\r|\n")


def screen(written: str) -> str:
    """What a terminal shows in the end of what was written: without progress that was erased. Colours stay."""
    lines = [""]
    row = at = 0
    for control in _CONTROL.finditer(written):
        lines[row] += written[at : control.start()]
        at = control.end()
        if control[0] == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif control[2] == "A":
            row = max(0, row - int(control[1] or 1))
        elif control[2] == "K":
            lines[row] = ""
        elif control[2] == "m":
            lines[row] += control[0]
    lines[row] += written[at:]
    return "\n".join(lines).rstrip()


def run(command: Sequence[str], env: dict[str, str]) -> str:
    """Run a command on a terminal of its own, and return what it shows."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=its,
        env=env,
        cwd=env["HOME"],
        start_new_session=True,
    )
    os.close(its)
    written = b""
    while True:
        try:
            some = os.read(ours, 65536)
        except OSError:  # Linux's way to say that nobody writes any more
            break
        if not some:
            break
        written += some
    os.close(ours)
    process.wait()
    return screen(written.decode())


class Studio:
    """A home folder with a server and the program, and nothing else that the environment could say."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.server = Server(home / "server")
        self.env = {
            "HOME": str(home),
            "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "TENANTRY_SERVER_DIR": str(home / "server"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        program = home / "bin" / "tenantry"
        program.parent.mkdir()
        program.write_text(
            f"#!{sys.executable}\nfrom tenantry.__main__ import main\n\nmain()\n", encoding="utf-8"
        )
        program.chmod(0o755)

    def do(self, *arguments: str, secrets: Mapping[str, str] | None = None) -> str:
        """Run the program with secrets in its environment, and return what it shows."""
        return run([str(self.home / "bin" / "tenantry"), *arguments], self.env | dict(secrets or {}))

    def draw(
        self, name: str, *arguments: str, shown: str | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        """Run the program, and draw what it shows as a picture, below the command as a user types it."""
        text = self.do(*arguments, secrets=secrets)
        for ours, usual in (
            (str(self.server.directory), "~/.local/share/tenantry/server"),
            (str(self.home), "~"),
            (str(self.server.port), PORT),
        ):
            text = text.replace(ours, usual)
        command = shown or " ".join(["tenantry", *arguments])
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            console = Console(record=True, width=COLUMNS, file=nowhere, legacy_windows=False)
            console.print(Text.from_ansi(f"$ {command}\n{text}"))
            svg = console.export_svg(title=f"Tenantry {tenantry.__version__}", unique_id=name)
        (FOLDER / f"{name}.svg").write_text(re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE), encoding="utf-8")
        sys.stdout.write(f"docs/pictures/{name}.svg\n")
        sys.stdout.flush()

    def sql(self, statement: str, dbname: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the server's administrator."""
        with psycopg.connect(self.server.conninfo(dbname=dbname), autocommit=True) as session:
            cursor = session.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def take(studio: Studio) -> None:
    """Draw all pictures, one after another: each needs what those before it have made."""
    studio.draw("demo", "demo")
    with studio.server.lease():
        # A fourth source, with the rows of the third.
        studio.sql("CREATE DATABASE acme_production TEMPLATE orchard_production")
        studio.sql("CREATE ROLE acme_reader LOGIN PASSWORD 'of acme'")
        studio.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO acme_reader", "acme_production")
        source = f"host=127.0.0.1 port={studio.server.port} dbname=acme_production user=acme_reader"
        studio.draw(
            "tenant-add",
            "tenant",
            "add",
            "acme",
            "--source",
            source,
            shown=f"tenantry tenant add acme \\\n    --source 'host=127.0.0.1 port={PORT} dbname=acme_production user=acme_reader'",
            secrets={"TENANTRY_SOURCE_PASSWORD": "of acme"},
        )  # fmt: skip
        _plan(studio)
        studio.do("schedule", "install", "--all")
        # What may happen.
        studio.sql("REVOKE SELECT ON marina.foodlogstats FROM phood_ro")
        studio.sql("ALTER TABLE phood_pan RENAME COLUMN average_weight TO mean_weight", "acme_production")
        studio.do("refresh", "foodlogstats", "--tenant", "acme")
        studio.sql(
            "DELETE FROM _wh.slices WHERE schema_name = 'orchard' AND slice_date = current_date - 12;"
            " DELETE FROM orchard.foodlogstats WHERE logged_time >= current_date - 12 AND logged_time < current_date - 11"
        )
        studio.draw("status", "status")
        studio.draw("doctor", "doctor")


def _plan(studio: Studio) -> None:
    """The fleet file as it is exported, with some changes of an operator."""
    file = studio.home / "tenantry.toml"
    studio.do("export")
    text = file.read_text(encoding="utf-8")
    secrets = {"ANALYST_PASSWORD": "of the analyst"}
    for name, variable in re.findall(r"\[tenants\.(\w+)\]\n(?:(?!\[).*\n)*?password = \"env:(\w+)\"", text):
        ((password,),) = studio.sql(f"SELECT _wh_internal.source_conninfo('{name}') ->> 'password'")
        secrets[variable] = str(password)
    text = text.replace("[tenants.marina]\n", '[tenants.marina]\ndisabled = "its source is being moved"\n')
    text = text.replace('"orchard_production"', '"orchard_replica"')
    text += '\n[readers.analyst]\ntenants = ["acme", "harvest"]\npassword = "env:ANALYST_PASSWORD"\nconnections = 10\n'
    file.write_text(text, encoding="utf-8")
    studio.draw("plan", "plan", secrets=secrets)
    file.unlink()


def main() -> None:
    """Draw all pictures."""
    home = Path(tempfile.mkdtemp(prefix="tenantry-pictures-"))
    home.chmod(0o755)
    studio = Studio(home)
    try:
        take(studio)
    finally:
        studio.server.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
