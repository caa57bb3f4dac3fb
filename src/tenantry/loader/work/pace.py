"""How many sessions load from a source at the same time: as many as it may have, unless fewer load as fast."""

from __future__ import annotations

LEAST = 2
"""With fewer, one side waits while the other works."""

_AS_FAST = 0.95
"""The part of the best speed that counts as the same: the days of a source differ."""


class Pace:
    """The number of sessions for one source, by what has been loaded from it.

    It begins with the most. After two rounds of tasks it tries one session fewer for two rounds, and so on as long as that
    is not slower. As soon as it is, the one session more is taken back, and the number stays.
    """

    def __init__(self, most: int) -> None:
        self.sessions = most
        """How many tasks of the source may be under way."""
        self._settled = most <= LEAST
        self._best = 0.0
        self._since: float | None = None
        self._amount = self._tasks = 0

    def ended(self, amount: int, under_way: int, now: float) -> None:
        """Note the end of a task: how much it has loaded, how many tasks were under way up to now, it included, and the time
        in seconds.
        """
        if self._settled:
            return
        if under_way != self.sessions:
            self._since = None
        elif self._since is None:
            self._since, self._amount, self._tasks = now, 0, 0
        else:
            self._amount += amount
            self._tasks += 1
            if self._tasks == 2 * self.sessions:
                self._judge(self._amount / max(now - self._since, 1e-9))
                self._since = None

    def _judge(self, speed: float) -> None:
        if speed < _AS_FAST * self._best:
            self.sessions += 1
            self._settled = True
        elif self.sessions == LEAST:
            self._settled = True
        else:
            self._best = max(self._best, speed)
            self.sessions -= 1
