"""What each role may do in the console. It decides what is shown; the database decides what happens."""

from __future__ import annotations

from collections.abc import Mapping

from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR, OWNER

_WORK = frozenset(
    {
        "look",
        "backfill",
        "refresh",
        "verify",
        "reload",
        "fold",
        "disable",
        "enable",
        "pause",
        "resume",
    }
)

_MAY: Mapping[str, frozenset[str]] = {
    OWNER: _WORK | {"templates", "author", "manage", "run_job", "fix", "sessions", "cancel"},
    OPERATOR: _WORK | {"templates"},
    AUDITOR: frozenset({"look", "templates"}),
    AUTHOR: frozenset({"templates", "author"}),
}


def may(role: str, what: str) -> bool:
    """Whether a role may do this: `look` at everything but secrets, `templates` to see, `author` to write them, a kind of action, or `manage`."""
    return what in _MAY.get(role, frozenset()) or what == "any"
