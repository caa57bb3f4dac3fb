"""Take the pictures of the console from a run of the program: `make pictures`. Needs Debian's Chromium.

The warehouse is the demo's, with jobs, and with some days that are missing, stale or failed, as on any Monday.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import LiteralString

import psycopg
from playwright.sync_api import sync_playwright

from tenantry.embedded import Server

FOLDER = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
PAGES = {
    "console-fleet": ("/", "light"),
    "console-tenant": ("/tenants/orchard", "dark"),
}


SPOIL: LiteralString = """
UPDATE _wh.slices s SET
    loaded_at = CASE d.state WHEN 'missing' THEN NULL WHEN 'stale' THEN slice_date::timestamptz ELSE loaded_at END,
    filenode = CASE d.state WHEN 'missing' THEN NULL ELSE filenode END,
    status = CASE d.state WHEN 'failed' THEN 'failed' ELSE status END,
    error = CASE d.state WHEN 'failed' THEN 'no route to host' END,
    failed_at = CASE d.state WHEN 'failed' THEN now() END
FROM (VALUES ('marina', 9, 'missing'), ('marina', 10, 'missing'), ('marina', 3, 'failed'), ('orchard', 4, 'stale'),
    ('orchard', 25, 'stale'), ('orchard', 38, 'missing'), ('orchard', 39, 'missing')) d (tenant, ago, state)
WHERE s.schema_name = d.tenant AND s.slice_date = current_date - d.ago
"""


def program(*words: str, dsn: str) -> None:
    """Run a command of the program."""
    subprocess.run([sys.executable, "-m", "tenantry", "--dsn", dsn, *words], check=True, capture_output=True)


def spoil(server: Server) -> None:
    """Let some days be missing, stale and failed."""
    with psycopg.connect(server.conninfo(user="whadmin"), autocommit=True) as session:
        session.execute(SPOIL)


def main() -> None:
    """Make the warehouse, serve it, and take the pictures."""
    with tempfile.TemporaryDirectory(prefix="tenantry-pictures-") as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder) / "server")
        dsn = f"embedded:{server.directory}"
        with server.lease():
            program("demo", "--days", "1000", dsn=dsn)
            program("schedule", "install", "--all", dsn=dsn)
            spoil(server)
            arguments = [sys.executable, "-m", "tenantry", "--dsn", dsn, "console", "--listen", "127.0.0.1:0"]
            with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as console:
                try:
                    told = re.search(r"http://\S+/", console.stderr.readline() if console.stderr else "")
                    if told is None:
                        raise RuntimeError("the console did not say where it is")
                    take(told[0], server.password("whadmin") or "")
                finally:
                    console.terminate()
                    console.wait(10)


def take(address: str, password: str) -> None:
    """Log in and take each picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 760}, base_url=address)
        page.goto("/login")
        page.fill("#login", "whadmin")
        page.fill("#password", password)
        page.click("button.main")
        page.wait_for_url(address)
        for name, (path, scheme) in PAGES.items():
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(path)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
