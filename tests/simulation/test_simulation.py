"""Agents, network, inbox, applier and reconciliation in simulated worlds full of faults, each told by its seed.

EPICENTRE_TEST_CASES says how many seeds, EPICENTRE_TEST_SEED from which one on.
"""

from __future__ import annotations

import os

import pytest
from simulation.faults import KINDS
from simulation.mutants import BROKEN_PARTS, BROKEN_RULES
from simulation.run import AGAIN, all_of, live, many, silence
from simulation.world import Parts

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "200"))
SEED = int(os.environ.get("EPICENTRE_TEST_SEED", "0"))
ENOUGH = 300
"""Seeds in which a broken part must have been found out."""


def test_every_seed_ends_well() -> None:
    """Nothing acknowledged is lost, nothing has effect twice, and all ends as if nothing had ever gone wrong."""
    told = all_of(SEED, CASES)
    assert told.failure is None, f"seed {told.seed}: {told.failure}\n\n{AGAIN.format(seed=told.seed)}"
    if CASES >= 1000 or (SEED, CASES) == (0, 200):  # fewer from elsewhere need not have met everything
        assert set(KINDS) <= set(told.happened), f"never happened: {set(KINDS) - set(told.happened)}"


def test_a_seed_always_tells_the_same_story() -> None:
    """To the last byte of the journal: else the seed of a failure would be of no use."""
    for seed in range(SEED, SEED + 10):
        with silence():
            one, two = live(seed), live(seed)
        assert one.notes == two.notes
        assert one.server.bolt.state.journal == two.server.bolt.state.journal
        assert [a.line.sent for a in one.agents] == [a.line.sent for a in two.agents]


@pytest.mark.parametrize("name", BROKEN_PARTS)
def test_a_broken_part_is_found_out(name: str) -> None:
    """A simulation that nothing can fail proves nothing."""
    assert many(range(ENOUGH), lambda: BROKEN_PARTS[name]).failure is not None


@pytest.mark.parametrize("name", BROKEN_RULES)
def test_a_broken_rule_is_found_out(name: str) -> None:
    """The same for what is decided without any part of its own."""
    with BROKEN_RULES[name]():
        assert many(range(ENOUGH), Parts).failure is not None
