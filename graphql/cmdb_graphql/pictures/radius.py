"""The nouns of an impact answer, read from the dict that the GraphQL question `impact` gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FAILED = "FAILED"
AT_RISK = "AT RISK"
SPENT = "no redundancy left"
DEGREES = (FAILED, "DOWN", "DEGRADED", AT_RISK, "UP")
"""Worst first."""
SERVICE = "BusinessService"
"""What people ask about first: it stands before all else."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One CI of an answer. `parent` is the id of the CI by which the failure comes, None where it begins.

    `via` is the relation to the parent and `seen_as` its evidence. `age_s`: seconds since that relation was last seen;
    `oldest_s`: the same of the oldest on the whole way. `risk`: where a hit one has no redundancy left besides.
    """

    id: str
    name: str
    cls: str
    degree: str
    hops: int = 0
    reason: str = ""
    parent: str | None = None
    via: str = ""
    seen_as: str = ""
    age_s: float | None = None
    oldest_s: float | None = None
    risk: str = ""


@dataclass(frozen=True, slots=True)
class Radius:
    """The answer: who stops, who is hit (nearest first), who is still up with nothing to spare."""

    verdict: str
    failed: tuple[Hit, ...]
    hits: tuple[Hit, ...]
    at_risk: tuple[Hit, ...] = ()
    sequence: int | None = None
    truncated: str | None = None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Radius:
        """From an answer with `verdict`, `of`, `items` (with `path`) and `atRisk`; other parts may be missing.

        Where it has `risks` (each a `ci` and its `reason`), these say why; else only that nothing is left.
        """
        reasons = {one["ci"]["id"]: one["reason"] for one in answer.get("risks", ())}
        risks = {one["id"]: reasons.get(one["id"], SPENT) for one in answer["atRisk"]}
        hits = tuple(_hit(item, risks) for item in answer["items"])
        known = {hit.id for hit in hits}
        return cls(
            verdict=answer["verdict"],
            failed=tuple(Hit(ci["id"], ci["name"], ci["class"], FAILED) for ci in answer["of"]),
            hits=hits,
            at_risk=tuple(
                Hit(ci["id"], ci["name"], ci["class"], AT_RISK, reason=risks[ci["id"]])
                for ci in answer["atRisk"]
                if ci["id"] not in known
            ),
            sequence=answer.get("sequence"),
            truncated=answer.get("truncated"),
        )

    def way(self, hit: Hit) -> tuple[Hit, ...]:
        """The way of the failure to this one: what stopped first, the hit last."""
        by_id = {one.id: one for one in (*self.failed, *self.hits)}
        way, seen = [hit], {hit.id}
        while (parent := by_id.get(way[-1].parent or "")) is not None and parent.id not in seen:
            way.append(parent)
            seen.add(parent.id)
        return tuple(reversed(way))

    def focus(self) -> Hit | None:
        """Who matters most: a business service before anything else, then the worst, then the farthest."""
        rank = {degree: place for place, degree in enumerate(DEGREES)}
        order = sorted(self.hits, key=lambda h: (h.cls != SERVICE, rank[h.degree], -h.hops, h.name, h.id))
        return order[0] if order else None


def _hit(item: Mapping[str, Any], risks: Mapping[str, str]) -> Hit:
    ci, path = item["ci"], item["path"]
    first: Mapping[str, Any] = path[0] if path else {}
    evidence = first.get("evidence") or {}
    return Hit(
        id=ci["id"], name=ci["name"], cls=ci["class"], degree=item["degree"], hops=item["hops"],
        reason=item["reason"], parent=first["to"]["id"] if first else None, via=first.get("type", ""),
        seen_as=f"{evidence.get('kind', '')} {evidence.get('detail', '')}".strip(), age_s=first.get("ageSeconds"),
        oldest_s=item.get("freshnessSeconds"), risk=item.get("risk") or risks.get(ci["id"], ""),
    )  # fmt: skip


def children(radius: Radius) -> dict[str, list[Hit]]:
    """The hits by the CI through which the failure comes, in the answer's order."""
    found: dict[str, list[Hit]] = {}
    for hit in radius.hits:
        found.setdefault(hit.parent or "", []).append(hit)
    return found


def depths(failed: Sequence[Hit], hits: Sequence[Hit]) -> dict[str, int]:
    """How many hops each is from what stopped, along the parents; one whose parent is not there keeps its own."""
    found = {hit.id: 0 for hit in failed}
    by_id = {hit.id: hit for hit in hits}
    for hit in hits:
        way, at = dict[str, None](), hit
        while at.id not in found and at.id not in way:
            way[at.id] = None
            at = by_id.get(at.parent or "", at)
        begin = found.get(at.id, max(at.hops, 1) - 1)
        for further, ci in enumerate(reversed(way), start=1):
            found[ci] = begin + further
    return found
