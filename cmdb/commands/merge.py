"""Merge two CIs that are one thing: claims, edges and what is inside move to the winner, and nothing is lost."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.claims import EXPIRES, LIFECYCLE, Asserted, Claims, from_json, holds, kind_of, to_json
from cmdb.classes import Catalogue
from cmdb.commands.things import Around, Decided, known_claims, restated
from cmdb.errors import Invalid, Refused
from cmdb.plan import ChangeCI, EdgeClaim, Plan
from cmdb.reconcile.known import EdgeKey, KnownCI, NewId
from cmdb.reconcile.ledger import Ledger
from cmdb.reconcile.placeholders import Placeholders
from cmdb.words import Evidence

EdgeClaims = Mapping[str, EdgeClaim]


@dataclass(frozen=True, slots=True)
class Merged:
    """All that a split needs: who became whom, what was inside the loser, its claims and its edges as they were.

    kept: the claims that winners had already, by winner; edges: (claims at the loser, claims the winner's edge had).
    """

    pairs: Mapping[str, str]  # loser -> winner
    inside: tuple[str, ...]
    claims: Mapping[str, Claims]
    kept: Mapping[str, Claims]
    edges: Mapping[EdgeKey, tuple[EdgeClaims, EdgeClaims]]

    def dump(self) -> str:
        """As text for the graph."""
        return json.dumps(
            {
                "pairs": dict(self.pairs),
                "inside": list(self.inside),
                "claims": {ci: _claims(claims) for ci, claims in self.claims.items()},
                "kept": {ci: _claims(claims) for ci, claims in self.kept.items()},
                "edges": [[*key, _edge(lost), _edge(had)] for key, (lost, had) in self.edges.items()],
            },
            sort_keys=True,
        )

    @classmethod
    def load(cls, text: str) -> Merged:
        """The inverse of `dump`."""
        raw = json.loads(text)
        return cls(
            raw["pairs"],
            tuple(raw["inside"]),
            {ci: _read_claims(rows) for ci, rows in raw["claims"].items()},
            {ci: _read_claims(rows) for ci, rows in raw["kept"].items()},
            {(t, a, b): (_read_edge(lost), _read_edge(had)) for t, a, b, lost, had in raw["edges"]},
        )


def _claims(claims: Claims) -> dict[str, Any]:
    return {scope: [claim.seq, to_json(claim.said)] for scope, claim in claims.items()}


def _read_claims(rows: Mapping[str, Any]) -> dict[str, Asserted]:
    return {scope: Asserted(seq, from_json(said)) for scope, (seq, said) in rows.items()}


def _edge(claims: EdgeClaims) -> dict[str, Any]:
    return {
        s: [c.endpoint, c.evidence.kind, c.evidence.detail, c.evidence.confidence, c.evidence.first_seen,
            c.evidence.last_seen]
        for s, c in claims.items()
    }  # fmt: skip


def _read_edge(rows: Mapping[str, Any]) -> dict[str, EdgeClaim]:
    return {scope: EdgeClaim(endpoint, Evidence(*evidence)) for scope, (endpoint, *evidence) in rows.items()}


def merge(
    around: Around, winner: str, loser: str, reason: str, catalogue: Catalogue, new_id: NewId
) -> tuple[Decided, Merged]:
    """Make `loser` one with `winner`. `around` has both, what is inside each, and every open edge at any of them."""
    one, other = around.cis[winner], around.cis[loser]
    _check(one, other)
    mine = {(c.cls, c.key): c for c in around.inside if c.parent == winner}
    theirs = [c for c in around.inside if c.parent == loser]
    twins = [(mine[c.cls, c.key], c) for c in theirs if (c.cls, c.key) in mine and c.status == "live"]
    pairs = [(one, other), *twins]
    moved = [c for c in theirs if (c.cls, c.key) not in mine]
    plans = [_one(catalogue, keeps, goes) for keeps, goes in pairs]
    ledger, edges = _edges(around, {goes.id: keeps.id for keeps, goes in pairs}, reason, new_id)
    change = [c for plan in plans for c in plan.change]
    change += [ChangeCI(c.id, c.rev, c.name, c.status, c.source, {"parent": winner}) for c in moved]
    plan = Plan(
        host=winner,
        change=tuple(change),
        open=tuple(ledger.open),
        close=tuple(ledger.close),
        reword=tuple(ledger.reword),
        claims=tuple(c for plan in plans for c in plan.claims),
        drops=tuple(d for plan in plans for d in plan.drops),
        scopes={},
    )
    record = Merged(
        pairs={goes.id: keeps.id for keeps, goes in pairs},
        inside=tuple(c.id for c in moved),
        claims={goes.id: known_claims(goes) for _, goes in pairs},
        kept={keeps.id: known_claims(keeps) for keeps, _ in pairs},
        edges=edges,
    )
    return Decided(winner, plan, f"merged {other.name} into {one.name} ({one.cls}): {reason}"), record


def _check(one: KnownCI, other: KnownCI) -> None:
    if one.id == other.id:
        raise Invalid("a CI is not merged with itself", where="loser")
    reasons = []
    if one.cls != other.cls:
        reasons.append(f"{one.name} is a {one.cls} and {other.name} a {other.cls}")
    if one.cls == "Endpoint":
        reasons.append("an endpoint yields to the service found there by itself")
    reasons += [f"{ci.name} is retired" for ci in (one, other) if ci.status != "live"]
    both = [s for s in one.claims if s in other.claims and holds(s) and kind_of(s) == "agent"]
    reasons += [f"{scope} reports both, so it sees two things" for scope in sorted(both)]
    reasons += [
        f"{inner.name} is inside of {outer.name}"
        for inner, outer in ((one, other), (other, one))
        if inner.parent == outer.id
    ]
    if reasons:
        raise Refused(f"these are not merged: {'; '.join(reasons)}", reasons=reasons)


def _one(catalogue: Catalogue, keeps: KnownCI, goes: KnownCI) -> Plan:
    """One pair: the winner has both sets of claims; where one scope said both, the winner's values go first."""
    cls = catalogue.cls(keeps.cls)
    full = known_claims(keeps)
    for scope, claim in known_claims(goes).items():
        had = full[scope].said or {} if scope in full else {}
        # Its state and its day to end were its own: the winner goes on living as it did.
        brought = {name: entry for name, entry in (claim.said or {}).items() if name not in {EXPIRES, LIFECYCLE}}
        said = {**brought, **had}
        if said or not claim.said:
            full[scope] = Asserted(claim.seq, said)
    plan = restated(cls, keeps, full)
    gone = ChangeCI(goes.id, goes.rev, goes.name, "retired", goes.source, {"merged_into": keeps.id})
    drops = tuple((scope, goes.id) for scope in goes.claims if "/" in scope)
    return Plan(host=keeps.id, change=(*plan.change, gone), claims=plan.claims, drops=(*plan.drops, *drops))


def _edges(
    around: Around, to: Mapping[str, str], reason: str, new_id: NewId
) -> tuple[Ledger, dict[EdgeKey, tuple[EdgeClaims, EdgeClaims]]]:
    """Every edge of a loser goes on at its winner, with the claims of both where both had it."""
    ledger = Ledger(new_id, Placeholders({}, {}, new_id), because=reason)
    there = {edge.key: edge for edge in around.edges}
    wanted: dict[EdgeKey, dict[str, EdgeClaim]] = defaultdict(dict)
    record: dict[EdgeKey, tuple[EdgeClaims, EdgeClaims]] = {}
    for edge in around.edges:
        source, target = to.get(edge.source, edge.source), to.get(edge.target, edge.target)
        key = (edge.type, source, target)
        if key == edge.key:
            wanted[key] = {**wanted[key], **edge.claims}
            continue
        record[edge.key] = (edge.claims, there[key].claims if key in there else {})
        if source != target:
            wanted[key] = {**edge.claims, **wanted[key]}
    for edge in around.edges:
        ledger.keep(edge, wanted.pop(edge.key, {}))
    for key, claims in wanted.items():
        ledger.lay(key, claims)
    return ledger, record
