"""What may go wrong, by dice that a seed rolls: a few kinds of faults at a time, each with its own odds.

A seed in which everything breaks at once hides what one kind of fault alone would show, so each has a mood.
"""

from __future__ import annotations

from random import Random

KINDS = (
    "agent killed", "agent's disk full", "server killed", "server's disk full", "graph away", "graph gone for hours",
    "graph lost at commit", "graph begins again", "request lost", "request late", "request twice",
    "request cut short", "request damaged",
    "answer lost", "answer cut short", "answer damaged", "line cut", "agent's clock", "server's clock", "look fails",
    "poison", "refused", "silent for weeks",
)  # fmt: skip
"""Everything that goes wrong here."""


class Killed(BaseException):
    """A process dies here, as by kill -9 or a power cut: no Exception, so that nothing of ours catches it."""


class Faults:
    """The dice of one seed. After `cease` nothing goes wrong any more."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        some = dice.sample(KINDS, dice.choice((1, 2, 3, 5, 8, len(KINDS))))
        self.odds = {kind: dice.choice((0.02, 0.1, 0.3)) for kind in some}
        self.seen: dict[str, int] = {}

    @classmethod
    def none(cls) -> Faults:
        """Dice by which nothing ever goes wrong."""
        made = cls(Random(0))
        made.cease()
        return made

    def now(self, kind: str, share: float = 1.0) -> bool:
        """Whether it goes wrong in this way, here and now. `share`: of its odds, where there are many chances."""
        odds = self.odds.get(kind)
        if odds is None or self.dice.random() >= odds * share:
            return False
        self.seen[kind] = self.seen.get(kind, 0) + 1
        return True

    def cease(self) -> None:
        """From now on all is well."""
        self.odds = {}
