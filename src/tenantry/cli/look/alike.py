"""Findings that are alike, put together: twenty tenants without jobs are one thing to read and to mend."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenantry.observe.checks.finding import Check, Finding

MOST = 3
"""How many names, or findings that differ only in numbers, are shown."""

_NUMBER = re.compile(r"\d[\d,.:-]*")
_PLACE = "\x00"
"""What stands for a finding's own names where findings are compared; PostgreSQL cannot store it in a text."""


@dataclass(frozen=True)
class Alike:
    """Findings of a check that say the same of several subjects. `left` more differ from the first ones only in numbers."""

    check: Check
    findings: Sequence[Finding]
    left: Sequence[Finding] = ()

    @property
    def subjects(self) -> str:
        """Their subjects, or the first ones."""
        return named([finding.subject for finding in self.findings])

    @property
    def commands(self) -> Sequence[str]:
        """What mends them: one command for all, where there is one."""
        found = [finding.command for finding in self.findings if finding.command]
        together = _together(found) if len(found) > 1 else None
        return (together,) if together else tuple(dict.fromkeys(found[:MOST]))


def named(names: Sequence[str]) -> str:
    """The first names, and how many more there are. One more takes no more room than the words that count it."""
    if len(names) <= MOST + 1:
        return ", ".join(names)
    return f"{', '.join(names[:MOST])} and {len(names) - MOST:,} more"


def grouped(findings: Iterable[tuple[Check, Finding]]) -> Iterator[Alike]:
    """Put together the findings that are alike, in the order in which each group begins."""
    same: dict[tuple[object, ...], list[tuple[Check, Finding]]] = {}
    for check, finding in findings:
        key: tuple[object, ...] = (
            check.name,
            finding.severity,
            _shape(finding, finding.reason),
            _shape(finding, finding.command),
        )
        same.setdefault(key, []).append((check, finding))
    similar: dict[tuple[object, ...], list[Alike]] = {}
    for key, pairs in same.items():
        one = Alike(pairs[0][0], [finding for _, finding in pairs])
        similar.setdefault(tuple(_NUMBER.sub("0", str(part)) for part in key), []).append(one)
    for several in similar.values():
        shown = several if len(several) <= MOST + 1 else several[:MOST]
        yield from shown[:-1]
        rest = [finding for one in several[len(shown) :] for finding in one.findings]
        yield Alike(shown[-1].check, shown[-1].findings, rest)


def _shape(finding: Finding, text: str | None) -> str:
    """A text without the names of the finding's own subject: `tenant.template`, its tenant, or another name."""
    for name in (finding.subject, finding.subject.partition(".")[0]):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _PLACE, text or "")
    return text or ""


def _together(commands: Sequence[str]) -> str | None:
    """One command for all: with --all where that does no more than is missing, otherwise with each tenant's name."""
    split = [shlex.split(command, comments=True) for command in commands]
    if any(words[:1] != ["tenantry"] or words.count("--tenant") != 1 for words in split):
        return None
    places = [words.index("--tenant") for words in split]
    rest = [words[:place] + words[place + 2 :] for words, place in zip(split, places, strict=True)]
    if any(words != rest[0] for words in rest):
        return None
    if rest[0][1:] == ["schedule", "install"] or (rest[0][1] == "backfill" and len(rest[0]) == 3):
        return shlex.join([*rest[0], "--all"])
    if rest[0][1] not in _REPEATABLE or len(commands) > 3 * MOST:
        return None
    names = [word for words, place in zip(split, places, strict=True) for word in words[place : place + 2]]
    return shlex.join([*rest[0], *names])


_REPEATABLE = {"backfill", "refresh", "verify", "year", "slice"}
"""Commands that take --tenant more than once."""
