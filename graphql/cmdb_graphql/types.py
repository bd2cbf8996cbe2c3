"""The types every class and question shares."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.scalars import JSON

from cmdb.store import EdgeRow, Row
from cmdb_graphql.context import Info

if TYPE_CHECKING:
    from cmdb_graphql.loaders import Loaders

_make: Callable[[Row], CI] | None = None


def on_make(function: Callable[[Row], CI]) -> None:
    """`generate` says how a row becomes an object of its class."""
    global _make  # noqa: PLW0603  # set once at import; a parameter through every type would say less
    _make = function


def make(row: Row) -> CI:
    """A row as an object of its class."""
    assert _make is not None
    return _make(row)


@strawberry.type(description="Who asserts a CI, since when, and how it was identified.")
class Claim:
    """A scope's claim."""

    scope: str = strawberry.field(description="The agent and section, or other source, that asserts it.")
    since: int = strawberry.field(description="The journal sequence since which it does.")
    trace: JSON | None = strawberry.field(description="How the identity was decided, rule by rule.")


@strawberry.interface(name="CI", description="A configuration item, of whichever class.")
class CI:
    """Every class has these fields."""

    row: strawberry.Private[Row]
    id: strawberry.ID = strawberry.field(description="Our id: random, never reused, never derived from a name.")
    class_: str = strawberry.field(name="class", description="The name of its class.")
    name: str = strawberry.field(description="What people call it.")
    status: str = strawberry.field(description="live, or retired: kept as a tombstone with its history.")
    rev: int = strawberry.field(description="Rises with every change of its attributes.")
    key: str = strawberry.field(description="Its local key inside its parent.")
    first_seen: str = strawberry.field(description="When it was first seen, ISO 8601 UTC.")

    @strawberry.field(description="When its source last said that it is so, ISO 8601 UTC.")
    async def last_seen(self, info: Info) -> str | None:
        """Freshness."""
        return await info.context.loaders.seen.load(self.row["source"])

    @strawberry.field(description="The host or other CI it is inside of.")
    async def parent(self, info: Info) -> CI | None:
        """Containment."""
        row = await info.context.loaders.ci.load(self.row["parent"]) if self.row.get("parent") else None
        return None if row is None else make(row)

    @strawberry.field(description="What is inside it, by class and name; at most 100.")
    async def children(self, info: Info, first: int = 20) -> list[CI]:
        """Containment, the other way."""
        return [make(row) for row in (await info.context.loaders.children.load(self.id))[: min(first, 100)]]

    @strawberry.field(description="What it depends on, one hop; at most 100.")
    async def dependencies(self, info: Info, first: int = 10) -> list[Dependency]:
        """Outgoing edges."""
        edges = (await info.context.loaders.out.load(self.id))[: min(first, 100)]
        return [Dependency.of(edge) for edge in edges]

    @strawberry.field(description="What depends on it, one hop; at most 100.")
    async def dependents(self, info: Info, first: int = 10) -> list[Dependency]:
        """Incoming edges."""
        edges = (await info.context.loaders.into.load(self.id))[: min(first, 100)]
        return [Dependency.of(edge) for edge in edges]

    @strawberry.field(description="Who asserts it, and why it is one CI.")
    async def claims(self, info: Info) -> list[Claim]:
        """Provenance."""
        return [Claim(**claim) for claim in await info.context.loaders.claims.load(self.id)]


@strawberry.type(description="Why an edge is believed.")
class Evidence:
    """Evidence of an edge."""

    kind: str = strawberry.field(description="Where it comes from: socket, agent, kernel, declared.")
    detail: str = strawberry.field(description="One line a person can read.")
    confidence: float = strawberry.field(description="How sure it is, from 0 to 1.")
    first_seen: str | None = strawberry.field(description="When it was first seen, ISO 8601 UTC.")


@strawberry.type(description="A typed edge from a dependent to its dependency.")
class Dependency:
    """One edge."""

    edge: strawberry.Private[EdgeRow]
    id: strawberry.ID = strawberry.field(description="Our id of the edge.")
    type: str = strawberry.field(description="The relation's name.")
    since: int = strawberry.field(description="The journal sequence at which it was opened.")
    evidence: Evidence = strawberry.field(description="Why it is believed.")

    @classmethod
    def of(cls, edge: EdgeRow) -> Dependency:
        """From the store's row."""
        facts = {k: edge.evidence[k] for k in ("kind", "detail", "confidence", "first_seen")}
        return cls(
            edge=edge, id=strawberry.ID(edge.id), type=edge.type, since=edge.valid_from, evidence=Evidence(**facts)
        )

    @strawberry.field(name="from", description="The dependent.")
    async def from_(self, info: Info) -> CI:
        """The arrow's start."""
        return await _end(info.context.loaders, self.edge.source)

    @strawberry.field(name="to", description="The dependency.")
    async def to(self, info: Info) -> CI:
        """The arrow's end."""
        return await _end(info.context.loaders, self.edge.target)

    @strawberry.field(description="When it was last seen, ISO 8601 UTC.")
    async def last_seen(self, info: Info) -> str | None:
        """The edge's own last sighting, else its source's last report."""
        return self.edge.evidence.get("last_seen") or await info.context.loaders.seen.load(self.edge.scope)

    @strawberry.field(description="How long ago it was last seen, in seconds.")
    async def age_seconds(self, info: Info) -> float | None:
        """Freshness as a number."""
        own = self.edge.evidence.get("last_seen")
        return age(own or await info.context.loaders.seen.load(self.edge.scope))


async def _end(loaders: Loaders, ci: str) -> CI:
    row = await loaders.ci.load(ci)
    assert row is not None, "an edge has two ends"
    return make(row)


def age(moment: str | None) -> float | None:
    """Seconds since an ISO 8601 moment."""
    if moment is None:
        return None
    return round(max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()), 1)


@strawberry.type(description="Where a page ends.")
class PageInfo:
    """Of a connection."""

    has_next_page: bool = strawberry.field(description="Whether more follow.")
    end_cursor: str | None = strawberry.field(description="Give this as `after` for the next page.")


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Lists for GraphQL from the tuples of nouns."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
