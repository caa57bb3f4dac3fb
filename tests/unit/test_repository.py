"""What contributors meet first: hooks, the workflow, and the pages that a new issue or pull request begins with."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


def entries() -> list[str]:
    """The commands of the hooks."""
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"^ +- repo: (.+)$", text, re.MULTILINE)) == {"local"}
    assert set(re.findall(r"^ +language: (.+)$", text, re.MULTILINE)) == {"system"}
    return re.findall(r"^ +entry: (.+)$", text, re.MULTILINE)


def test_hooks_run_what_make_check_runs_by_the_same_tools() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    target = re.search(r"^check:.*\n((?:\t.+\n)+)", makefile, re.MULTILINE)
    assert target is not None
    checks = {
        line.replace(" --check", "").replace(" .", "") for line in re.findall(r"\t\$\(BIN\)/(.+)", target[1])
    }
    hooks = {
        entry.removeprefix(".venv/bin/").replace(" --force-exclude", "")
        for entry in entries()
        if entry.startswith(".venv/bin/")
    }
    assert checks <= hooks
    assert [hook for hook in hooks if not (TOOLS / hook.split()[0]).exists()] == []
    targets = {entry.removeprefix("make ") for entry in entries() if entry.startswith("make ")}
    assert {name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def test_the_workflow_runs_what_contributors_run() -> None:
    workflow = (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
    assert re.search(r"^ +- run: \.ci/run$", workflow, re.MULTILINE)
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert re.findall(r"^permissions:\n  contents: read$", workflow, re.MULTILINE)


def test_a_new_issue_says_what_it_is_and_a_vulnerability_is_sent_elsewhere() -> None:
    templates = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.md"))
    assert [page.stem for page in templates] == ["bug", "idea", "security"]
    for page in templates:
        assert re.match(r"---\nname: .+\nabout: .+\n(labels: .+\n)?---\n", page.read_text(encoding="utf-8"))
    assert all("SECURITY.md" in page.read_text(encoding="utf-8") for page in templates if page.stem != "idea")
