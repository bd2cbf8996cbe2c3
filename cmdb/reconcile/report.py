"""One report as a whole: items first, then edges if any can change, then what the node's scopes have said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cmdb.claims import speaks
from cmdb.classes import Catalogue
from cmdb.plan import Plan, Said, ScopeState
from cmdb.reconcile.callers import calls
from cmdb.reconcile.edges import Edges
from cmdb.reconcile.items import After, Items, addresses_in
from cmdb.reconcile.known import NOTHING_SAID, Known, KnownCI, NewId
from cmdb.reconcile.said import fresh
from cmdb.words import Ref, Section, Snapshot, Value

PLACES = ("address", "listens", "clients")
"""The attributes that say where something is reached and from where: edges follow them."""
REACHED = ("Service", "IPAddress")
"""The classes by which others reach a host."""


def settle(snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId, at: int) -> Items:
    """The items of a report of a node that was identified as CI `host` (an id; new if `known.host` is None).

    Of `known` only host, children and scopes are needed. `at` is the journal sequence the plan will have.
    """
    items = Items(snapshot, known, host, catalogue, new_id, at)
    items.settle()
    return items


def addresses(items: Items) -> frozenset[str]:
    """The host's own addresses after this report."""
    return frozenset(addresses_in(items.settled.live))


def addresses_before(items: Items) -> frozenset[str]:
    """The addresses the host had before this report: what others reach there may have to look elsewhere now."""
    return frozenset(str(ci.attributes.get("address")) for ci in items.known.children.values()
                     if ci.cls == "IPAddress" and ci.status == "live")  # fmt: skip


def still(items: Items) -> bool:
    """Whether no edge can change: nothing came or went, and links, claimants and places are as they were.

    A report of every section known is never still: it is what an agent sends when it was asked for everything, and
    then every edge is looked at anew.
    """
    known, news = items.known, fresh(items.snapshot, items.known.scopes)
    if items.create or _all_known(items):
        return False
    if any(_links(items.links[s.name]) != _links(known.scopes.get(s.name, NOTHING_SAID).links) for s in news):
        return False
    return all(_in_place(known.ci(ref), now) for ref, now in items.settled.touched.items())


def doubtful(items: Items) -> frozenset[tuple[str, Ref]] | None:
    """Addresses from which a service may be used otherwise than it was, each with the service; None: any may be.

    Where this host is reached changes seldom, and only then all who reach it are looked at: a database may have
    thousands. Whom this host alone sees at its services counts too: its word on them is said anew each time. A report
    of every section known looks at everything, as ever.
    """
    if _all_known(items):
        return None
    found: set[tuple[str, Ref]] = set()
    for ref, now in items.settled.touched.items():
        was = items.known.ci(ref)
        had = was.attributes if was is not None else {}
        if ref.cls not in REACHED or not any(name in had or name in now.attributes for name in PLACES):
            continue
        there = was is not None and was.status == "live" and now.live
        if not there or any(had.get(name) != now.attributes.get(name) for name in PLACES[:2]):
            return None
        found |= {(a, ref) for a in {*_several(had.get("clients"))} ^ {*_several(now.attributes.get("clients"))}}
    before, _ = calls({section: scope.links for section, scope in items.known.scopes.items()})
    return frozenset(found | {(link.source.key, link.target) for _, link in (*before, *items.calls[0])})


def _several(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _all_known(items: Items) -> bool:
    return set(items.known.scopes) <= {section.name for section in fresh(items.snapshot, items.known.scopes)}


def _links(said: tuple[Said, ...]) -> list[object]:
    return [one.link for one in said]


def _in_place(was: KnownCI | None, now: After) -> bool:
    if was is None or was.status != "live" or not now.live:
        return False
    same_claimants = {scope for scope in was.claims if speaks(scope)} == set(now.claims)
    return same_claimants and all(was.attributes.get(name) == now.attributes.get(name) for name in PLACES)


def plan(items: Items, beyond: Known | None) -> Plan:
    """The plan for settled items. `beyond`: all that is known around the host; None when the report is `still`."""
    made = Plan(
        host=items.host,
        create=tuple(items.create),
        change=tuple(items.change),
        claims=tuple(items.claims),
        drops=tuple(items.drops),
        scopes=_scopes(items),
    )
    if beyond is None:
        return made
    edges = Edges(items, beyond)
    edges.settle()
    return replace(
        made,
        create=(*made.create, *edges.placeholders.create, *edges.shared.create),
        change=(*made.change, *edges.placeholders.change, *edges.shared.change),
        claims=(*made.claims, *edges.shared.claims),
        open=tuple(edges.ledger.open),
        close=tuple(edges.ledger.close),
        reword=tuple(edges.ledger.reword),
        notes=tuple(dict.fromkeys(edges.notes)),
    )


def _scopes(items: Items) -> Mapping[str, ScopeState]:
    snapshot, known = items.snapshot, items.known
    return {
        s.name: ScopeState(_complete(snapshot, known, s), items.links[s.name]) for s in fresh(snapshot, known.scopes)
    }


def _complete(snapshot: Snapshot, known: Known, section: Section) -> int:
    before = known.scopes.get(section.name, NOTHING_SAID).complete
    return snapshot.seq if section.complete else before
