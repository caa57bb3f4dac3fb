"""The secrets of routes can be written and used, and read by whadmin alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tenantry.db.queries import query
from tenantry.recovery import backup
from tenantry.warehouse import Warehouse as Library
from tests.integration.alert.receivers import WebReceiver
from tests.integration.alert.steps import fail_jobs, look
from tests.support.databases import Warehouse
from tests.support.people import member
from tests.support.program import run, succeed
from tests.support.samples import backups

pytestmark = pytest.mark.any_server

KEY = "s3cret-of-a-route-1"

OTHER = "s3cret-of-a-route-2"

FILE = """
[alerts.ops]
webhook = "{url}/{{secret}}"
secret = "env:OPS_SECRET"
severity = "error"
tenants = ["t1", "t2"]
repeat_after = "30min"

[alerts.mail]
email = ["ops@example.com"]
smtp = "smtp://u@mail.example.com:2525"
sender = "tenantry@example.com"
secret = "env:MAIL_SECRET"
plain = true
"""


@contextmanager
def all_is_logged(warehouse: Warehouse) -> Iterator[list[str]]:
    """The server logs every statement with its parameters; at the end, the list holds what it wrote."""
    log = warehouse.server.directory / "server.log"
    begin = log.stat().st_size
    name = sql.Identifier(warehouse.name)
    found: list[str] = []
    with warehouse.admin.connect() as session:
        for setting in (
            "log_statement = 'all'",
            "log_min_duration_statement = 0",
            "log_parameter_max_length_on_error = -1",
        ):
            session.execute(sql.SQL("ALTER DATABASE {} SET {}").format(name, sql.SQL(setting)))
    yield found
    with warehouse.admin.connect() as session:
        session.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(name))
    with log.open(encoding="utf-8", errors="replace") as file:
        file.seek(begin)
        found.append(file.read())


def store_again(warehouse: Warehouse) -> None:
    """As the program stores a secret, but where there is one."""
    with (
        warehouse.connect() as session,
        session.cursor() as cursor,
        cursor.copy(query("alert", "put_secret")) as copy,
    ):
        copy.set_types(["text", "text"])
        copy.write_row(("ops", KEY))


def test_a_secret_is_in_no_log_list_plan_export_or_trail(
    well: Warehouse, receiver: WebReceiver, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{KEY}\n")
    secret.chmod(0o600)
    file = tmp_path / "tenantry.toml"
    file.write_text(FILE.format(url=receiver.url))
    env = {"OPS_SECRET": OTHER, "MAIL_SECRET": OTHER}
    said = ""
    with all_is_logged(well) as logged:
        for words in (
            ("alert", "add", "ops", "--webhook", f"{receiver.url}/{{secret}}", "--secret-file", secret),
            ("alert", "test", "ops"),
            ("alert", "list", "--json"),
            ("alert", "list"),
            ("plan", "--file", file, "--json"),
            ("apply", "--file", file, "--yes"),
            ("plan", "--file", file),
            ("export", "--file", tmp_path / "out" / "tenantry.toml"),
            ("audit",),
            ("alert", "list", "--json"),
            ("-v", "alert", "test", "ops"),
        ):
            outcome = run(well, *words, env=env)
            assert outcome.code == 0 or words[0] == "plan", (words, outcome.err)
            said += outcome.out + outcome.err
        with pytest.raises(psycopg.errors.UniqueViolation):
            store_again(well)
    assert [post.path for post in receiver.posts] == [f"/alerts/{KEY}", f"/alerts/{OTHER}"]
    for text in (said, logged[0], (tmp_path / "out" / "tenantry.toml").read_text()):
        assert "ops" in text
        assert KEY not in text
        assert OTHER not in text


def test_the_file_says_where_alerts_go(well: Warehouse, receiver: WebReceiver, tmp_path: Path) -> None:
    file = tmp_path / "tenantry.toml"
    file.write_text(FILE.format(url=receiver.url))
    env = {"OPS_SECRET": KEY, "MAIL_SECRET": KEY}
    changes = run(well, "plan", "--file", file, "--json", env=env).json["changes"]
    assert [(change["action"], change["kind"], change["name"]) for change in changes] == [
        ("create", "alert", "mail"),
        ("create", "alert", "ops"),
    ]
    assert run(well, "apply", "--file", file, "--yes", env={"OPS_SECRET": KEY}).errors, "a secret is missing"
    succeed(well, "apply", "--file", file, "--yes", env=env)
    succeed(well, "plan", "--file", file, env=env)
    told = run(well, "plan", "--file", file, env=env | {"OPS_SECRET": OTHER})
    assert "secret: differs" in told.out
    out = tmp_path / "out" / "tenantry.toml"
    succeed(well, "export", "--file", out)
    found = {"TENANTRY_ALERTS_OPS_SECRET": KEY, "TENANTRY_ALERTS_MAIL_SECRET": KEY}
    assert run(well, "plan", "--file", out, "--json", env=found).json["changes"] == []
    file.write_text('[alerts.ops]\nwebhook = "https://example.com/hook"\ntenants = ["t11111"]\n')
    assert 'tenant "t11111" does not exist' in run(well, "plan", "--file", file).err
    file.write_text('[alerts.ops]\nwebhook = "https://example.com/hook"\n')
    outcome = run(well, "apply", "--file", file, "--yes")
    assert "is for another address" in outcome.err, "nobody gets a secret by changing where it goes"
    file.write_text("[alerts]\n")
    succeed(well, "apply", "--file", file, "--yes")
    assert well.rows("SELECT FROM _wh.alert_secrets") == []


@pytest.mark.parametrize("group", ["tenantry_auditor", "tenantry_operator"])
def test_groups_see_routes_and_alerts_and_no_secret(
    well: Warehouse, receiver: WebReceiver, group: str
) -> None:
    Library(well.conninfo).put_alert_route("ops", webhook=receiver.url, secret=KEY)
    fail_jobs(well, 1)
    look(well)
    with member(well, group) as person:
        seen = succeed(person, "alert", "list", "--json").json
        assert [state["route"]["route"] for state in seen["routes"]] == ["ops"]
        assert [alert["kind"] for alert in seen["alerts"]] == ["job_failed"]
        assert person.rows("SELECT state FROM _wh.alert_deliveries") == [("sent",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.rows("SELECT * FROM _wh.alert_secrets")
        for words in (("alert", "test", "ops"), ("alert", "drop", "ops", "--yes"), ("watch", "--once")):
            assert "needs whadmin" in (told := run(person, *words).err) or "not change anything" in told


def test_a_backup_holds_the_routes_with_their_secrets_and_nothing_that_was_told(
    well: Warehouse, receiver: WebReceiver
) -> None:
    Library(well.conninfo).put_alert_route("ops", webhook=receiver.url, secret=KEY)
    fail_jobs(well, 1)
    look(well)
    with well.connect() as session:
        content = backups.read(session)
    kinds = {kind for kind in content.kinds() if "alert" in kind}
    assert kinds == {"table alert_routes", "table alert_secrets"}
    assert KEY not in str(backup.summary(content))
