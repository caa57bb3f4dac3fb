"""Record what a command prints on a terminal as an SVG picture.

Usage: python docs/pictures/record.py OUT.svg COLUMNS 'COMMAND'. It needs tmux. Run it from the project's folder, on a machine that
does nothing else, since the picture shows times. The environment decides which server the command uses:

    TENANTRY_SERVER_DIR=/srv/tenantry python docs/pictures/record.py docs/pictures/demo.svg 116 'tenantry demo'
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

SESSION = "tenantry-picture"


def _tmux(*arguments: str) -> str:
    command = ["tmux", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Run the command in tmux, wait for its end, and write the picture."""
    out, columns, command = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    done = Path(f"/tmp/{SESSION}.done")  # noqa: S108 - a mark of the end, without content
    done.unlink(missing_ok=True)
    _tmux(
        "new-session",
        "-d",
        "-s",
        SESSION,
        "-x",
        str(columns),
        "-y",
        "60",
        f"{command}; touch {done}; sleep 60",
    )
    try:
        while not done.exists():
            time.sleep(0.2)
        time.sleep(0.5)
        screen = _tmux("capture-pane", "-p", "-e", "-t", SESSION).rstrip("\n")
    finally:
        _tmux("kill-session", "-t", SESSION)
        done.unlink(missing_ok=True)
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=columns, file=nowhere)
        console.print(Text.from_ansi(f"$ {command}\n{screen}"))
        out.write_text(console.export_svg(title="tenantry"), encoding="utf-8")


if __name__ == "__main__":
    main()
