"""One report as a whole: items first, then edges, then what the node's scopes have said."""

from __future__ import annotations

from cmdb.classes import Catalogue
from cmdb.plan import Plan, ScopeState
from cmdb.reconcile.edges import Edges
from cmdb.reconcile.items import Items, addresses_in, settled
from cmdb.reconcile.known import NOTHING_SAID, Known, NewId
from cmdb.reconcile.said import fresh, stated_links
from cmdb.words import Section, Snapshot


def addresses(snapshot: Snapshot, known: Known, catalogue: Catalogue) -> frozenset[str]:
    """The host's own addresses after this report."""
    return frozenset(addresses_in(settled(snapshot, known, catalogue, 0).live))


def plan(snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId, at: int) -> Plan:
    """The plan for one report of a node that was identified as CI `host` (an id; new if `known.host` is None).

    `at` is the journal sequence the plan will have.
    """
    items = Items(snapshot, known, host, catalogue, new_id, at)
    items.settle()
    edges = Edges(items)
    edges.settle()
    links = stated_links(snapshot, known.scopes)
    return Plan(
        host=host,
        create=(*items.create, *edges.placeholders.create),
        change=(*items.change, *edges.placeholders.change),
        open=tuple(edges.ledger.open),
        close=tuple(edges.ledger.close),
        reword=tuple(edges.ledger.reword),
        claims=tuple(items.claims),
        drops=tuple(items.drops),
        scopes={
            s.name: ScopeState(_complete(snapshot, known, s), links[s.name]) for s in fresh(snapshot, known.scopes)
        },
        notes=tuple(dict.fromkeys(edges.notes)),
    )


def _complete(snapshot: Snapshot, known: Known, section: Section) -> int:
    before = known.scopes.get(section.name, NOTHING_SAID).complete
    return snapshot.seq if section.complete else before
