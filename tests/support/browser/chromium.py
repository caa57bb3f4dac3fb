"""Debian's Chromium, which watches for everything that a page must not do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from tests.support.browser.console import COOKIE, Visitor

PROGRAM = os.environ.get("TENANTRY_TEST_CHROMIUM") or "/usr/bin/chromium"

PATIENCE = 120_000
"""Milliseconds that a page has for what a test waits for: on a busy machine a worker takes long to get its turn."""

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 390, "height": 844}

_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps",
    # No name leads anywhere, whatever the machine's resolver says.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""

_AXE = """async () => (await axe.run({resultTypes: ["violations"], runOnly: [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}))
    .violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ": " + node.html.slice(0, 200) + " " + node.failureSummary))"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium without a window."""
    if not Path(PROGRAM).exists():
        raise FileNotFoundError(f"{PROGRAM} is missing; .ci/system-packages installs it (Debian 12, as root)")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Person:
    """Somebody with a browser, and what it complained of."""

    context: BrowserContext
    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> int:
        """Open a page of the console, and return its status."""
        response = self.page.goto(self.origin + address, wait_until="load")
        assert response is not None
        return response.status

    def look(self, viewport: Any, scheme: Any) -> None:
        """Look at the page in a window of this size, light or dark."""
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    def overhang(self) -> int:
        """Pixels by which the page is wider than the window."""
        found: int = self.page.evaluate(
            "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - document.documentElement.clientWidth"
        )
        return found

    def axe(self) -> list[str]:
        """What axe finds on the page as it is now."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE_SCRIPT)
        found: list[str] = self.page.evaluate(_AXE)
        return found

    def violations(self) -> list[str]:
        """What the content security policy refused."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def focused(self) -> str:
        """The text of what has the keyboard."""
        found: str = self.page.evaluate(
            "(document.activeElement.innerText || document.activeElement.name || document.activeElement.id || '').trim()"
        )
        return found

    def picture(self, name: str) -> None:
        """Save a picture of the whole page into the folder that TENANTRY_TEST_PICTURES names, for people to look at."""
        folder = os.environ.get("TENANTRY_TEST_PICTURES")
        if folder:
            file = re.sub(r"[^a-z0-9-]+", "_", name).strip("_")
            self.page.screenshot(path=Path(folder) / f"{file}.png", full_page=True)


@contextmanager
def person(browser: Browser, visitor: Visitor, *, scripts: bool = True) -> Iterator[Person]:
    """A browser that has the visitor's cookies. It must have no reason to complain, and asks nobody but the console."""
    console = visitor.console
    context = browser.new_context(viewport=WIDE, java_script_enabled=scripts)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    if COOKIE in visitor.cookies:
        context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": visitor.cookies[COOKIE],
                    "url": console.origin.replace("http://", "https://"),
                    "secure": True,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )
    if scripts:
        context.add_init_script(_WATCH)
    page = context.new_page()
    found = Person(context, page, console.origin)

    def asked(url: str) -> None:
        if urlsplit(url).netloc != console.host:
            found.complaints.append(f"asked {url}")

    def said(kind: str, text: str) -> None:
        # The answer that a test wants is an error to the browser.
        if kind in ("error", "warning") and "the server responded with a status of 4" not in text:
            found.complaints.append(f"{kind}: {text}")

    def asked_in_a_window(dialog: Dialog) -> None:
        found.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context.on("request", lambda request: asked(request.url))
    context.on("console", lambda message: said(message.type, message.text))
    page.on("pageerror", lambda error: said("error", str(error)))
    page.on("dialog", asked_in_a_window)
    try:
        yield found
    finally:
        context.close()
