"""Removes the server of a test run when the run ends, however it ends.

Waits for the end of its standard input, which the test process holds open: the kernel closes that
when the process is killed, too. Called with the server's directory and the one to delete after it.
"""

import shutil
import sys
from pathlib import Path

from tenantry.embedded import Server


def main() -> None:
    """Wait, stop the server, delete its files."""
    directory, bindir, parent = sys.argv[1:]
    sys.stdin.read()
    Server(Path(directory), bindir=Path(bindir) if bindir else None).remove()
    shutil.rmtree(parent, ignore_errors=True)


if __name__ == "__main__":
    main()
