"""The nouns of an identification: candidates, steps, refusals, and the verdict with its trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cmdb.words import Value

Outcome = Literal["match", "new", "ambiguous", "conflict", "covered"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A key that was not used for identity, and why."""

    key: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A CI that might be the one: its identity attributes and the live agents that speak for it."""

    id: str
    attributes: Mapping[str, Value]
    nodes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """One rule as it was tried: what it looked for and what came of it."""

    rule: str
    keys: Mapping[str, Value]
    hits: tuple[str, ...]
    result: str


def fitted(fit: int, vetoed: int) -> str:
    """What came of a rule that was tried."""
    return f"{fit} fit" + (f", {vetoed} vetoed by a stronger key that contradicts" if vetoed else "")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome and trace of one identification; `rule` is the one that decided, `keys` what was fit to be compared."""

    outcome: Outcome
    ci: str | None
    reason: str
    rule: str | None = None
    keys: Mapping[str, Value] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    candidates: tuple[str, ...] = ()

    def trace(self) -> dict[str, Any]:
        """The trace as plain JSON values, for storage and for the question "why is this one CI?"."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "rule": self.rule,
            "keys": _plain(self.keys),
            "steps": [
                {"rule": s.rule, "keys": _plain(s.keys), "hits": list(s.hits), "result": s.result} for s in self.steps
            ],
            "refused": [{"key": r.key, "value": r.value, "reason": r.reason} for r in self.refusals],
            "candidates": list(self.candidates),
        }


def _plain(keys: Mapping[str, Value]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in keys.items()}
