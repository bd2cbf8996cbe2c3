"""When Neo4j is asked to count its indexes anew: each time there is ten times as much in the graph.

It counts by itself, some seconds after much was written. Until then it takes an index for as long as it was when it was
last counted, and one that was empty for empty: to read all of it seems to cost nothing, so statements that look for one
CI look at every one, a first import's for each of its rows. And a plan that was made while there was nothing is kept.
"""

from __future__ import annotations

STEPS = (100, 1_000, 10_000, 100_000)
"""Nodes; below the first there is nothing that takes long to read, beyond the last no index is taken for empty."""
COUNT = "CALL db.resampleOutdatedIndexes()"
"""Begin to count what is out of date, which takes a moment; the plans that were made without it are made anew then."""
THERE = "MATCH (n) RETURN count(n) AS there"
"""Known without looking at any."""


class Growth:
    """How many nodes there are, roughly: what was there at the start, and what was made since."""

    def __init__(self, there: int = 0) -> None:
        self._there = there

    def more(self, made: int) -> bool:
        """Take note of nodes that were made; whether there are so many now that it is time to count."""
        before = self._there
        self._there += made
        return any(before < step <= self._there for step in STEPS)
