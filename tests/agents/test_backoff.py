"""How long the agent waits."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from cmdb_agents.backoff import CAP, IDENTITY_CAP, delay, splay


@given(st.integers(0, 10_000), st.integers())
def test_full_jitter_is_bounded(attempt: int, seed: int) -> None:
    """Between zero and a doubling bound that stops at fifteen minutes, however long the outage."""
    assert 0 <= delay(attempt, Random(seed)) <= min(CAP, 2.0 * 2 ** min(attempt, 30))


def test_jitter_is_full() -> None:
    """A herd that failed together spreads over the whole bound: each quarter of it gets its share."""
    waits = [delay(20, Random(seed)) for seed in range(400)]
    quarters = [sum(q * CAP / 4 <= w < (q + 1) * CAP / 4 for w in waits) for q in range(4)]
    assert min(quarters) > 60


@given(st.integers(0, 50), st.floats(-10, 1e9), st.integers())
def test_retry_after_is_honoured(attempt: int, asked: float, seed: int) -> None:
    """Never earlier than asked, up to an hour, and not all at once."""
    waited = delay(attempt, Random(seed), retry_after=asked)
    bounded = min(max(asked, 0), IDENTITY_CAP)
    assert bounded <= waited <= bounded * 1.1


@given(st.floats(1, 86_400), st.integers())
def test_splay_stays_near_the_interval(interval: float, seed: int) -> None:
    """Regular reports keep within a tenth of their interval."""
    assert 0.9 * interval <= splay(interval, Random(seed)) <= 1.1 * interval
