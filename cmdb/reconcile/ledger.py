"""The book of one plan's edges: each edge is open exactly while somebody claims it, and shows the surest claim."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.claims import kind_of
from cmdb.plan import CloseEdge, EdgeClaim, OpenEdge, Reword
from cmdb.reconcile.known import EdgeKey, KnownEdge, NewId
from cmdb.reconcile.placeholders import Placeholders
from cmdb.words import SOURCES

EdgeClaims = Mapping[str, EdgeClaim]


def rank(scope: str, claim: EdgeClaim) -> tuple[int, float, str, str]:
    """What is seen comes before what is declared; then the surer, then the first by endpoint and scope."""
    return (SOURCES.index(kind_of(scope)), -claim.evidence.confidence, claim.endpoint or "", scope)


class Ledger:
    """Edges opened, closed and reworded. `because`: why edges are re-pointed, when people do it."""

    def __init__(self, new_id: NewId, placeholders: Placeholders, because: str | None = None) -> None:
        self._new_id, self.placeholders, self._because = new_id, placeholders, because
        self.open: list[OpenEdge] = []
        self.close: list[CloseEdge] = []
        self.reword: list[Reword] = []

    def keep(self, edge: KnownEdge, claims: EdgeClaims) -> None:
        """An open edge with its claims after this; without any it is closed."""
        if not claims:
            self.close.append(CloseEdge(edge.id, edge.type, edge.source, edge.target))
            self.placeholders.uses[edge.target] -= 1
        elif dict(claims) != edge.claims:
            scope, best, rest = _best(claims)
            self.reword.append(Reword(edge.id, edge.source, scope, best.endpoint, best.evidence, rest))

    def lay(self, key: EdgeKey, claims: EdgeClaims) -> None:
        """Open an edge that was not there."""
        scope, best, rest = _best(claims)
        self.open.append(OpenEdge(self._new_id("ed"), *key, scope, best.endpoint, best.evidence, rest, self._because))
        self.placeholders.uses[key[2]] += 1


def _best(claims: EdgeClaims) -> tuple[str, EdgeClaim, dict[str, EdgeClaim]]:
    if len(claims) == 1:
        ((scope, claim),) = claims.items()
        return scope, claim, {}
    first = min(claims, key=lambda scope: rank(scope, claims[scope]))
    return first, claims[first], {scope: claim for scope, claim in claims.items() if scope != first}
