"""The image: what it is built from, and as whom it runs."""

import re
import tomllib
from pathlib import Path

import pytest

from docs.reference.dependencies import locked

ROOT = Path(__file__).parents[2]
PACKAGING = Path(__file__).parents[2] / "packaging"


def test_the_container_starts_the_scheduler_and_not_as_root() -> None:
    lines = (PACKAGING / "Containerfile").read_text(encoding="utf-8").splitlines()
    assert lines.index("USER 10001") < lines.index('CMD ["scheduler"]')
    assert 'ENTRYPOINT ["tenantry"]' in lines


def test_the_container_installs_nothing_that_is_not_locked_with_hashes() -> None:
    text = (PACKAGING / "Containerfile").read_text(encoding="utf-8")
    installs = re.findall(r"pip (?:--python \S+ )?install [^&\n\\]+", text)
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-deps --no-index" in one for one in installs), installs
    assert all("--no-deps --no-build-isolation" in one for one in re.findall(r"pip wheel [^&\n\\]+", text))
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2


@pytest.mark.parametrize(
    "name, pattern", [("Containerfile", r"\d+\.\d+\.\d+-"), ("Containerfile.postgres", r"\d+\.\d+-")]
)
def test_an_image_begins_with_a_tag_that_names_one_release_and_does_not_run_as_root(
    name: str, pattern: str
) -> None:
    text = (PACKAGING / name).read_text(encoding="utf-8")
    image = re.search(r"^ARG \w+_IMAGE=docker\.io/library/\w+:(\S+)$", text, re.MULTILINE)
    assert image is not None
    assert re.match(pattern, image[1])
    assert re.search(r"^USER [1-9]\d*(:[1-9]\d*)?$", text, re.MULTILINE)


EXTRAS = ("console", "metrics", "alerts")
"""What the image has besides the program itself."""


@pytest.mark.parametrize("name, extras", [("requirements.lock", ()), ("requirements-image.lock", EXTRAS)])
def test_a_lock_has_what_the_program_needs_at_the_versions_that_are_tested(
    name: str, extras: tuple[str, ...]
) -> None:
    needed, tested = locked(PACKAGING / name), locked(ROOT / "requirements.lock")
    assert needed.items() <= tested.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(one for extra in extras for one in project["optional-dependencies"][extra]),
    ]
    # An extra may name others of Tenantry's own.
    names = {re.split(r"[\[<>=;~ ]", one)[0].lower() for one in wanted} - {"tenantry"}
    assert names <= set(needed)
    assert "pytest" not in needed
    text = (PACKAGING / name).read_text(encoding="utf-8")
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\w)", text))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"IMAGE_EXTRAS := {' '.join(EXTRAS)}\n" in makefile
