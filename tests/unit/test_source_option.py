"""--source and the password that belongs to it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tenantry.cli.tenant.source import PASSWORD_VARIABLE, parse, read_password
from tenantry.core.errors import InputError
from tenantry.core.model import Connection


@pytest.mark.parametrize(
    "text",
    [
        "host=db.example.com port=5433 dbname=production user=reader sslmode=require",
        "postgresql://reader@db.example.com:5433/production?sslmode=require",
        "postgres://db.example.com:5433/production?user=reader&sslmode=require",
    ],
)
def test_a_source_may_be_written_as_keywords_or_as_a_uri(text: str) -> None:
    assert parse("acme", text) == Connection(
        "acme", "db.example.com", 5433, "production", "reader", {"sslmode": "require"}
    )


def test_the_port_is_5432_unless_it_is_given() -> None:
    assert parse("acme", "host=h dbname=d user=u").port == 5432


def test_values_with_blanks_and_quotes_are_read_as_libpq_reads_them() -> None:
    found = parse("acme", r"host=h dbname='two words' user='it\'s'")
    assert (found.dbname, found.username) == ("two words", "it's")


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "--source lacks host, dbname, user"),
        ("host=h user=u", "--source lacks dbname"),
        ("service=production", "--source lacks host, dbname, user"),
        ("host=h dbname=d user=u port=x", "the port is not a number"),
        ("host=h dbname=d user=u colour=red", "--source cannot be read: .*colour"),
        ("host", "--source cannot be read: missing"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse("acme", text)


@pytest.mark.parametrize(
    "text",
    [
        "host=h dbname=d user=u password=hunter2",
        "postgresql://u:hunter2@h/d",
        "postgresql://u:hunter 2@h/d",
        "host=h dbname=d user=u password='hunter2",
        "host=h dbname=d user=u password = hunter2 3",
        "postgresql://u:hunter2%zz@h/d",
        "postgresql://u:hun@ter2@h/d",
        "postgresql://u:hun/hunter2@h/d",
        "postgresql://u:hun@x/hunter2@h/d",
        "postgresql://u:hun@x?hunter2@h/d",
        "postgresql://u:x/hunter2",
        "postgresql://u@h/d?password=x&hunter2",
        "postgresql://u@h/d?password=x&hunter2=1",
        "host=h dbname=d user=u password=x hunter2=1",
        "host=h dbname=d user=u password=x hunter2",
    ],
)
def test_a_password_in_a_source_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse("acme", text)
    assert "hunter" not in f"{caught.value.message} {caught.value.hint}"


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a password and a line break at its end."""
    path = tmp_path_factory.mktemp("password") / "file"
    path.write_text(" from the file \n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o660, 0o666])
def test_a_password_file_that_others_can_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(
        InputError, match=f"{file} holds a secret, and others can read or change it"
    ) as caught:
        read_password(file, stored=False)
    assert caught.value.hint == f"Run: chmod 600 {file}"


def test_a_password_may_come_through_a_pipe(tmp_path: Path) -> None:
    """As from `<(pass show acme)`."""
    os.mkfifo(tmp_path / "pipe", 0o644)
    with subprocess.Popen(["/bin/sh", "-c", "echo secret > pipe"], cwd=tmp_path):
        assert read_password(tmp_path / "pipe", stored=False) == "secret"


def test_a_file_goes_before_the_environment_and_keeps_its_blanks(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "from the environment")
    assert read_password(file, stored=False) == " from the file "
    assert read_password(None, stored=True) == "from the environment"


def test_without_a_password_the_stored_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    assert read_password(None, stored=True) is None


def test_without_any_password_and_without_a_terminal_it_is_asked_for_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    with pytest.raises(InputError, match="no password for the source") as caught:
        read_password(None, stored=False)
    assert PASSWORD_VARIABLE in str(caught.value.hint)


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_password(file.with_name("nowhere"), stored=True)


def test_a_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        read_password(file, stored=True)
