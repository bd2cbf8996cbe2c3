"""What an impact question answers: its types, and the way there from the pure computation over a slice."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any

import orjson
import strawberry

from cmdb.applier import utc_now
from cmdb.impact import Blast, Impacted, Model, Risk, Standing, State, words
from cmdb.moments import iso_utc
from cmdb.store import EdgeRow, Slice
from cmdb.words import Role
from cmdb_graphql.budget_answer import Begin, Minutes, ServiceBudget, Struck, budgets, promised, window
from cmdb_graphql.context import Info, blocking, computed, readable_by, whole
from cmdb_graphql.drawn import radius_of
from cmdb_graphql.pictures import layout, svg
from cmdb_graphql.pictures.radius import SERVICE
from cmdb_graphql.types import CI, Dependency, Times, edge_age, make

LATELY = 86_400.0
"""Seconds: a dependency seen within them counts as seen lately."""


@strawberry.enum(description="How well a CI does.")
class Degree(Enum):
    """States of a CI."""

    DOWN = strawberry.enum_value("DOWN", description="It does not work.")
    DEGRADED = strawberry.enum_value("DEGRADED", description="It works with less than it should have.")
    UP = strawberry.enum_value("UP", description="It works.")


@readable_by(Role.READER)
@strawberry.type(description="What is left of dependencies that back each other up; each member counts by its weight.")
class Redundancy:
    """A group's standing."""

    rule: str = strawberry.field(description="The redundancy rule it comes from, or the relation that says so.")
    needed: int = strawberry.field(description="How much is needed to live.")
    left: int = strawberry.field(description="How much is left.")
    of: int = strawberry.field(description="How much there is in all.")
    soft: bool = strawberry.field(description="Whether its dependent is degraded, not down, with too little of it.")
    members: list[strawberry.ID] = strawberry.field(
        description="The ids of those that back each other up; none where one is needed alone.",
        metadata=whole("it is the group that decided, and no group is cut"),
    )

    @classmethod
    def at(cls, standing: Standing) -> Redundancy:
        """From the engine's."""
        return cls(
            rule=standing.rule, needed=standing.needed, left=standing.left, of=standing.of, soft=standing.soft,
            members=[strawberry.ID(one) for one in standing.members],
        )  # fmt: skip


@readable_by(Role.READER)
@strawberry.type(description="One CI in the blast radius.")
class ImpactItem:
    """An impacted CI."""

    ci: CI = strawberry.field(description="The CI.")
    before: Degree = strawberry.field(description="How it does now.")
    degree: Degree = strawberry.field(description="How it would do.")
    hops: int = strawberry.field(description="How many dependencies away the failure is.")
    path: list[Dependency] = strawberry.field(
        description="A shortest chain of broken dependencies to the failure.", metadata=whole("it ends at the failure")
    )
    reason: str = strawberry.field(description="Why, in one line.")
    freshness_seconds: float | None = strawberry.field(
        description="How long ago the oldest dependency of the path was last seen, in seconds."
    )
    redundancy: Redundancy = strawberry.field(description="What is left of the dependencies that decided.")
    at_risk: bool = strawberry.field(description="Whether it lives and has no redundancy left somewhere.")
    risk: str | None = strawberry.field(description="Where it has no redundancy left, and why.")
    line: str = strawberry.field(description="All of that in one line, as every picture and table says it.")


@readable_by(Role.READER)
@strawberry.type(description="A CI that lives, with a redundancy that is spent: the next loss harms it.")
class ImpactRisk:
    """A risk."""

    ci: CI = strawberry.field(description="The CI.")
    reason: str = strawberry.field(description="What is left, and who was lost.")
    redundancy: Redundancy = strawberry.field(description="The same in numbers.")
    line: str = strawberry.field(description="All of that in one line.")


@readable_by(Role.READER)
@strawberry.type(description="What is wrong with how the redundancy of a CI is declared; it is never guessed right.")
class ImpactProblem:
    """A problem."""

    ci: CI = strawberry.field(description="The CI whose redundancy it is.")
    rule: str = strawberry.field(description="The rule as it is written.")
    why: str = strawberry.field(description="Why it cannot be right.")


@readable_by(Role.READER)
@strawberry.type(description="A CI that is not up before the failure, which the answer takes into account.")
class ImpactContext:
    """Part of the state before."""

    ci: CI = strawberry.field(description="The CI.")
    degree: Degree = strawberry.field(description="How it does before.")


@readable_by(Role.READER)
@strawberry.type(description="How many CIs of a class are hit how hard.")
class ImpactCount:
    """A count."""

    class_: str = strawberry.field(name="class", description="The class.")
    degree: Degree = strawberry.field(description="How hard.")
    count: int = strawberry.field(description="How many.")


@readable_by(Role.READER)
@strawberry.type(description="The blast radius of a set of CIs, all failing together.")
class Impact:
    """The answer."""

    rows: strawberry.Private[Mapping[str, Mapping[str, Any]]]
    times: strawberry.Private[Times]
    then: strawberry.Private[int | None]
    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    at: str = strawberry.field(description="When it was computed, ISO 8601 UTC.")
    hash: str = strawberry.field(description="SHA-256 of who is hit how hard by which dependencies; no times in it.")
    verdict: str = strawberry.field(description="The answer in one sentence.")
    of: list[CI] = strawberry.field(description="The CIs that fail.")
    items: list[ImpactItem] = strawberry.field(description="Who is hit, nearest first.")
    at_risk: list[CI] = strawberry.field(description="Still up, with their redundancy spent.")
    risks: list[ImpactRisk] = strawberry.field(description="The same with what is left of each redundancy, and why.")
    services: list[CI] = strawberry.field(description="The business services among those that are hit.")
    users: int | None = strawberry.field(
        description="How many people use these services, added up where it is known; null where it is of none."
    )
    context: list[ImpactContext] = strawberry.field(
        description="Who is down or degraded before already, among the reached and what these need."
    )
    problems: list[ImpactProblem] = strawberry.field(description="What is wrong with the redundancy declared here.")
    counts: list[ImpactCount] = strawberry.field(description="How many of each class are hit how hard.")
    edges: list[Dependency] = strawberry.field(
        description="Every dependency in the radius that carries failure, and what backs these up."
    )
    seen_lately: float | None = strawberry.field(
        description="The share of these dependencies that was seen within a day, 0 to 1; null without any."
    )
    truncated: str | None = strawberry.field(description="Why the answer is cut short, if it is.")
    picture: strawberry.Private[list[str]] = field(default_factory=list)

    @computed("The impact ladder: columns are hops, alike siblings are one box, the same answer gives the same SVG.")
    def svg(self) -> str:
        """Drawn when it is asked for, once, from what is here already."""
        if not self.picture:
            self.picture.append(svg(layout(radius_of(self, self.rows, self.times))))
        return self.picture[0]

    @computed("What is left of the downtime these services are allowed, the least first; of those that promise any.")
    async def budgets(self, info: Info, minutes: Minutes = None, begin: Begin = None) -> list[ServiceBudget]:
        """Of all services at once: one round trip, two as of a moment, none where nothing is promised.

        More, however many services there are, only where anything else was down in that year.
        """
        asked = window(begin, minutes, iso_utc(self.at))  # refused also where nothing is promised
        services = {str(one.id) for one in self.services}
        down = {str(one.ci.id): one.degree is Degree.DOWN for one in self.items if str(one.ci.id) in services}
        struck = promised([Struck(self.rows[ci], hard) for ci, hard in down.items()])
        if not struck:
            return []
        ids = [str(one.row["id"]) for one in struck]
        since = None if asked is None else f"{asked.start[:4]}-01-01T00:00:00.000Z"
        known = await blocking(info.context.services.store.downtime, ids, self.at, self.then, since)
        return budgets(struck, known, window(begin, minutes, iso_utc(known.until)))


def answer(part: Slice, model: Model, blast: Blast, times: Times, then: int | None = None) -> Impact:
    """The blast with names, evidence and freshness; `then`: the sequence it was asked as of, None being now."""
    known = {e.id: e for e in part.edges}
    edges = radius_edges(part, model, blast)
    counts = Counter((part.nodes[i.ci]["class"], i.after) for i in blast.items)
    services = [part.nodes[i.ci] for i in blast.items if part.nodes[i.ci]["class"] == SERVICE]
    users = [row["users"] for row in services if row.get("users") is not None]
    return Impact(
        rows={**part.beside, **part.nodes},
        times=times,
        then=then,
        sequence=part.sequence,
        at=utc_now(),
        hash=fingerprint(part, model, blast, edges),
        verdict=blast.verdict(part.name),
        of=[make(part.nodes[ci]) for ci in blast.failed],
        items=[_item(part, item, known, times) for item in blast.items],
        at_risk=[make(part.nodes[ci]) for ci in blast.at_risk],
        risks=[_risk(part, risk) for risk in blast.risks],
        services=[make(row) for row in services],
        users=sum(users) if users else None,
        context=[ImpactContext(ci=make(part.row(ci)), degree=_degree(state)) for ci, state in blast.before.items()],
        problems=[ImpactProblem(ci=make(part.row(p.ci)), rule=p.rule, why=p.why) for p in blast.problems],
        counts=[ImpactCount(class_=c, degree=_degree(s), count=n) for (c, s), n in sorted(counts.items())],
        edges=[Dependency.of(e) for e in edges],
        seen_lately=_seen_lately(edges, times),
        truncated=part.truncated,
    )


def radius_edges(part: Slice, model: Model, blast: Blast) -> list[EdgeRow]:
    """The edges along which the failure can travel, and the other members of the groups these are in."""
    beside = {
        edge.id
        for ci in blast.reach - set(blast.failed)
        for group in model.groups.get(ci, ())
        if len(group.edges) > 1
        for edge in group.edges
    }
    return [e for e in part.edges if e.source in blast.reach and (e.target in blast.reach or e.id in beside)]


def fingerprint(part: Slice, model: Model, blast: Blast, edges: Sequence[EdgeRow]) -> str:
    """The same for the same radius: who, how hard, by which dependencies and redundancy; no times, no sequences."""
    groups = [
        [ci, g.name, g.k_min, g.k_full, g.soft, sorted((e.target, w) for e, w in zip(g.edges, g.weights, strict=True))]
        for ci in sorted(blast.reach - set(blast.failed))
        for g in model.groups.get(ci, ())
        if len(g.edges) != 1 or g.fault
    ]
    content = {
        "failed": sorted(blast.failed),
        "items": sorted((i.ci, i.before.name, i.after.name) for i in blast.items),
        "risks": sorted((r.ci, r.standing.rule, r.standing.left) for r in blast.risks),
        "before": sorted((ci, state.name) for ci, state in blast.before.items()),
        "edges": sorted((e.type, e.source, e.target) for e in edges),
        "groups": groups,
        "problems": sorted((p.ci, p.rule, p.why) for p in blast.problems),
        "truncated": part.truncated,
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _item(part: Slice, item: Impacted, edges: Mapping[str, EdgeRow], times: Times) -> ImpactItem:
    hops = [edges[e] for e in item.path]
    known = [a for a in (edge_age(e, times) for e in hops) if a is not None]
    row, risk = part.nodes[item.ci], None if item.risk is None else item.risk.reason
    return ImpactItem(
        ci=make(row),
        before=_degree(item.before),
        degree=_degree(item.after),
        hops=item.hops,
        path=[Dependency.of(e) for e in hops],
        reason=item.reason,
        freshness_seconds=max(known) if known else None,
        redundancy=Redundancy.at(item.standing),
        at_risk=risk is not None,
        risk=risk,
        line=words.line(str(row["name"]), str(row["class"]), item.reason, risk),
    )


def _risk(part: Slice, risk: Risk) -> ImpactRisk:
    row = part.row(risk.ci)
    line = words.line(str(row["name"]), str(row["class"]), words.at_risk(risk.reason))
    return ImpactRisk(ci=make(row), reason=risk.reason, redundancy=Redundancy.at(risk.standing), line=line)


def _seen_lately(edges: Sequence[EdgeRow], times: Times) -> float | None:
    if not edges:
        return None
    ages = [edge_age(edge, times) for edge in edges]
    return round(sum(a is not None and a <= LATELY for a in ages) / len(edges), 4)


def _degree(state: State) -> Degree:
    return Degree[state.name]
