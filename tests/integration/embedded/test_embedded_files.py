"""The embedded server's directory, account and password file: modes, owners, and who gets in."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from tenantry.core.errors import ServerError
from tenantry.embedded import Server, default_directory
from tenantry.embedded.account import server_account
from tenantry.embedded.passfile import PasswordFile

pytestmark = pytest.mark.any_server

ServerFactory = Callable[..., Server]
AWKWARD = "a:b\\c\\:d'e f#ü"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another account")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_reads_passwords_and_data(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    account = server_account()

    assert mode(server.directory) == (0o755 if account else 0o700)
    assert (mode(server.directory / "pgpass"), mode(server.directory / "data")) == (0o600, 0o700)
    assert mode(server.directory / "server.log") == 0o600
    assert (server.directory / "pgpass").stat().st_uid == os.geteuid()
    assert (server.directory / "data").stat().st_uid == (account.uid if account else os.geteuid())
    assert not (server.directory / "initdb.password").exists()


def test_the_right_password_lets_in_and_nothing_else_does(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    password = server.password("postgres")
    assert password is not None
    assert password not in server.conninfo()

    without = server.conninfo().replace("passfile=", f"passfile={os.devnull}")
    psycopg.connect(without, password=password).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(without, password=f"{password}x")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(without)
    with psycopg.connect(server.conninfo()) as connection:
        stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'").fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")


def test_libpq_reads_awkward_names_and_passwords_as_they_were_saved(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    with psycopg.connect(server.conninfo()) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(AWKWARD), sql.Literal(AWKWARD))
        )
    server.save_password(AWKWARD, AWKWARD)
    psycopg.connect(server.conninfo(user=AWKWARD)).close()
    psycopg.connect(server.conninfo()).close()


# What a line of the file can hold: no line breaks, no NUL, nothing that UTF-8 cannot say.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1)


@given(st.lists(st.tuples(words, words)))
def test_the_password_file_gives_back_what_was_saved_last(
    tmp_path_factory: pytest.TempPathFactory, saved: list[tuple[str, str]]
) -> None:
    file = PasswordFile(tmp_path_factory.mktemp("passwords") / "pgpass")
    for user, password in saved:
        file.save(user, password)
    assert {user: file.get(user) for user, _ in saved} == dict(saved)
    assert file.get("\n") is None
    assert [path.name for path in file.path.parent.iterdir()] in ([], ["pgpass"])


@pytest.mark.parametrize("password", ["", "two\nlines", "a\0b"])
def test_a_password_that_no_line_can_hold_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(ServerError, match="password"):
        PasswordFile(tmp_path / "pgpass").save("somebody", password)


def test_there_is_no_conninfo_before_the_first_start(make_server: ServerFactory) -> None:
    with pytest.raises(ServerError, match="no server") as caught:
        make_server().conninfo()
    assert caught.value.hint == "start it first"


def test_a_directory_that_everybody_writes_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ServerError, match="everybody may write"):
        Server(tmp_path).start()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(ServerError, match="cannot be made") as caught:
        Server(tmp_path / "file" / "server").start()
    assert "TENANTRY_SERVER_DIR" in (caught.value.hint or "")


def test_missing_programs_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no PostgreSQL in"):
        Server(tmp_path, bindir=tmp_path / "bin").status()


def test_the_environment_names_the_default_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TENANTRY_SERVER_DIR", str(tmp_path / "here"))
    assert default_directory() == Server().directory == tmp_path / "here"
    monkeypatch.delenv("TENANTRY_SERVER_DIR")
    assert default_directory().name == "server"


@root_only
def test_root_needs_an_account_that_exists_and_is_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("root", "no-such-account"):
        monkeypatch.setenv("TENANTRY_SERVER_USER", name)
        with pytest.raises(ServerError, match=name):
            server_account()
    monkeypatch.setenv("TENANTRY_SERVER_USER", "nobody")
    account = server_account()
    assert account is not None
    assert account.name == "nobody"


@root_only
def test_a_directory_out_of_the_accounts_reach_is_an_error_and_stays_empty(
    make_server: ServerFactory, server_parent: Path
) -> None:
    server = make_server()
    closed = server_parent / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServerError, match="Permission denied") as caught:
        Server(closed / "server", bindir=server._bindir).start()
    assert "TENANTRY_SERVER_DIR" in (caught.value.hint or "")
    assert {path.name for path in (closed / "server").iterdir()} == {"start.lock", "tenantry.server"}


def contents(directory: Path) -> dict[str, str | None]:
    return {
        str(path.relative_to(directory)): path.read_text(errors="replace") if path.is_file() else None
        for path in directory.rglob("*")
    }


@pytest.mark.parametrize(
    "held", ["postgresql/15/main/PG_VERSION", "data/PG_VERSION", "tenantry.conf", "pgpass"]
)
def test_a_directory_that_holds_other_things_is_refused_and_stays_as_it_was(
    server_parent: Path, server_bindir: Path | None, held: str
) -> None:
    directory = server_parent / "var"
    (directory / held).parent.mkdir(parents=True)
    (directory / held).write_text("15\n")
    (directory / "start.lock").touch()
    before = contents(directory)
    foreign = Server(directory, bindir=server_bindir)

    for use in (foreign.start, foreign.keep, lambda: foreign.save_password("postgres", "x")):
        with pytest.raises(ServerError, match=f"{directory} is not an embedded server's directory"):
            use()
    assert foreign.stop() is False
    foreign.remove()
    assert contents(directory) == before


def test_a_directory_of_a_former_release_is_known_and_marked(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    server.stop()
    (server.directory / "tenantry.server").unlink()

    assert server.start() is True
    assert (server.directory / "tenantry.server").is_file()


def test_what_others_put_into_the_directory_survives_its_removal(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    (server.directory / "notes").write_text("mine")
    for _ in range(2):
        server.remove()
        assert contents(server.directory) == {"notes": "mine"}


def test_a_directory_below_one_that_others_write_to_is_refused_unless_that_is_sticky(
    server_parent: Path,
) -> None:
    server_parent.chmod(0o777)
    with pytest.raises(ServerError, match=f"everybody may write to {server_parent}"):
        Server(server_parent / "server")
    server_parent.chmod(0o1777)
    assert Server(server_parent / "server").directory == server_parent / "server"


@root_only
def test_a_directory_below_somebody_elses_is_refused(server_parent: Path) -> None:
    theirs = server_parent / "theirs"
    theirs.mkdir(mode=0o755)
    os.chown(theirs, 12345, 12345)
    with pytest.raises(ServerError, match=f"{theirs} belongs to the account 12345"):
        Server(theirs / "server")
    with pytest.raises(ServerError, match="belongs to the account 12345"):
        Server(theirs)


@root_only
def test_a_link_of_somebody_elses_is_not_followed(server_parent: Path) -> None:
    server_parent.chmod(0o1777)
    (server_parent / "precious").mkdir()
    for link, target in (("link", "precious"), ("far", "link/../precious")):
        (server_parent / link).symlink_to(target)
    assert Server(server_parent / "far" / "server").directory == server_parent / "precious" / "server"
    os.chown(server_parent / "link", 12345, 12345, follow_symlinks=False)
    for way in (server_parent / "link" / "server", server_parent / "far" / "server", server_parent / "link"):
        with pytest.raises(ServerError, match=f"{server_parent / 'link'} belongs to the account 12345"):
            Server(way)


def test_a_link_that_leads_to_itself_is_an_error(server_parent: Path) -> None:
    (server_parent / "loop").symlink_to("loop")
    with pytest.raises(ServerError, match="Too many levels of symbolic links"):
        Server(server_parent / "loop" / "server")
