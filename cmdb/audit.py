"""An audit of the journal: its chain of hashes, its counter and the checkpoints outside, in pages of entries."""

from __future__ import annotations

from dataclasses import dataclass

from cmdb import chain, checkpoints
from cmdb.chain import Broken, Link
from cmdb.checkpoints import Checkpoint, Checkpoints
from cmdb.store import Store

ENTRIES = 250
"""Entries in a page at most; each may hold a whole first report."""


@dataclass(frozen=True, slots=True)
class Page:
    """How far the audit is: the last good entry, the journal's end, what is broken first; `done` when nothing is left.

    `checkpoints` are those kept in all; `certain` is the sequence of the last one, the end of what they prove.
    """

    link: Link
    head: Link
    done: bool
    broken: Broken | None
    checkpoints: int
    certain: int


def page(store: Store, kept: Checkpoints, link: Link, first: int = ENTRIES) -> Page:
    """Look at the entries behind `link`, at most `first`. The first page also checks the checkpoints themselves."""
    known = kept.read()
    entries = store.sealed_after(link.seq, first)
    head = store.head()
    end, broken = chain.walk(entries, link)
    looked = [Link(e["seq"], e["hash"]) for e in entries if e["seq"] <= end.seq]
    done = broken is None and len(entries) < first and head.seq <= end.seq
    if broken is None and not entries:
        done, broken = True, chain.ends_at(end, head) or checkpoints.missing(known, end)
    elif done:
        broken = chain.ends_at(end, head) or checkpoints.missing(known, end)
    broken = _first(broken, checkpoints.compare(known, looked), _unsigned(known, kept) if link == chain.START else None)
    certain = known[-1].seq if known else 0
    return Page(end, head, done or broken is not None, broken, len(known), certain)


def _unsigned(known: list[Checkpoint], kept: Checkpoints) -> Broken | None:
    return checkpoints.check(known, kept.public_key())


def _first(*broken: Broken | None) -> Broken | None:
    return min((one for one in broken if one is not None), key=lambda one: one.seq, default=None)
