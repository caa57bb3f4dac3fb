"""Serves a console whose sessions and patience are short: python -m tests.support.browser.hurried_console CONNINFO PORT IDLE LONGEST PATIENCE."""

import sys
from dataclasses import replace

from tenantry.console import guard, serve, settings

conninfo, port, idle, longest, patience = sys.argv[1:]
guard.PATIENCE = serve.PATIENCE = float(patience)
guard.LONGEST = 3 * float(patience)
settled = replace(settings.settle(f"127.0.0.1:{port}"), idle=float(idle), longest=float(longest))
serve.run(
    conninfo, settled, lambda origin: print(f"The console is at {origin}/ (", file=sys.stderr, flush=True)
)
