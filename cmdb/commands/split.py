"""Split what was merged: each claim goes back with its edges and with what is inside, as it is said now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from cmdb.claims import EXPIRES, LIFECYCLE, Asserted, Claims, Said, kind_of, source_of
from cmdb.classes import Catalogue
from cmdb.commands.merge import EdgeClaims, Merged
from cmdb.commands.things import Around, Decided, known_claims, restated
from cmdb.errors import Refused
from cmdb.plan import ChangeCI, EdgeClaim, Plan
from cmdb.reconcile.known import EdgeKey, KnownCI, NewId
from cmdb.reconcile.ledger import Ledger
from cmdb.reconcile.placeholders import Placeholders


def split(
    around: Around, record: Merged, winner: str, loser: str, reason: str, catalogue: Catalogue, new_id: NewId
) -> Decided:
    """Undo a merge. `around` has every CI of `record.pairs`, what is inside the winner, and all open edges there.

    A source that was only the loser's takes back all it says now, also what it said since; a source of both gets back
    what it said then. Agents that get something back are asked to report everything.
    """
    _check(around, loser, winner)
    back = returning(record, loser, winner)
    plans = [
        _pair(catalogue, around.cis[goes], around.cis[keeps], record, back) for goes, keeps in record.pairs.items()
    ]
    change = _inside(around, record, winner, loser, back)
    ledger = _edges(around, record, back, reason, new_id)
    plan = Plan(
        host=loser,
        change=(*(c for plan in plans for c in plan.change), *change),
        open=tuple(ledger.open),
        close=tuple(ledger.close),
        reword=tuple(ledger.reword),
        claims=tuple(c for plan in plans for c in plan.claims),
        drops=tuple(d for plan in plans for d in plan.drops),
        scopes={},
    )
    names = f"{around.cis[loser].name} from {around.cis[winner].name}"
    agents = tuple(sorted(source for source in back if kind_of(f"{source}/") == "agent"))
    return Decided(loser, plan, f"split {names}: {reason}", ask=agents)


def _check(around: Around, loser: str, winner: str) -> None:
    keeps = around.cis[winner]
    if keeps.status != "live":
        raise Refused(f"{keeps.name} is {keeps.status} itself now: split or revive it first")
    if loser not in around.cis:
        raise Refused("the merged CI is not there any more")


def returning(record: Merged, loser: str, winner: str) -> frozenset[str]:
    """The sources that were only the loser's: whatever they say belongs to it."""
    theirs = {source_of(scope) for scope in record.claims[loser]}
    return frozenset(theirs - {source_of(scope) for scope in record.kept[winner]} - {"person", "override"})


def _pair(catalogue: Catalogue, goes: KnownCI, keeps: KnownCI, record: Merged, back: Collection[str]) -> Plan:
    cls, now = catalogue.cls(keeps.cls), known_claims(keeps)
    then, had = record.claims[goes.id], record.kept[keeps.id]
    given: dict[str, Asserted] = {}
    left: dict[str, Asserted] = {}
    for scope, claim in now.items():
        if source_of(scope) in back or (scope in then and scope not in had):
            given[scope] = claim
        else:
            left[scope] = _without(claim, then.get(scope), had.get(scope))
    given.update({scope: then[scope] for scope in then if scope in had})
    for scope, claim in then.items():
        # Its state and its day to end were not handed to the winner, so they are only in the record.
        if life := {name: entry for name, entry in (claim.said or {}).items() if name in {EXPIRES, LIFECYCLE}}:
            now_said = given[scope].said if scope in given else None
            given[scope] = Asserted(claim.seq, {**(now_said or {}), **life})
    one = restated(cls, keeps, {scope: claim for scope, claim in left.items() if claim.said})
    other = restated(cls, goes, given, merged_into=None)
    return Plan(
        host=goes.id,
        change=(*one.change, *other.change),
        claims=(*one.claims, *other.claims),
        drops=(*one.drops, *other.drops),
    )


def _without(claim: Asserted, then: Asserted | None, had: Asserted | None) -> Asserted:
    """A claim without the values that only the other CI had, unless they were said anew since."""
    lent: Said = (then.said or {}) if then is not None else {}
    own: Said = (had.said or {}) if had is not None else {}
    said = {n: e for n, e in (claim.said or {}).items() if n in own or lent.get(n) != e}
    return Asserted(claim.seq, said)


def _inside(around: Around, record: Merged, winner: str, loser: str, back: Collection[str]) -> list[ChangeCI]:
    """What goes back into the loser: what came from it, and what only its sources have reported since."""
    paired = {*record.pairs, *record.pairs.values()}
    there = [ci for ci in around.inside if ci.parent == winner and ci.id not in paired]
    moved = [ci for ci in there if ci.id in record.inside or (ci.claims and _all_of(ci.claims, back))]
    return [ChangeCI(ci.id, ci.rev, ci.name, ci.status, ci.source, {"parent": loser}) for ci in moved]


def _all_of(claims: Claims, sources: Collection[str]) -> bool:
    return all(source_of(scope) in sources for scope in claims)


def _edges(around: Around, record: Merged, back: Collection[str], reason: str, new_id: NewId) -> Ledger:
    """Claims of returning sources follow their CIs; of the others, those that were at the loser's edges go back."""
    ledger = Ledger(new_id, Placeholders({}, {}, new_id), because=reason)
    home = {keeps: goes for goes, keeps in record.pairs.items()}
    recorded: dict[EdgeKey, list[tuple[EdgeKey, EdgeClaims, EdgeClaims]]] = defaultdict(list)
    loops: list[tuple[EdgeKey, EdgeClaims]] = []
    for key, (lost, had) in record.edges.items():
        merged = (key[0], record.pairs.get(key[1], key[1]), record.pairs.get(key[2], key[2]))
        recorded[merged].append((key, lost, had))
        loops += [(key, lost)] if merged[1] == merged[2] else []
    wanted: dict[EdgeKey, dict[str, EdgeClaim]] = defaultdict(dict)
    for key, lost in loops:
        wanted[key].update(lost)
    for edge in around.edges:
        for scope, claim in edge.claims.items():
            for key, kept in _homes(edge.key, scope, claim, recorded[edge.key], back, home):
                wanted[key][scope] = kept
    for edge in around.edges:
        ledger.keep(edge, wanted.pop(edge.key, {}))
    for key, claims in wanted.items():
        if claims:
            ledger.lay(key, claims)
    return ledger


def _homes(
    key: EdgeKey, scope: str, claim: EdgeClaim, recorded: list[tuple[EdgeKey, EdgeClaims, EdgeClaims]],
    back: Collection[str], home: Mapping[str, str],
) -> list[tuple[EdgeKey, EdgeClaim]]:  # fmt: skip
    """Where one claim of an edge belongs after the split: at the loser's edge, at the winner's, or at both."""
    if source_of(scope) in back:
        return [((key[0], home.get(key[1], key[1]), home.get(key[2], key[2])), claim)]
    lent = [(old, lost, had) for old, lost, had in recorded if scope in lost]
    found = [(old, lost[scope] if scope in had else claim) for old, lost, had in lent]
    return found + ([(key, claim)] if not lent or any(scope in had for _, _, had in lent) else [])
