"""The program `tenantry`, also as `python -m tenantry`."""

from tenantry.core import signals

signals.end_at_once()

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from tenantry import __version__  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> None:
    """Run the program."""
    _have_streams()
    if sys.argv[1:] in (["--version"], ["-V"], ["version"]):
        # Scripts ask for it again and again, and the other commands take twenty times as long to load.
        try:
            sys.stdout.write(f"tenantry {__version__}\n")
            sys.stdout.flush()
        except OSError:
            # Told as for every other command, which fails in the same way.
            pass
        else:
            return
    # What is imported stays: to look through it for garbage again and again would take a tenth of a short command's time.
    gc.set_threshold(200_000)
    from tenantry.cli.main import main as run

    try:
        run()
    except SystemExit as end:
        _leave(end)


def _have_streams() -> None:
    """Write nowhere if whoever started the program has closed its output, as some supervisors do."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 - pathlib is not loaded yet; it stays open


def _leave(end: SystemExit) -> "NoReturn":
    """End as `end` says, without taking apart, object by object, what the system frees at once: a fifth of a short
    command's time."""
    import atexit
    import threading

    others = [one for one in threading.enumerate() if one is not threading.main_thread()]
    if not isinstance(end.code, int) or not all(one.daemon for one in others):
        raise end
    atexit._run_exitfuncs()  # noqa: SLF001 - Python has no other name for what it does here itself
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code)


if __name__ == "__main__":
    main()
