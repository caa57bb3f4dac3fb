"""The program `tenantry`, also as `python -m tenantry`."""

from tenantry.core import signals

signals.end_at_once()

import gc  # noqa: E402


def main() -> None:
    """Run the program."""
    # What is imported stays: to look through it for garbage, again and again while it comes in and three times at the
    # end, would take a fifth of a short command's time.
    gc.set_threshold(50_000)
    from tenantry.cli.main import main as run

    signals.interrupt()
    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
