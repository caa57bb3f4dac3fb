"""Loads: what runs now, whoever began it, and what ended lately."""

from __future__ import annotations

from starlette.routing import Route

from tenantry.console.page import Asked, Sent, Shown, page
from tenantry.console.pages.actions import LEVELS, WORDS, pace
from tenantry.core.errors import InputError

_MOST = (25, 100, 400)
"""How many actions that have ended a page shows."""

_WATCHERS = ("tenantry console", "tenantry changes", "tenantry queries")
"""Programs that only look, such as this page."""


def loads(asked: Asked) -> Shown:
    """The page."""
    wanted = asked.query.get("most", "")
    most = int(wanted) if wanted in map(str, _MOST) else _MOST[0]
    warehouse = asked.warehouse
    unfinished = warehouse.actions(unfinished=True, most=200)
    found = [action for action in warehouse.actions(most=most + len(unfinished)) if not action.unfinished]
    programs = warehouse.programs()
    jobs = {job.jobid: job for job in warehouse.jobs()}
    facts = {
        "unfinished": [(action, pace(action)) for action in unfinished],
        "ended": found[:most],
        "most": most,
        "more": next((number for number in _MOST if number > most), None) if len(found) >= most else None,
        "levels": LEVELS,
        "words": WORDS,
        "runs": [run for run in warehouse.past_runs(100) if run.started and not run.ended],
        "jobs": jobs,
        "programs": [program for program in programs if program.name not in _WATCHERS],
        "nobody": all(program.name != "tenantry worker" for program in programs),
        "sessions": [
            one
            for one in warehouse.running()
            if one.program.startswith("tenantry ") and one.program not in _WATCHERS
        ],
    }
    return Shown("work/loads.html", facts, topics=("actions", "jobs", "slices"))


def cancel(asked: Asked) -> Sent:
    """Cancel what a session of Tenantry is running."""
    pid = asked.form.get("pid", "")
    if not (pid.isascii() and pid.isdigit() and len(pid) < 10):
        raise InputError("no session was named")
    if all(
        str(one.pid) != pid or not one.program.startswith("tenantry ") for one in asked.warehouse.running()
    ):
        raise InputError(f"session {pid} runs nothing of Tenantry now")
    asked.warehouse.cancel(int(pid))
    return Sent("/loads", f"Session {pid} was asked to cancel its statement.")


ROUTES = [
    Route("/loads", page(loads), methods=["GET"]),
    Route("/loads/cancel", page(cancel, "cancel"), methods=["POST"]),
]
