"""How a console is reached, and what it allows."""

from __future__ import annotations

import ipaddress
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from tenantry.core.errors import InputError
from tenantry.core.private import read_private

DEFAULT = "127.0.0.1:8765"
"""Where a console listens unless told otherwise."""


_SHORTEST_SECRET = 32


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only programs of this machine can reach it."""
        return _is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def read(cls, text: str) -> Address:
        """Read `host:port`, `[::1]:port` or `:port`, which means loopback. Raises InputError for anything else."""
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise InputError(f'"{text}" is not an address', hint=f"Write it as host:port, such as {DEFAULT}.")
        return cls(host, int(port))


@dataclass(frozen=True)
class Proxy:
    """A proxy in front that has checked who somebody is, and says so in a header.

    `logins` maps what the header says to a login of the warehouse. Only requests with the `secret` are believed, because every
    program on the proxy's host could send the header.
    """

    header: str
    secret: str = field(repr=False)
    logins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """How a console is reached, and what it does.

    `worker`: whether it carries out actions. `file` is the fleet's file, None for the nearest tenantry.toml. `idle` and `longest` are how
    long a session lasts, in seconds, without a request and in all.
    """

    address: Address
    origin: str
    tls_cert: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    proxy: Proxy | None = None
    worker: bool = True
    file: Path | None = None
    metrics_token: str = field(default="", repr=False)
    idle: float = 1800.0
    longest: float = 8 * 3600.0

    @property
    def encrypted(self) -> bool:
        """Whether browsers reach it through HTTPS."""
        return self.origin.startswith("https://")

    @property
    def on_this_machine(self) -> bool:
        """Whether browsers call it by a name of their own machine, which other programs there have, too."""
        return _is_loopback(urlsplit(self.origin).hostname or "")

    @property
    def origins(self) -> frozenset[str]:
        """The origins that browsers may name."""
        if self.behind_proxy or not self.address.loopback:
            return frozenset({self.origin})
        scheme = urlsplit(self.origin).scheme
        port = urlsplit(self.origin).port
        return frozenset(
            {self.origin} | {f"{scheme}://{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")}
        )

    def at_port(self, port: int) -> Settings:
        """The same with the port that the system chose, if it was to choose one."""
        if self.address.port:
            return self
        parts = urlsplit(self.origin)
        origin = (
            f"{parts.scheme}://{parts.netloc.rpartition(':')[0]}:{port}" if parts.port == 0 else self.origin
        )
        return replace(self, address=Address(self.address.host, port), origin=origin)

    @property
    def hosts(self) -> frozenset[str]:
        """The values that a Host header may have."""
        return frozenset(urlsplit(origin).netloc for origin in self.origins)


def checked_origin(text: str) -> str:
    """Return an origin such as `https://tenantry.example.com`, in lower case. Raises InputError for anything else."""
    refused = InputError(
        f'"{text}" is not an origin', hint="Write it as https://tenantry.example.com, without a path."
    )
    try:
        parts = urlsplit(text.lower().rstrip("/"))
        # Reading the port checks it; 0 lets the system choose.
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 0) >= 0
    except ValueError:
        raise refused from None
    if not known or parts.path or parts.query or "@" in parts.netloc:
        raise refused
    return f"{parts.scheme}://{parts.netloc}"


def settle(
    listen: str = DEFAULT,
    *,
    origin: str | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    behind_proxy: str | None = None,
    proxy: Proxy | None = None,
    worker: bool = True,
    file: Path | None = None,
    metrics_token: Path | None = None,
) -> Settings:
    """Return the settings for these options.

    Raises InputError if passwords would cross a network in the clear, or if the options contradict each other.
    """
    address = Address.read(listen)
    token = read_private(metrics_token).strip() if metrics_token else ""
    if metrics_token and len(token) < _SHORTEST_SECRET:
        raise InputError(
            f"the token in {metrics_token} has fewer than {_SHORTEST_SECRET} characters",
            hint="Make one: openssl rand -hex 32",
        )
    if (tls_cert is None) != (tls_key is None):
        raise InputError(
            "a certificate needs its key, and the key its certificate", hint="Give --tls-cert and --tls-key."
        )
    if behind_proxy and tls_cert:
        raise InputError(
            "--behind-proxy and --tls-cert exclude each other",
            hint="With --behind-proxy, the proxy handles TLS.",
        )
    if proxy and not behind_proxy:
        raise InputError("a proxy's logins need --behind-proxy", hint="Give it the origin that browsers see.")
    if behind_proxy:
        seen = checked_origin(behind_proxy)
        if not seen.startswith("https://") and not _is_loopback(urlsplit(seen).hostname or ""):
            raise InputError(
                "browsers would send passwords in the clear",
                hint="Browsers must reach the proxy through https://.",
            )
        return Settings(
            address, seen, behind_proxy=True, proxy=proxy, worker=worker, file=file, metrics_token=token
        )
    if not address.loopback and tls_cert is None:
        raise InputError(
            f"{address} can be reached from other machines, and passwords would cross the network in the clear",
            hint="Give --tls-cert and --tls-key, or --behind-proxy ORIGIN, or listen on 127.0.0.1.",
        )
    if origin is None:
        if not address.loopback and address.host in ("0.0.0.0", "::"):  # noqa: S104 - it is refused, not listened on
            raise InputError(
                "the console needs to know its own name", hint="Give --origin https://name:port."
            )
        origin = f"{'https' if tls_cert else 'http'}://{address}"
    seen = checked_origin(origin)
    if tls_cert and not seen.startswith("https://"):
        raise InputError(
            f"{seen} is not encrypted, but there is a certificate", hint="Give an https:// origin."
        )
    return Settings(address, seen, tls_cert, tls_key, worker=worker, file=file, metrics_token=token)


def read_proxy(file: Path) -> Proxy:
    """Read a proxy's file: `header`, `secret`, and the table `logins`. Raises InputError if it cannot be read or others may."""
    text = read_private(file)
    try:
        words = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    header, secret, logins = words.get("header"), words.get("secret"), words.get("logins")
    if not isinstance(header, str) or not header.strip():
        raise InputError(f"{file} names no header", hint='Write, for instance: header = "X-Forwarded-User"')
    if not isinstance(secret, str) or len(secret) < _SHORTEST_SECRET:
        raise InputError(
            f"{file} has no secret of at least {_SHORTEST_SECRET} characters",
            hint="The proxy must send it in the header X-Tenantry-Secret. Make one: openssl rand -hex 32",
        )
    if not isinstance(logins, dict) or not all(isinstance(name, str) and name for name in logins.values()):
        raise InputError(
            f"{file} has no table of logins",
            hint='Write, for instance: [logins] and "anna@example.com" = "anna"',
        )
    return Proxy(header.lower(), secret, logins)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)
