"""The package that is released: what is in it, and that it works with nothing beside it but its locked dependencies."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from email import message_from_bytes
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

import tenantry
from docs.reference.dependencies import locked
from tests.support.program import environment

pytestmark = pytest.mark.any_server

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "tenantry"
GUIDE = ROOT / "docs/how-to/use-from-python.md"
KINDS = {".py", ".sql", ".psql", ".html", ".css", ".js", ".svg"}
OTHERS = {
    "tenantry/py.typed",
    "tenantry/sql/functions.hash",
    "tenantry/sql/migrations/frozen.txt",
    "tenantry/fleet/fleet.schema.json",
    "tenantry/schemas/alert.schema.json",
    "tenantry/schemas/output.schema.json",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def fresh(wheel: Path, server_parent: Path) -> Path:
    """An environment with the wheel and what it is locked to, and nothing of this source tree."""
    folder = server_parent / "environment"
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in locked(ROOT / "packaging" / "requirements.lock"):
        try:
            files = metadata.distribution(name).files or []
        except metadata.PackageNotFoundError:
            continue  # needed on another system only
        for part in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (packages / part).symlink_to(Path(str(metadata.distribution(name).locate_file(part))))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", str(folder)]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    return folder / "bin"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {file for file in PACKAGE.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert names == {str(file.relative_to(PACKAGE.parent)) for file in files}
    assert {name for name in names if Path(name).suffix not in KINDS} == OTHERS
    assert {
        "tenantry/sql/create.sql",
        "tenantry/sql/functions.sql",
        "tenantry/sql/cron.sql",
        "tenantry/sql/template-foodlogstats.sql",
        "tenantry/sql/templates/foodlogstats.sql",
    } <= names
    assert wheel.name == f"tenantry-{tenantry.__version__}-py3-none-any.whl"


def test_the_links_and_pictures_of_the_description_lead_to_this_version_of_the_repository(
    wheel: Path,
) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        described = message_from_bytes(archive.read(name))
    urls = dict(entry.split(", ", 1) for entry in described.get_all("Project-URL", []))
    text = described.get_payload()
    assert isinstance(text, str)
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) == len(re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    for link in links:
        found = re.fullmatch(rf"{urls['Repository']}/(blob|raw)/v{tenantry.__version__}/([^#]+)(#.*)?", link)
        assert found is not None, link
        assert (ROOT / found[2]).exists(), link
        assert (found[1] == "raw") is found[2].endswith((".svg", ".png")), link


def test_the_wheel_installs_the_command_and_carries_the_licence(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        told = {
            Path(name).name: archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/" in name
        }
    assert set(told) == {"METADATA", "WHEEL", "RECORD", "LICENSE", "entry_points.txt"}
    assert told["entry_points.txt"].split("\n")[:2] == [
        "[console_scripts]",
        "tenantry = tenantry.__main__:main",
    ]
    assert "License-Expression: MIT" in told["METADATA"]


def test_the_guides_example_runs_on_the_demo_in_a_fresh_environment(fresh: Path, server_parent: Path) -> None:
    env = environment({"TENANTRY_DSN": f"embedded:{server_parent / 'demo'}"})
    env.pop("PYTHONPATH", None)

    def run(*command: str) -> str:
        done = subprocess.run(
            [str(fresh / command[0]), *command[1:]],
            cwd=server_parent,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("tenantry", "--version") == f"tenantry {tenantry.__version__}\n"
    run("tenantry", "demo", "--days", "3")
    example = re.search(r"```python\n(from tenantry import Warehouse\n.*?)```", GUIDE.read_text(), re.DOTALL)
    assert example is not None
    rows, place = run("python", "-c", example[1] + "import tenantry\nprint(tenantry.__file__)").splitlines()
    assert re.fullmatch(r"[\d,]+ rows in [\d.]+ s", rows)
    assert Path(place).is_relative_to(fresh.parent)
