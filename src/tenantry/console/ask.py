"""What can be asked for: the fields of each kind of action, what will happen, and when a name must be typed first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tenantry.core.days import parse_day
from tenantry.core.errors import InputError

Input = Literal["tenant", "template", "date", "number", "text", "flag"]

Arguments = dict[str, str | int | bool]


@dataclass(frozen=True)
class Field:
    """A field of a form. `empty` is what an empty one means; None if it must be filled in. `needs` is the role's right to fill it in."""

    name: str
    label: str
    input: Input
    empty: str | None = None
    hint: str = ""
    needs: str = ""


@dataclass(frozen=True)
class Form:
    """What asks for a kind of action. `loses` says what may be lost: then the tenant's name must be typed."""

    title: str
    button: str
    will: str
    fields: tuple[Field, ...]
    loses: str = ""
    loses_if: str = ""
    """The flag without which nothing is lost; empty if something always may be."""

    def risky(self, given: Mapping[str, object]) -> bool:
        """Whether something may be lost with these arguments."""
        return bool(self.loses) and (not self.loses_if or bool(given.get(self.loses_if)))


_TENANT = Field("tenant", "Tenant", "tenant", "all tenants that are not disabled")
_TEMPLATE = Field("template", "Template", "template", "all templates")
_ONE_TENANT = Field("tenant", "Tenant", "tenant")
_ONE_TEMPLATE = Field("template", "Template", "template")
_GONE = "Rows that the source no longer has are lost: the days are replaced with what the source has now."

FORMS: Mapping[str, Form] = {
    "backfill": Form(
        "Backfill",
        "Backfill",
        "Loads the days that are missing, that failed, or that were loaded before they ended, each in a transaction of its own. "
        "If you cancel it, the days that it has loaded stay.",
        (
            _TENANT,
            _TEMPLATE,
            Field("from", "First day", "date", "the first day of the feed or of its source"),
            Field("to", "Last day", "date", "today"),
            Field("reload", "Also load days that are already loaded", "flag", ""),
            Field(
                "outdated",
                "Also load days that are outdated because the template has changed",
                "flag",
                "",
                needs="manage",
            ),
        ),
        loses=_GONE,
        loses_if="reload",
    ),
    "refresh": Form(
        "Refresh",
        "Refresh",
        "Loads a day again, or what changed in a window of days that ends yesterday. In a window, days that have not changed at "
        "the source stay as they are.",
        (
            _TENANT,
            _TEMPLATE,
            Field("day", "Day", "date", "today"),
            Field(
                "days", "Days of the window", "number", "only the day", "Fill in either a day or a window."
            ),
        ),
    ),
    "verify": Form(
        "Verify",
        "Verify",
        "Compares the rows of the days with those of the source, and changes nothing. The source reads all of these rows.",
        (
            _TENANT,
            _TEMPLATE,
            Field("from", "First day", "date", "the first loaded day"),
            Field("to", "Last day", "date", "yesterday"),
            Field("sample", "Number of days to verify, chosen at random", "number", "all days"),
        ),
    ),
    "reload": Form(
        "Reload days",
        "Reload",
        "Loads the days again, whether they changed or not, and compares them with the source. Reports see the old rows of a day "
        "until its new ones are complete.",
        (
            _ONE_TENANT,
            _ONE_TEMPLATE,
            Field("from", "First day", "date"),
            Field("to", "Last day", "date"),
        ),
        loses=_GONE,
    ),
    "fold": Form(
        "Fold a year",
        "Fold",
        "Turns the slices of a closed, complete year into one table. Reports continue, and no row is lost. This cannot be undone, but "
        "days can still be loaded again. Do not fold in January: late rows of December still arrive.",
        (_ONE_TENANT, _ONE_TEMPLATE, Field("year", "Year", "number")),
    ),
    "disable": Form(
        "Disable a tenant",
        "Disable",
        "Pauses the tenant's jobs and loads until it is enabled again. Reports still show its data, which is no longer updated.",
        (_ONE_TENANT, Field("reason", "Reason", "text", hint="Others see it on the tenant's page.")),
    ),
    "enable": Form(
        "Enable a tenant",
        "Enable",
        "Loads the missing days, compares the last ones with the source, and then resumes the tenant's jobs. If a day "
        "fails or differs, the tenant stays disabled.",
        (_ONE_TENANT,),
    ),
    "pause": Form(
        "Pause jobs",
        "Pause",
        "Pauses the job, or all jobs of the tenant. A run in progress continues to its end.",
        (
            Field("tenant", "Tenant", "tenant", "the job below"),
            Field("job", "Job, by name or number", "text", "all jobs of the tenant"),
        ),
    ),
    "resume": Form(
        "Resume jobs",
        "Resume",
        "Resumes the job, or all jobs of the tenant. Missed runs are not run later.",
        (
            Field("tenant", "Tenant", "tenant", "the job below"),
            Field("job", "Job, by name or number", "text", "all jobs of the tenant"),
        ),
    ),
    "run_job": Form(
        "Run a job now",
        "Run now",
        "Runs the job's command once, as whadmin. Its schedule does not change.",
        (Field("job", "Job, by name or number", "text"),),
    ),
    "fix": Form(
        "Fix what is safe to fix",
        "Fix",
        "Runs the SQL of the check's findings about views, statistics and rights. It never drops data, loads from a source, or "
        "changes a function.",
        (
            Field("check", "Check", "text"),
            Field("tenant", "Tenant", "tenant", "the whole warehouse"),
        ),
    ),
}

_ALSO = {"first": ("from", "day"), "last": ("to",), "day": ("from", "to")}
"""What else the address of a form may call its fields."""


def given(form: Form, values: Mapping[str, str]) -> tuple[dict[str, str], Arguments]:
    """What is in a form, as text by field, and as the arguments of an action.

    Raises InputError for a number or a day that is none.
    """
    texts = {field.name: "" for field in form.fields}
    for key, value in values.items():
        for name in (key,) if key in texts else _ALSO.get(key, ()):
            if name in texts:
                texts[name] = value.strip()[:1000]
    arguments: Arguments = {}
    for field in form.fields:
        text = texts[field.name]
        if not text or (field.input == "flag" and text in ("0", "false", "no")):
            texts[field.name] = ""
        elif field.input == "flag":
            arguments[field.name] = True
        elif field.input == "date":
            arguments[field.name] = parse_day(text).isoformat()
        elif field.input == "number":
            if not (text.isascii() and text.isdigit()) or len(text) > 9:
                raise InputError(f"{field.label}: {text[:40]!r} is not a number")
            arguments[field.name] = int(text)
        else:
            arguments[field.name] = text
    return texts, arguments


def to_type(arguments: Mapping[str, object]) -> str:
    """What must be typed before something may be lost: the tenant's name, or `all`."""
    return str(arguments.get("tenant") or "all")
