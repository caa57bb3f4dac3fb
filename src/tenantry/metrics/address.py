"""Where metrics are served: addresses as options write them, and the names under which others may ask for them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tenantry.core.errors import InputError
from tenantry.core.visible import visible

_ADDRESS = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]*)):(?P<port>[0-9]{1,5})", re.ASCII
)
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class Address:
    """An IP address and a port (0: any free one), and the names that a request's Host may have besides addresses."""

    host: str
    port: int
    names: frozenset[str] = frozenset()

    @property
    def is_ipv6(self) -> bool:
        """Whether it is an address of IPv6."""
        return ":" in self.host

    def allows(self, host: str) -> bool:
        """Whether a request with this Host means this server.

        A page of another site cannot ask in the name of an IP address, only in that of a name which it lets lead here.
        """
        name = re.sub(r":[0-9]{1,5}\Z", "", host, flags=re.ASCII)
        if name.startswith("[") and name.endswith("]"):
            return _is_ip(name[1:-1])
        return name.lower() in self.names or (":" not in name and _is_ip(name))


def read_address(text: str, names: Sequence[str] = ()) -> Address:
    """Read HOST:PORT, [HOST]:PORT or :PORT, which means the loopback address.

    `names` are those under which other hosts reach it. Without any, an address other than loopback is refused: metrics
    hold the names of tenants and connections, and are neither encrypted nor protected by a login.

    Raises InputError for anything else.
    """
    matched = _ADDRESS.fullmatch(text)
    if not matched or int(matched["port"]) > 65535:
        raise InputError(
            f'"{visible(text, lines=False)}" is not an address',
            hint="Write it as 127.0.0.1:9187, [::1]:9187 or :9187.",
        )
    host = matched["six"] or matched["host"] or "127.0.0.1"
    if host.lower() == "localhost":
        host = "127.0.0.1"
    if not _is_ip(host):
        raise InputError(f"{host} is not an IP address", hint="Give the address, such as 127.0.0.1:9187.")
    for name in names:
        if not (_NAME.fullmatch(name) or _is_ip(name.strip("[]"))):
            raise InputError(f'"{visible(name, lines=False)}" is not the name of a host')
    if not names and not ipaddress.ip_address(host).is_loopback:
        raise InputError(
            f"{host} can be reached from other hosts, and metrics hold the names of tenants",
            hint="Listen on 127.0.0.1, or name this host as others reach it: --metrics-host warehouse.example.com",
        )
    return Address(host, int(matched["port"]), frozenset({"localhost", *(name.lower() for name in names)}))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
