"""One report as a whole: items first, then edges, then who claims what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cmdb.classes import Catalogue
from cmdb.plan import Claim, Plan, ScopeState
from cmdb.reconcile.edges import Edges
from cmdb.reconcile.items import Items, addresses_in, live_after
from cmdb.reconcile.known import NOTHING_SAID, Known, NewId
from cmdb.reconcile.said import dropped, effective, fresh, scope_of, stated_links
from cmdb.words import Ref, Section, Snapshot


def addresses(snapshot: Snapshot, known: Known) -> frozenset[str]:
    """The host's own addresses after this report."""
    return frozenset(addresses_in(live_after(snapshot, known)))


def plan(snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId) -> Plan:
    """The plan for one report of a node that was identified as CI `host` (an id; new if `known.host` is None)."""
    items = Items(snapshot, known, host, catalogue, new_id)
    items.settle()
    edges = Edges(items)
    edges.settle()
    links = stated_links(snapshot, known.scopes)
    return Plan(
        host=host,
        create=(*items.create, *edges.create),
        change=(*items.change, *edges.change),
        open=tuple(edges.open),
        close=tuple(edges.close),
        reword=tuple(edges.reword),
        claims=tuple(_claims(snapshot, known, items.ids)),
        drops=tuple(_drops(snapshot, known)),
        scopes={
            s.name: ScopeState(_complete(snapshot, known, s), links[s.name]) for s in fresh(snapshot, known.scopes)
        },
        notes=tuple(dict.fromkeys(edges.notes)),
    )


def _complete(snapshot: Snapshot, known: Known, section: Section) -> int:
    before = known.scopes.get(section.name, NOTHING_SAID).complete
    return snapshot.seq if section.complete else before


def _claims(snapshot: Snapshot, known: Known, ids: Mapping[Ref, str]) -> Iterator[Claim]:
    for section in fresh(snapshot, known.scopes):
        scope = scope_of(snapshot, section.name)
        seq = None if section.complete else snapshot.seq
        for item in effective(snapshot, section, known):
            was = known.ci(item.ref)
            if was is None or scope not in was.claims or was.claims[scope] != seq:
                yield Claim(scope, ids[item.ref], seq)


def _drops(snapshot: Snapshot, known: Known) -> Iterator[tuple[str, str]]:
    for section in fresh(snapshot, known.scopes):
        for ref in dropped(snapshot, section, known):
            yield scope_of(snapshot, section.name), known.children[ref].id
