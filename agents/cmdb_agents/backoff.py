"""How long to wait before the next try. Pure: the random numbers are passed in."""

from __future__ import annotations

from random import Random

BASE = 2.0
CAP = 15 * 60.0
IDENTITY_CAP = 60 * 60.0
"""Longest wait of an agent that is not let in, and longest Retry-After that is believed."""


def delay(attempt: int, rng: Random, *, cap: float = CAP, retry_after: float | None = None) -> float:
    """Seconds to wait after the failed `attempt` (0, 1, …): full jitter between 0 and a doubling bound.

    A Retry-After is waited for in full, and up to a tenth longer so that those told the same do not come together.
    """
    if retry_after is not None:
        asked = min(max(retry_after, 0.0), IDENTITY_CAP)
        return asked + rng.uniform(0, asked / 10)
    return rng.uniform(0, min(cap, BASE * 2.0 ** min(attempt, 30)))


def splay(interval: float, rng: Random) -> float:
    """The time to the next regular report: within a tenth of the interval, so that a fleet spreads out."""
    return interval * rng.uniform(0.9, 1.1)
