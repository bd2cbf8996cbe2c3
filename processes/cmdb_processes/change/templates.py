"""Templates of standard changes: approved once, used often, suspended by themselves after a failure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cmdb.errors import Invalid
from cmdb_processes.change.risk import Record


class Outcome(StrEnum):
    """What became of a change, as its review says."""

    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    BACKED_OUT = "backed out"


BAD = frozenset({Outcome.FAILED, Outcome.BACKED_OUT})


@dataclass(frozen=True, slots=True)
class Use:
    """One change made from a template, reviewed."""

    number: str
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """What is done the same way each time. `approved_at`: when it was approved last (None: never), by whom."""

    name: str
    version: int
    title: str
    plan: str
    backout: str
    test: str
    classes: frozenset[str]
    approved_at: datetime | None = None
    approved_by: str = ""
    retired: bool = False

    def __post_init__(self) -> None:
        if not self.classes:
            raise Invalid(f"template {self.name} is for no class of CI", where="classes")
        if wrong := [n for n in ("title", "plan", "backout", "test") if len(getattr(self, n).strip()) < 3]:
            raise Invalid(f"template {self.name} says no {wrong[0]}", where=wrong[0])
        if (self.approved_at is None) != (not self.approved_by):
            raise Invalid(f"template {self.name} is approved by somebody at some time, or not at all", where="approved")


def suspended_by(template: Template, uses: Sequence[Use]) -> Use | None:
    """The failure that suspends a template: the last one since it was approved. To approve it anew lifts it."""
    since = template.approved_at
    bad = [use for use in uses if use.outcome in BAD and (since is None or use.at >= since)]
    return max(bad, key=lambda use: use.at, default=None)


def refusals(template: Template, uses: Sequence[Use], classes: Collection[str]) -> tuple[str, ...]:
    """Why a template cannot be used now for CIs of these classes; empty: it can."""
    found = []
    if template.retired:
        found.append(f"template {template.name} is retired")
    if template.approved_at is None:
        found.append(f"template {template.name} is not approved")
    if bad := suspended_by(template, uses):
        found.append(f"template {template.name} is suspended: {bad.number} {_past(bad.outcome)} on {bad.at:%Y-%m-%d}")
    if wrong := sorted(set(classes) - template.classes):
        found.append(f"template {template.name} is for {', '.join(sorted(template.classes))}, not for {wrong[0]}")
    return tuple(found)


def record(template: Template, uses: Sequence[Use]) -> Record:
    """Its track record, over all versions."""
    return Record(f"template {template.name}", len(uses), sum(1 for use in uses if use.outcome in BAD))


def _past(outcome: Outcome) -> str:
    return "failed" if outcome is Outcome.FAILED else "was backed out"
