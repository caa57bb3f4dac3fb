"""The fleet's file: what it may say, and what is said of one that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenantry.core.errors import InputError
from tenantry.core.model import Connection
from tenantry.fleet import file as files
from tenantry.fleet import plan
from tenantry.fleet.change import Kind
from tenantry.fleet.live import Live
from tenantry.fleet.model import Feed, Fleet, Job, Reader, Source, Tenant
from tenantry.fleet.secrets import Reference, SecretMissing, reference, resolve

ACME = '[tenants.acme]\nhost = "h"\ndbname = "d"\nusername = "u"\n'


def read(folder: Path, *texts: str) -> files.Declared:
    """What texts declare, each as a file: a.toml, b.toml, …"""
    paths = []
    for letter, text in zip("abc", texts, strict=False):
        paths.append(folder / f"{letter}.toml")
        paths[-1].write_text(text, encoding="utf-8")
    return files.read(paths)


def test_a_file_that_says_nothing_manages_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, '[warehouse]\ndsn = "service=warehouse"').fleet == Fleet()


def test_a_table_that_is_there_but_empty_means_none(tmp_path: Path) -> None:
    text = "jobs = []\n[templates]\n[connections]\n[tenants]\n[readers]\n"
    assert read(tmp_path, text).fleet == Fleet({}, {}, False, {}, {}, {})


def test_a_tenant_may_hold_its_address_and_says_what_it_pulls(tmp_path: Path) -> None:
    fleet = read(
        tmp_path,
        ACME
        + """
port = 6432
connection = "acme_conn"
options = { sslmode = "require", connect_timeout = 5, keepalives = true }
templates = ["foodlogstats", "sales"]
disabled = "moves house"
[tenants.acme.feeds.sales]
connection = "shop"
storage = "partition"
[connections.shop]
host = "s"
dbname = "d"
username = "u"
""",
    ).fleet
    options = {"connect_timeout": "5", "keepalives": "true", "sslmode": "require"}
    assert fleet.connections == {
        "shop": Source(Connection("shop", "s", 5432, "d", "u")),
        "acme_conn": Source(Connection("acme_conn", "h", 6432, "d", "u", options)),
    }
    feeds = {"foodlogstats": Feed("acme_conn"), "sales": Feed("shop", "partition")}
    assert fleet.tenants == {"acme": Tenant("acme", "acme_conn", feeds, "moves house")}
    assert not fleet.other_connections


def test_a_tenant_pulls_foodlogstats_unless_it_says_otherwise(tmp_path: Path) -> None:
    fleet = read(tmp_path, ACME).fleet
    assert fleet.tenants == {"acme": Tenant("acme", "acme", {"foodlogstats": Feed("acme")})}
    assert fleet.other_connections


def test_readers_jobs_and_schedule_are_read(tmp_path: Path) -> None:
    fleet = read(
        tmp_path,
        """
[schedule]
automatic = true
[[jobs]]
name = "one"
schedule = "* * * * *"
command = "SELECT 1"
active = false
[readers.bi]
tenants = ["b", "a", "b"]
connections = 3
[readers.all]
tenants = "all"
""",
    ).fleet
    assert fleet.automatic
    assert fleet.jobs == {"one": Job("one", "* * * * *", "SELECT 1", active=False)}
    assert fleet.readers == {"bi": Reader("bi", ("a", "b"), 3), "all": Reader("all", None)}


def test_files_of_a_folder_are_one_fleet(tmp_path: Path) -> None:
    job = '[[jobs]]\nname = "{}"\nschedule = "@daily"\ncommand = "SELECT 1"\n'
    fleet = read(tmp_path, ACME + job.format("one"), ACME.replace("acme", "mm") + job.format("two")).fleet
    assert list(fleet.tenants or ()) == ["acme", "mm"]
    assert list(fleet.jobs or ()) == ["one", "two"]


def test_the_template_of_the_program_needs_no_file_and_others_are_beside(tmp_path: Path) -> None:
    (tmp_path / "sales.sql").write_text("-- name: sales\n-- columns: id integer\n\nSELECT 1 AS id\n")
    text = '[templates.foodlogstats]\nstorage = "partition"\n[templates.sales]\nfile = "sales.sql"\n'
    templates = read(tmp_path, text).fleet.templates or {}
    assert templates["foodlogstats"].storage == "partition"
    assert templates["foodlogstats"].time_column == "logged_time"
    assert templates["sales"].query == "SELECT 1 AS id"


@pytest.mark.parametrize(
    "text, message",
    [
        ("[tenant.acme]\n", 'a.toml: tenant: unknown key, did you mean "tenants"?'),
        (ACME + 'pasword = "hunter2"', 'tenants.acme.pasword: unknown key, did you mean "password"?'),
        (ACME + "zzz = 1", "tenants.acme.zzz: unknown key$"),
        (
            ACME + '[tenants.acme.feeds.foodlogstats]\nstorag = "x"',
            'tenants.acme.feeds.foodlogstats.storag: unknown key, did you mean "storage"?',
        ),
        (ACME + 'password = "hunter2"', "tenants.acme.password: a secret must not be in the file itself"),
        (ACME + "password = { command = [] }", "tenants.acme.password: a secret must not be"),
        (ACME + "port = 0", "tenants.acme.port: input should be greater than or equal to 1"),
        (ACME + 'port = "5432"', "tenants.acme.port: input should be a valid integer"),
        ('[tenants.acme]\nhost = "h"\ndbname = "d"', "tenants.acme: username is missing"),
        ('[tenants.acme]\ntemplates = ["x"]', "tenants.acme: neither an address .* nor a connection"),
        (
            ACME + '[connections.acme]\nhost="h"\ndbname="d"\nusername="u"',
            "connection acme is declared twice",
        ),
        (ACME + "[tenants.acme.feeds.sales]", "tenants.acme.feeds.sales: not among the tenant's templates"),
        ("[connections.x]\nport = 1", "connections.x.host is missing"),
        ('[templates.sales]\nstorage = "matview"', 'templates.sales names no file, and no template "sales"'),
        ('[templates.sales]\nfile = "absent.sql"', "absent.sql cannot be read"),
        ('[templates.x]\nstorage = "heap"', "templates.x.storage: input should be 'matview' or 'partition'"),
        ('[[jobs]]\nname = "a"\nschedule = "x"', r"jobs\[1\].command is missing"),
        ('[[jobs]]\nname="a"\nschedule="x"\ncommand="x"\n' * 2, 'job "a" is there twice'),
        ('[readers.bi]\ntenants = "acme"', 'readers.bi.tenants: write a list of tenants, or "all"'),
        ("[tenants.acme]\nhost = [", "a.toml cannot be read: "),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line_without_its_values(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")) as caught:
        read(tmp_path, text)
    assert "\n" not in caught.value.message
    assert "hunter2" not in caught.value.message


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, "[warehous]\n[jobs]\n")
    assert "warehous: unknown key" in caught.value.message
    assert "jobs: input should be a valid list" in caught.value.message


def test_a_name_in_two_files_is_refused_with_both(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tenants.acme is in .*a\.toml and in .*b\.toml"):
        read(tmp_path, ACME, ACME)
    with pytest.raises(InputError, match=r"table warehouse is in .*a\.toml and in .*b\.toml"):
        read(tmp_path, "[warehouse]", "[warehouse]")


@pytest.mark.parametrize(
    "value, expected",
    [
        ("env:NAME", Reference(variable="NAME")),
        ("file:a/b", Reference(file=Path("a/b"))),
        ({"command": ["pass", "show", "x"]}, Reference(command=("pass", "show", "x"))),
    ],
)
def test_a_secret_is_in_a_variable_a_file_or_printed_by_a_command(value: object, expected: Reference) -> None:
    assert reference(value) == expected


@pytest.mark.parametrize(
    "value",
    ["hunter2", "env:", "file:", "", 5, {"command": "ls"}, {"command": [1]}, {"run": ["ls"]}, ["ls"], None],
)
def test_anything_else_is_no_secret_and_is_not_repeated(value: object) -> None:
    with pytest.raises(ValueError, match="write ") as caught:
        reference(value)
    assert "hunter2" not in str(caught.value)


def test_secrets_are_fetched_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = " s3cret'\\ ü "
    (tmp_path / "secret").write_text(f"{secret}\n", encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    monkeypatch.setenv("A_SECRET", secret)
    for found in (
        resolve(Reference(variable="A_SECRET"), tmp_path),
        resolve(Reference(file=Path("secret")), tmp_path),
        resolve(Reference(command=("cat", "secret")), tmp_path),
    ):
        assert found.get_secret_value() == secret
        assert secret not in f"{found} {found!r} {Source(Connection('a', 'h', 1, 'd', 'u'), found)!r}"


def test_a_command_runs_without_a_shell(tmp_path: Path) -> None:
    found = resolve(Reference(command=("printf", "%s", "$HOME; echo `id`")), tmp_path)
    assert found.get_secret_value() == "$HOME; echo `id`"


@pytest.mark.parametrize(
    "missing, message",
    [
        (Reference(variable="TENANTRY_NO_SUCH"), "environment variable TENANTRY_NO_SUCH is not set"),
        (Reference(file=Path("absent")), "absent cannot be read: No such file"),
        (Reference(file=Path("empty")), "empty is empty"),
        (Reference(file=Path("open")), "open holds a secret, and others can read or change it"),
        (Reference(command=("false",)), "false exited with status 1"),
        (Reference(command=("true",)), "its command prints nothing"),
        (Reference(command=("no-such-program",)), "no-such-program cannot be run: No such file"),
        (Reference(command=("sleep", "60")), "sleep does not end within 0.1 seconds"),
    ],
)
def test_a_secret_that_cannot_be_had_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: Reference, message: str
) -> None:
    monkeypatch.setattr("tenantry.fleet.secrets.SECONDS", 0.1)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "empty").chmod(0o600)
    (tmp_path / "open").touch(0o644)
    with pytest.raises(SecretMissing, match=re.escape(message)):
        resolve(missing, tmp_path)


def test_each_missing_secret_has_a_line(tmp_path: Path) -> None:
    text = ACME + 'password = "env:NOT_A"\n[readers.bi]\ntenants = "all"\npassword = "env:NOT_B"\n'
    declared = read(tmp_path, text)
    reasons: dict[tuple[Kind, str], str] = {
        ("connection", "acme"): "tenants.acme.password: environment variable NOT_A is not set",
        ("reader", "bi"): "readers.bi.password: environment variable NOT_B is not set",
    }
    fleet = files.with_secrets(declared)
    assert (fleet.connections["acme"].unread, (fleet.readers or {})["bi"].unread) == (
        reasons["connection", "acme"],
        None,
    )
    fleet = files.with_secrets(declared, readers=["bi"])
    assert (fleet.readers or {})["bi"].unread == reasons["reader", "bi"]
    fleet = files.with_secrets(declared, fetch=False)
    assert fleet.connections["acme"].unread == "tenants.acme.password: not read, because of --no-secrets"
    fleet = files.with_secrets(declared, leave=["acme"])
    assert (fleet.connections["acme"].password, fleet.connections["acme"].unread) == (None, None)
    live = Live(Fleet(), {}, [], None, [], [])
    with pytest.raises(InputError) as caught:
        plan.require_secrets(plan.Plan(fleet, live, [], not_compared=reasons))
    assert [line.strip() for line in caught.value.message.splitlines()] == [
        "2 secrets are missing",
        *reasons.values(),
    ]
