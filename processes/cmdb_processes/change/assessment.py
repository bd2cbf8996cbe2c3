"""The assessment of a change: risk, conflicts and confidence in, a verdict out: approvable, or blocked by all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb_processes.change.conflicts import Conflict
from cmdb_processes.change.models import Model
from cmdb_processes.change.nouns import Impact, Planned
from cmdb_processes.change.risk import Risk

POLICY = "3"
"""Of the rules and bands in this package; evidence names it."""
FRESH_DAYS = 7.0
"""A dependency seen within this time counts as seen lately."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A service's availability: what it must be and the interval it is computed at with the change, as shares."""

    service: str
    required: float
    least: float
    most: float

    @property
    def broken(self) -> bool:
        """Whether it certainly falls short."""
        return self.most < self.required

    @property
    def sentence(self) -> str:
        """With the figures."""
        return (
            f"{self.service} would be available at most {100 * self.most:.4f} %, {100 * self.required:.4f} % required"
        )


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the answer is, 0 to 1: the share of what it rests on that was seen lately, 0 when it is cut short."""

    share: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is told to approvers and frozen. `blocked_by` empty: approvable."""

    number: str
    blocked_by: tuple[str, ...]
    risk: Risk
    conflicts: tuple[Conflict, ...]
    confidence: Confidence

    @property
    def approvable(self) -> bool:
        """Whether approval may be asked for; the CLI exits with 0, else with 2."""
        return not self.blocked_by

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.approvable:
            return f"{self.number} is approvable; {self.risk.sentence}"
        return f"{self.number} is blocked by {len(self.blocked_by)}: {'; '.join(self.blocked_by)}"

    def as_json(self) -> dict[str, Any]:
        """The conclusion as evidence keeps it: plain JSON values only."""
        return {
            "number": self.number,
            "verdict": self.verdict,
            "approvable": self.approvable,
            "blockedBy": list(self.blocked_by),
            "risk": self.risk.level.word,
            "terms": [
                {"name": t.name, "figure": t.figure, "unit": t.unit, "level": t.level.word, "sentence": t.sentence}
                for t in self.risk.terms
            ],
            "conflicts": [
                {
                    "kind": c.kind.value,
                    "others": list(c.others),
                    "cis": [ci.id for ci in c.cis],
                    "blocks": c.blocks,
                    "severity": c.severity.word,
                    "sentence": c.sentence,
                }
                for c in self.conflicts
            ],
            "confidence": {"share": self.confidence.share, "sentence": self.confidence.sentence},
        }


def assess(
    change: Planned,
    model: Model,
    impact: Impact,
    risk: Risk,
    conflicts: Sequence[Conflict],
    requirements: Sequence[Requirement] = (),
    accepted: Mapping[str, str] | None = None,
) -> Assessment:
    """The assessment. `accepted` conflicts block no more: somebody took them upon them, each sentence with a reason."""
    taken = accepted or {}
    blocked = [f"the radius cannot be taken whole: {impact.truncated}"] if impact.truncated else []
    blocked += [f"{c.kind.value}: {c.sentence}" for c in conflicts if c.blocks and c.sentence not in taken]
    blocked += [one.sentence for one in requirements if one.broken]
    if risk.level > model.risk_at_most:
        blocked.append(f"{risk.sentence}; too much for a {model.name} change")
    return Assessment(change.number, tuple(blocked), risk, tuple(conflicts), confidence(impact))


def confidence(impact: Impact) -> Confidence:
    """How sure an impact is. Problems of the graph (a wrong group) each halve what is left of it."""
    if impact.truncated:
        return Confidence(0.0, f"none: {impact.truncated}")
    ages = [hit.age_days for hit in impact.hits]
    seen = sum(1 for age in ages if age is not None and age <= FRESH_DAYS)
    share = (seen / len(ages) if ages else 1.0) * 0.5 ** len(impact.problems)
    parts = [f"{seen} of {len(ages)} rest on dependencies seen within {FRESH_DAYS:.0f} days"] if ages else []
    parts += [f"{len(impact.problems)} doubtful: {impact.problems[0]}"] if impact.problems else []
    return Confidence(round(share, 6), "; ".join(parts) or "nothing is reached")
