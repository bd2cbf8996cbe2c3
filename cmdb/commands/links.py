"""Link and unlink CIs by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from cmdb.claims import RECORDS, source_of
from cmdb.classes import catalogue
from cmdb.commands.things import HAND, Around, Decided, update
from cmdb.errors import Conflict, Invalid
from cmdb.plan import EdgeClaim, Plan
from cmdb.reconcile.callers import REFUSED, is_server_word
from cmdb.reconcile.known import KnownCI, KnownEdge, NewId
from cmdb.reconcile.ledger import Ledger
from cmdb.reconcile.placeholders import Placeholders
from cmdb.words import Cardinality, Evidence, RelationType


def link(
    relation: RelationType, source: KnownCI, target: KnownCI, edge: KnownEdge | None, evidence: Evidence, new_id: NewId
) -> Decided:
    """Say that `source` depends on `target`; `edge` is the open edge between them of this type, if others say so."""
    if not catalogue().joins(relation, source.cls, target.cls):
        allowed = f"{' or '.join(relation.sources)} to {' or '.join(relation.targets)}"
        raise Invalid(f"{relation.name} goes from {allowed}, not {source.cls} to {target.cls}", where="type")
    if source.id == target.id:
        raise Invalid("a CI does not depend on itself", where="to")
    if edge is not None and RECORDS in edge.claims:
        raise Conflict(f"{source.name} {relation.name} {target.name} is linked by hand already")
    ledger, claim = _ledger(new_id), EdgeClaim(None, evidence)
    if edge is None:
        ledger.lay((relation.name, source.id, target.id), {RECORDS: claim})
    else:
        ledger.keep(edge, {**edge.claims, RECORDS: claim})
    return Decided(source.id, _plan(source, ledger), f"linked {source.name} {relation.name} {target.name}")


def check_cardinality(
    relation: RelationType,
    source: KnownCI,
    target: KnownCI,
    around: Around,
    names: Callable[[Collection[str]], list[str]],
) -> None:
    """Refuse a link beside one that excludes it; `around` has the open edges of both, `names` what CIs are called."""
    if relation.cardinality is Cardinality.MANY_TO_MANY:
        return
    edges = [e for e in around.edges if e.type == relation.name]
    goes = next((e for e in edges if e.source == source.id and e.target != target.id), None)
    comes = next((e for e in edges if e.target == target.id and e.source != source.id), None)
    if goes is not None:
        there = f"{source.name} {relation.name} {names([goes.target])[0]} (edge {goes.id})"
        raise Conflict(f"{there} is open, and {relation.name} leads from each CI to one at most: unlink that first")
    if comes is not None and relation.cardinality is Cardinality.ONE_TO_ONE:
        there = f"{names([comes.source])[0]} {relation.name} {target.name} (edge {comes.id})"
        raise Conflict(f"{there} is open, and {relation.name} leads to each CI from one at most: unlink that first")


def unlink(
    relation: RelationType, source: KnownCI, target: KnownCI, edge: KnownEdge | None, at: int, new_id: NewId
) -> Decided:
    """Take a hand-made link back. What others see goes on: only they can stop seeing it.

    But what a server says of its clients is no fact of its own: a person's word ends it for good.
    """
    sentence = f"{source.name} {relation.name} {target.name}"
    if edge is None:
        raise Conflict(f"there is no open edge {sentence}")
    others = {scope: claim for scope, claim in edge.claims.items() if scope != RECORDS}
    seen = ", ".join(sorted({source_of(scope) for scope in others}))
    if RECORDS not in edge.claims and all(map(is_server_word, others.values())):
        return _refuse(source, target, edge, at, new_id, f"unlinked {sentence}: {seen} is not believed any more")
    if RECORDS not in edge.claims:
        raise Conflict(f"{sentence} was not linked by hand: it ends when {seen} no longer sees it")
    ledger = _ledger(new_id)
    ledger.keep(edge, others)
    notes = (f"the edge stays: {seen} goes on seeing it",) if others else ()
    return Decided(source.id, _plan(source, ledger), f"unlinked {sentence}", notes)


def _refuse(source: KnownCI, target: KnownCI, edge: KnownEdge, at: int, new_id: NewId, summary: str) -> Decided:
    """The edge ends, and the service remembers that this client is none."""
    before = target.attributes.get(REFUSED)
    refused = {source.id, *(before if isinstance(before, tuple) else ())}
    said = update(catalogue().cls(target.cls), target, {REFUSED: tuple(sorted(refused))}, at)
    ledger = _ledger(new_id)
    ledger.keep(edge, {})
    notes = (f"{REFUSED} of {target.name} has it now: take it from there to have the edge again",)
    return Decided(target.id, replace(said.plan, close=tuple(ledger.close)), summary, notes)


def _ledger(new_id: NewId) -> Ledger:
    return Ledger(new_id, Placeholders({}, {}, new_id))


def _plan(source: KnownCI, ledger: Ledger) -> Plan:
    return Plan(
        host=source.id, open=tuple(ledger.open), close=tuple(ledger.close), reword=tuple(ledger.reword), scopes=HAND
    )
