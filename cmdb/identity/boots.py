"""Boots of a node: one machine never goes back to an earlier boot, so two that alternate are two machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Boot:
    """The reports (first and last sequence) of a node that carried this boot id."""

    boot_id: str
    first: int
    last: int


def note_boot(boots: Sequence[Boot], boot_id: str, seq: int) -> tuple[Boot, ...]:
    """The boot history with this report in it, ordered by sequence. Any order of arrival gives the same history."""
    rest = [b for b in boots if b.boot_id != boot_id]
    mine = next((b for b in boots if b.boot_id == boot_id), Boot(boot_id, seq, seq))
    grown = Boot(boot_id, min(mine.first, seq), max(mine.last, seq))
    return tuple(sorted([*rest, grown], key=lambda b: (b.first, b.last)))


def alternating(boots: Sequence[Boot]) -> tuple[Boot, Boot] | None:
    """Two boots whose reports interleave: a machine never goes back to an earlier boot, so these are two machines."""
    for earlier, later in pairwise(boots):
        if earlier.last > later.first:
            return earlier, later
    return None
