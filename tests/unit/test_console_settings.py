"""Where the console may listen, what browsers may call it, and what it believes of a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenantry.console.settings import Address, Proxy, checked_origin, read_proxy, settle
from tenantry.core.errors import InputError

CERTIFICATE: dict[str, Any] = {"tls_cert": Path("cert.pem"), "tls_key": Path("key.pem")}
SECRET = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text", ["", "8765", "host", "host:", "host:x", "host:70000", "host:-1", "host:٣", "host:80:x"]
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not an address"):
        Address.read(text)


@pytest.mark.parametrize("text", ["127.0.0.1:1", ":1", "[::1]:1", "localhost:1", "127.9.9.9:1"])
def test_a_loopback_address_needs_no_certificate(text: str) -> None:
    assert not settle(text).encrypted


@pytest.mark.parametrize("text", ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1"])
def test_passwords_never_cross_a_network_in_the_clear(text: str) -> None:
    with pytest.raises(InputError, match="in the clear"):
        settle(text)
    with pytest.raises(InputError, match="in the clear"):
        settle(text, behind_proxy="http://tenantry.example")


@pytest.mark.parametrize(
    "options",
    [
        {"tls_cert": Path("cert.pem")},
        {"tls_key": Path("key.pem")},
        {**CERTIFICATE, "behind_proxy": "https://tenantry.example"},
        {**CERTIFICATE, "origin": "http://tenantry.example"},
        {"listen": "0.0.0.0:1", **CERTIFICATE},
        {"proxy": Proxy("x-user", SECRET)},
        {"origin": "https://tenantry.example/path"},
        {"origin": "tenantry.example"},
        {"origin": "javascript://tenantry.example"},
        {"origin": "https://user@tenantry.example"},
        {"origin": "https://[x"},
        {"origin": "https://tenantry.example:99999"},
        {"behind_proxy": "https://tenantry.example?x"},
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        settle(**options)


def test_browsers_may_use_every_name_of_this_machine_on_loopback_and_one_name_otherwise() -> None:
    assert settle("127.0.0.1:8765").hosts == {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
    assert settle("127.0.0.1:8765", behind_proxy="https://Tenantry.Example/").hosts == {"tenantry.example"}
    far = settle("0.0.0.0:8443", origin="https://tenantry.example:8443", **CERTIFICATE)
    assert far.hosts == {"tenantry.example:8443"}
    assert far.encrypted
    assert not far.on_this_machine


def test_an_origin_is_lower_case_and_has_no_path() -> None:
    assert checked_origin("HTTPS://Tenantry.Example:8443/") == "https://tenantry.example:8443"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "header = ",
        'header = "X-User"',
        f'secret = "{SECRET}"',
        'header = "X-User"\nsecret = "short"\n[logins]\na = "b"',
        f'header = " "\nsecret = "{SECRET}"\n[logins]\na = "b"',
        f'header = "X-User"\nsecret = "{SECRET}"\nlogins = 1',
        f'header = "X-User"\nsecret = "{SECRET}"\n[logins]\na = 1',
        f'header = "X-User"\nsecret = "{SECRET}"\n[logins]\na = ""',
    ],
)
def test_a_file_of_a_proxy_that_lacks_something_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(InputError):
        read_proxy(file)


def test_a_file_of_a_proxy_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text(f'header = "X-User"\nsecret = "{SECRET}"\n[logins]\na = "b"')
    file.chmod(0o600)
    assert read_proxy(file).logins == {"a": "b"}
    assert SECRET not in repr(read_proxy(file))
    file.chmod(0o644)
    with pytest.raises(InputError):
        read_proxy(file)
