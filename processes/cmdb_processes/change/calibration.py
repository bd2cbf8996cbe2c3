"""Calibration: what was predicted against what broke, so that people know how far to trust a prediction.

A prediction says what breaks if the changed CIs fail. So only changes in which they did fail (or failed for a while,
as planned) are compared; a change that went well proves nothing about its radius.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cmdb_processes.change.nouns import CI, Impact, Severity


@dataclass(frozen=True, slots=True)
class Broken:
    """A change whose CIs did fail: what had been predicted, and what was found down or degraded meanwhile."""

    number: str
    predicted: Impact
    broke: frozenset[CI]


@dataclass(frozen=True, slots=True)
class Score:
    """How predictions did, for one class of CI or for all. Counts of CIs over all changes compared."""

    hit: int
    false_alarm: int
    missed: int

    @property
    def precision(self) -> float | None:
        """hit / (hit + false alarm): how much of what was predicted broke; None: nothing was predicted."""
        predicted = self.hit + self.false_alarm
        return self.hit / predicted if predicted else None

    @property
    def recall(self) -> float | None:
        """hit / (hit + missed): how much of what broke was predicted; None: nothing broke."""
        broke = self.hit + self.missed
        return self.hit / broke if broke else None

    def __add__(self, other: Score) -> Score:
        return Score(self.hit + other.hit, self.false_alarm + other.false_alarm, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class Calibration:
    """By class, and over all; `missed` names what broke unpredicted, with its change: the edges to go and find."""

    changes: int
    whole: Score
    by_class: Mapping[str, Score]
    missed: tuple[tuple[str, CI], ...]

    @property
    def sentence(self) -> str:
        """One line for the health page."""
        if not self.changes:
            return "no change whose CIs failed yet: nothing to compare"
        parts = [f"{self.changes} changes compared"]
        for name, share in (("precision", self.whole.precision), ("recall", self.whole.recall)):
            parts.append(f"{name} {'unknown' if share is None else f'{100 * share:.0f} %'}")
        return ", ".join(parts)


def calibration(compared: Iterable[Broken]) -> Calibration:
    """The calibration over these changes."""
    by_class: dict[str, Score] = defaultdict(lambda: Score(0, 0, 0))
    missed: list[tuple[str, CI]] = []
    changes = 0
    for one in compared:
        changes += 1
        own = {ci.id for ci in one.predicted.of}
        predicted = {
            h.ci.id: h.ci for h in one.predicted.hits if h.severity >= Severity.DEGRADED and h.ci.id not in own
        }
        broke = {ci.id: ci for ci in one.broke if ci.id not in own}
        for ci in {**predicted, **broke}.values():
            said, did = ci.id in predicted, ci.id in broke
            by_class[ci.class_] += Score(said and did, said and not did, did and not said)
            if did and not said:
                missed.append((one.number, ci))
    whole = sum(by_class.values(), Score(0, 0, 0))
    return Calibration(changes, whole, dict(sorted(by_class.items())), tuple(sorted(missed)))
