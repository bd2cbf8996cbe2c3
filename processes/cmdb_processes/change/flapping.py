"""What changes back and forth by itself, learnt from the past, so that it raises no alarm; what it hides is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmdb_processes.change.steps import Act, Step

Key = tuple[str, str]
"""What can flap at a CI: (attribute, "") of a value, (relation, other end) of an edge."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A step that discovery saw at some time, at a CI of some class."""

    step: Step
    class_: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """When something flaps: it turned so often within so many days, half of the turns back to where it had been.

    An attribute flaps for a whole class when at least `cis` of its CIs, and half of those where it turned, flap.
    """

    turns: int = 6
    days: int = 14
    cis: int = 5


@dataclass(frozen=True, slots=True)
class Flapping:
    """What is known to flap, at single CIs and for whole classes."""

    at: frozenset[tuple[str, Key]] = frozenset()
    classes: frozenset[tuple[str, str]] = frozenset()

    def hides(self, step: Step, class_: str) -> bool:
        """Whether a step is of something that flaps. That a CI is made or retired is never hidden."""
        if step.act in {Act.CREATE, Act.RETIRE}:
            return False
        return (step.ci, _key(step)) in self.at or (step.act is Act.SET and (class_, step.what) in self.classes)


NOTHING = Flapping()


def learn(turns: Iterable[Turn], now: datetime, policy: Policy = Policy()) -> Flapping:
    """Learn from the steps seen before `now`."""
    since = now - timedelta(days=policy.days)
    series: dict[tuple[str, str, Key], list[Turn]] = defaultdict(list)
    for turn in turns:
        if since <= turn.at < now and turn.step.act not in {Act.CREATE, Act.RETIRE}:
            series[turn.class_, turn.step.ci, _key(turn.step)].append(turn)
    at = {(cls, ci, key) for (cls, ci, key), of_one in series.items() if _flaps(of_one, policy)}
    turned: dict[tuple[str, str], int] = defaultdict(int)
    flapped: dict[tuple[str, str], int] = defaultdict(int)
    for cls, ci, key in series:
        if not key[1]:
            turned[cls, key[0]] += 1
            flapped[cls, key[0]] += (cls, ci, key) in at
    classes = {known for known, count in flapped.items() if count >= policy.cis and 2 * count >= turned[known]}
    return Flapping(frozenset((ci, key) for _, ci, key in at), frozenset(classes))


def _flaps(turns: list[Turn], policy: Policy) -> bool:
    if len(turns) < policy.turns:
        return False
    seen: set[tuple[Act, str]] = set()
    back = 0
    for turn in sorted(turns, key=lambda t: t.at):
        value = (turn.step.act, turn.step.other)
        back += value in seen
        seen.add(value)
    return 2 * back >= len(turns)


def _key(step: Step) -> Key:
    return (step.what, "") if step.act is Act.SET else (step.what, step.other)
