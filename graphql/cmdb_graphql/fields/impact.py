"""What breaks if these CIs fail, and why."""

from __future__ import annotations

import hashlib
from collections import Counter
from enum import Enum

import orjson
import strawberry

from cmdb.applier import utc_now
from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName
from cmdb.impact import Blast, Impacted, State, blast_radius, model_of
from cmdb.projection import NOTHING
from cmdb.store import EdgeRow, Posed, Slice
from cmdb.store.slices import MOST, cut
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question, readable_by, whole
from cmdb_graphql.moment import AsOf
from cmdb_graphql.proposed import Proposed, asked
from cmdb_graphql.services import Services
from cmdb_graphql.types import CI, Dependency, age, make, named


@strawberry.enum(description="How well a CI does.")
class Degree(Enum):
    """States of a CI."""

    DOWN = strawberry.enum_value("DOWN", description="It does not work.")
    DEGRADED = strawberry.enum_value("DEGRADED", description="It works with less than it should have.")
    UP = strawberry.enum_value("UP", description="It works.")


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

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    at: str = strawberry.field(description="When it was computed, ISO 8601 UTC.")
    hash: str = strawberry.field(description="SHA-256 of who is hit how hard by which dependencies; no times in it.")
    verdict: str = strawberry.field(description="The answer in one sentence.")
    of: list[CI] = strawberry.field(description="The CIs that fail.")
    items: list[ImpactItem] = strawberry.field(description="Who is hit, nearest first.")
    at_risk: list[CI] = strawberry.field(description="Still up, with their redundancy spent.")
    counts: list[ImpactCount] = strawberry.field(description="How many of each class are hit how hard.")
    edges: list[Dependency] = strawberry.field(description="Every dependency in the radius that carries failure.")
    truncated: str | None = strawberry.field(description="Why the answer is cut short, if it is.")


@question(Role.READER)
async def impact(info: Info, of: list[strawberry.ID], as_of: AsOf = None, proposed: Proposed = None) -> Impact:
    """What breaks if all of these CIs fail together, now or as of a moment, as things are or as they are proposed."""
    ids = named(of)
    state = await asked(info, as_of, proposed, reader=True)
    if gone := [ci for ci in ids if state.posed and ci in state.posed.overlay.retire]:
        raise Invalid(f"{gone[0]!r} is retired in the proposed state and cannot fail any more", where="of")
    part = await blocking(travelled, info.context.services, ids, state.at, state.posed)
    if missing := [ci for ci in ids if ci not in part.nodes]:
        raise UnknownName(f"there is no CI {missing[0]!r}", where="of")
    info.context.loaders.prime(list(part.nodes.values()))
    blast = await blocking(radius, part, ids)
    seen = await info.context.loaders.seen.load_many(sorted({e.scope for e in part.edges}))
    times = dict(zip(sorted({e.scope for e in part.edges}), seen, strict=True))
    return answer(part, blast, times)


def travelled(services: Services, ids: list[str], at: int | None, posed: Posed | None = None) -> Slice:
    """Everything the failure can travel to: by the projection where it is far enough, else level by level.

    Round trips by the projection: three, and one more when it has to catch up; the answer is the same either way.
    """
    # A CI that is only proposed is not in the projection.
    feed = None if posed and posed.overlay.create else services.projection
    sequence = posed.proposal.sequence if posed else at
    if feed is not None and sequence is None:
        sequence = services.store.sequence()
    state = None if feed is None or sequence is None else feed.at(sequence)
    if state is None or sequence is None:
        return posed.reached(ids, MOST) if posed else services.store.reach(ids, at, MOST)
    reached = state.reach(ids, sequence, posed.overlay if posed else NOTHING)
    near = reached.within(MOST)
    short = cut(MOST) if len(near) < len(reached) else None
    if posed is not None:
        return posed.slice_of(near.ids, short)
    return services.store.slice_of(near.ids, sequence, short, then=at)


def radius(part: Slice, ids: list[str]) -> Blast:
    """The pure computation over a slice."""
    model = model_of(((e.id, e.type, e.source, e.target) for e in part.edges), catalogue().relations)
    return blast_radius(model, ids, lambda ci: str(part.nodes[ci]["name"]))


def answer(part: Slice, blast: Blast, times: dict[str, str | None]) -> Impact:
    """The blast with names, evidence and freshness."""
    edges = {e.id: e for e in part.edges}
    counts = Counter((part.nodes[i.ci]["class"], i.after) for i in blast.items)
    return Impact(
        sequence=part.sequence,
        at=utc_now(),
        hash=fingerprint(part, blast),
        verdict=blast.verdict(lambda ci: str(part.nodes[ci]["name"])),
        of=[make(part.nodes[ci]) for ci in blast.failed],
        items=[_item(part, item, edges, times) for item in blast.items],
        at_risk=[make(part.nodes[ci]) for ci in blast.at_risk],
        counts=[ImpactCount(class_=c, degree=_degree(s), count=n) for (c, s), n in sorted(counts.items())],
        edges=[Dependency.of(e) for e in part.edges],
        truncated=part.truncated,
    )


def fingerprint(part: Slice, blast: Blast) -> str:
    """The same for the same radius: who, how hard, and by which dependencies, without times and sequences."""
    content = {
        "failed": sorted(blast.failed),
        "items": sorted((i.ci, i.after.name) for i in blast.items),
        "edges": sorted((e.type, e.source, e.target) for e in part.edges),
        "truncated": part.truncated,
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _item(part: Slice, item: Impacted, edges: dict[str, EdgeRow], times: dict[str, str | None]) -> ImpactItem:
    hops = [edges[e] for e in item.path]
    ages = [age(e.evidence.get("last_seen") or times.get(e.scope)) for e in hops]
    known = [a for a in ages if a is not None]
    return ImpactItem(
        ci=make(part.nodes[item.ci]),
        before=_degree(item.before),
        degree=_degree(item.after),
        hops=item.hops,
        path=[Dependency.of(e) for e in hops],
        reason=item.reason,
        freshness_seconds=max(known) if known else None,
    )


def _degree(state: State) -> Degree:
    return Degree[state.name]
