"""A source that gives whole lists says something no longer: its word goes, and with the last word the CI or edge."""

from __future__ import annotations

from dataclasses import replace

from cmdb.claims import holds, source_of
from cmdb.classes import Catalogue
from cmdb.commands.things import Around, Decided, known_claims, restated, retire
from cmdb.errors import Conflict
from cmdb.plan import Plan
from cmdb.reconcile.known import KnownEdge, NewId
from cmdb.reconcile.ledger import Ledger
from cmdb.reconcile.placeholders import Placeholders


def withdraw(known: Catalogue, around: Around, ci: str, scope: str, new_id: NewId) -> Decided:
    """Take a source's claim on a CI back; if nobody else says it is there, it is retired with what is inside."""
    was = around.cis[ci]
    if scope not in was.claims:
        raise Conflict(f"{source_of(scope)} says nothing of {was.name}")
    left = {name: claim for name, claim in known_claims(was).items() if name != scope}
    said = f"{source_of(scope)} no longer lists {was.name}"
    others = sorted({source_of(name) for name in left if holds(name)})
    if others:
        plan = replace(restated(known.cls(was.cls), was, left), scopes=None)
        return Decided(ci, plan, f"{said}; it stays: {', '.join(others)} says that it is there")
    done = retire(around, ci, was.parent or ci, new_id)
    return replace(done, summary=f"{said}: {done.summary}")


def withdraw_edge(edge: KnownEdge, scope: str, new_id: NewId) -> Decided:
    """Take a source's claim on an edge back; without any other it is closed."""
    if scope not in edge.claims:
        raise Conflict(f"{source_of(scope)} says nothing of the edge {edge.id}")
    others = {name: claim for name, claim in edge.claims.items() if name != scope}
    ledger = Ledger(new_id, Placeholders({}, {}, new_id))
    ledger.keep(edge, others)
    plan = Plan(host=edge.source, close=tuple(ledger.close), reword=tuple(ledger.reword))
    stays = f"; it stays: {', '.join(sorted(map(source_of, others)))} says that it is there" if others else ""
    return Decided(edge.source, plan, f"{source_of(scope)} no longer lists the edge {edge.id} ({edge.type}){stays}")
