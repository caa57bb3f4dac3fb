"""Slows down those who guess passwords."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW = 900.0
"""Seconds for which a try counts."""

MOST = {"pair": 5, "address": 30, "login": 50}
"""Tries in a window that were not accepted: of one login from one address, from an address, and of a login from anywhere."""

_MOST_KEYS = 10_000


class Throttle:
    """Counts logins that are tried. An attacker at one address locks nobody out at another."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def begin(self, login: str, address: str) -> float:
        """Count a try. Return 0 if it may be made; otherwise the seconds until the next one, and do not count it.

        A try counts before the server answers, so that many at once are not more than one after the other.
        """
        now = self._clock()
        keys = _keys(login, address)
        with self._lock:
            wait = max(self._wait(key, now) for key in keys)
            if wait:
                return wait
            for key in keys:
                times = self._tries.setdefault(key, [])
                times.append(now)
                del times[: -MOST[key[0]]]
                self._tries.move_to_end(key)
            while len(self._tries) > _MOST_KEYS:
                self._tries.popitem(last=False)
        return 0.0

    def accepted(self, login: str, address: str) -> None:
        """The login was accepted: it and earlier mistakes of the same person no longer count."""
        pair, *others = _keys(login, address)
        with self._lock:
            self._tries.pop(pair, None)
            for key in others:
                if times := self._tries.get(key):
                    times.pop()

    def _wait(self, key: tuple[str, str], now: float) -> float:
        recent = [at for at in self._tries.get(key, ()) if now - at < WINDOW]
        return WINDOW - (now - recent[0]) if len(recent) >= MOST[key[0]] else 0.0


def _keys(login: str, address: str) -> tuple[tuple[str, str], ...]:
    address = _network(address)
    return ("pair", f"{login}\0{address}"), ("address", address), ("login", login)


def _network(address: str) -> str:
    """What one person has: an address, or the part of an IPv6 address that a provider gives, within which each may choose."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
