"""How long a CI is believed, which states it goes through, and how long its history is kept."""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.errors import DeclarationError
from cmdb.words.check import SNAKE


@dataclass(frozen=True, slots=True)
class Lease:
    """Days without a word of any source until a CI is stale, and until it is retired."""

    stale_days: int
    retire_days: int

    def __post_init__(self) -> None:
        if not 0 < self.stale_days <= self.retire_days:
            raise DeclarationError(
                f"a lease of {self.stale_days} days until stale and {self.retire_days} until retired is out of order"
            )


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The states of a class in their usual order; `live` and `retired` are among them, discovery sets these two."""

    states: tuple[str, ...]

    def __post_init__(self) -> None:
        if wrong := [s for s in self.states if not SNAKE.fullmatch(s)]:
            raise DeclarationError(f"lifecycle states {wrong} are not snake_case")
        if len(set(self.states)) != len(self.states):
            raise DeclarationError(f"lifecycle {', '.join(self.states)} names a state twice")
        if missing := {"live", "retired"} - set(self.states):
            raise DeclarationError(f"lifecycle {', '.join(self.states)} lacks {', '.join(sorted(missing))}")

    def before_live(self, state: object) -> bool:
        """Whether it is a state of something not in service yet."""
        return state in self.states[: self.states.index("live")]

    def is_over(self, state: str) -> bool:
        """Whether it is `retired` or a state behind it."""
        return state in self.states[self.states.index("retired") :]


DISCOVERED = Lease(1, 31)
"""Reported by agents every minute or so: a day of silence is suspicious, a month more is an end."""
DECLARED = Lease(365, 730)
"""Stated by people or imports: confirmed once a year, given up after two."""

LOGICAL = Lifecycle(("planned", "live", "retired"))
PHYSICAL = Lifecycle(("planned", "ordered", "in_stock", "live", "in_repair", "retired", "disposed"))
AGREEMENT = Lifecycle(("draft", "live", "expired", "retired"))
