"""The types every class and question shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import strawberry
from strawberry.scalars import JSON

from cmdb import claims, free
from cmdb.classes import catalogue
from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.store import EdgeRow, Row
from cmdb.store.rows import POSED
from cmdb.words import COMMON, Attribute, Role
from cmdb_graphql.claims_answer import Claim, claims_of
from cmdb_graphql.context import SENTENCES, Info, computed, readable_by, whole
from cmdb_graphql.cursors import cursor
from cmdb_graphql.moment import OfThen
from cmdb_graphql.rows import Rows
from cmdb_graphql.traces import IdentityTrace, identity_traces, narrowed_claims, narrowed_traces

if TYPE_CHECKING:
    from cmdb_graphql.loaders import Loaders

PAGE = 100
PLAIN = "PlainCI"
"""The type of a CI whose class is no longer declared."""
First = Annotated[int, strawberry.argument(description=SENTENCES["first"])]
Class = Annotated[str, strawberry.argument(name="class", description="The name of its class.")]
T = TypeVar("T")
After = Annotated[str | None, strawberry.argument(description="The `endCursor` of the page before.")]
OfClass = Annotated[str | None, strawberry.argument(name="class", description="Only those of this class.")]

_make: Callable[[Row], CI] | None = None


def on_make(function: Callable[[Row], CI]) -> None:
    """`generate` says how a row becomes an object of its class."""
    global _make  # noqa: PLW0603  # set once at import; a parameter through every type would say less
    _make = function


def make(row: Row) -> CI:
    """A row as an object of its class."""
    assert _make is not None
    return _make(row)


def made(rows: Iterable[Row]) -> list[CI]:
    """Rows as objects of their classes, each made when it is taken: the compiled executor seldom takes one."""
    return cast("list[CI]", Rows(rows, make))


def sentence_of(attribute: Attribute) -> str:
    """What a person reads about an attribute, with its unit."""
    return attribute.sentence + (f" Unit: {attribute.unit}." if attribute.unit else "")


@readable_by(Role.READER)
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
    stale_since: str | None = strawberry.field(
        default=None, description="Since when its sources have been silent for longer than its lease, ISO 8601 UTC."
    )
    tags: list[str] = strawberry.field(
        default_factory=list, description="Its tags, sorted.", metadata=whole("a CI has few tags")
    )
    expires_at: str | None = strawberry.field(
        default=None, description="When it is retired by itself, ISO 8601 UTC; of a retired one: when it was to be."
    )

    condition: str | None = strawberry.field(default=None, description=sentence_of(COMMON[0]))
    redundancy: list[str] | None = strawberry.field(
        default=None, description=sentence_of(COMMON[1]), metadata=whole("the value as it is kept")
    )
    mtbf_hours: float | None = strawberry.field(default=None, description=sentence_of(COMMON[2]))
    mttr_hours: float | None = strawberry.field(default=None, description=sentence_of(COMMON[3]))
    as_of: int | None = strawberry.field(
        default=None, description="The journal sequence of the moment this was asked for; null: it is as it is now."
    )

    def _loaders(self, info: Info) -> Loaders:
        """What surrounds a CI of then is of then too."""
        return info.context.loaders.around(self.row)

    @classmethod
    def resolve_type(cls, ci: CI, *_: Any) -> str:
        """Which class's type this is: its row says so, nothing needs to be tried."""
        return ci.class_ if ci.class_ in catalogue().classes else PLAIN

    @classmethod
    def is_type_of(cls, _ci: Any, _info: Any) -> bool:
        """Asked after `resolve_type` has answered, so there is nothing left to find out."""
        return True

    @computed("Its state in its class's lifecycle: live or retired, or what people say more exactly.")
    def lifecycle(self) -> str:
        """Of a live one what people say, of a tombstone how it ended."""
        return claims.lifecycle(self.row)

    @computed("Its free attributes, by name: values that no class declares.")
    def extra(self) -> JSON:
        """What people and imports added."""
        return cast(JSON, free.shown(self.row))

    @computed("When its source last said that it is so, ISO 8601 UTC; null as of a moment.")
    async def last_seen(self, info: Info) -> str | None:
        """Freshness."""
        return await self._loaders(info).seen.load(self.row["source"])

    @computed("The host or other CI it is inside of.")
    async def parent(self, info: Info) -> CI | None:
        """Containment."""
        row = await self._loaders(info).ci.load(self.row["parent"]) if self.row.get("parent") else None
        return None if row is None else make(row)

    @computed("Of one that was merged away: the CI that it is one with.")
    async def merged_into(self, info: Info) -> CI | None:
        """Where a tombstone points."""
        into = self.row.get("merged_into")
        row = await self._loaders(info).ci.load(into) if into else None
        return None if row is None else make(row)

    @computed("What is inside it, by class and name.")
    async def children(
        self, info: Info, first: First = 20, after: After = None, class_: OfClass = None
    ) -> ChildConnection:
        """Containment, the other way."""
        size, cls = page_size(first), None if class_ is None else catalogue().cls(class_).name
        rows = await self._loaders(info).children.load((self.id, size, after, cls))
        info.context.loaders.prime(rows[:size])
        end = ended(rows, size, lambda row: cursor([row["class"], row["name"], row["id"]]))
        return ChildConnection(nodes=made(rows[:size]), page_info=end, at=self.row.get("as_of"))

    @computed("What it depends on, one hop.")
    async def dependencies(self, info: Info, first: First = 10, after: After = None) -> DependencyConnection:
        """Outgoing edges."""
        edges = await self._loaders(info).out.load((self.id, page_size(first), after))
        return DependencyConnection.of(edges, first, self.row.get("as_of"))

    @computed("What depends on it, one hop.")
    async def dependents(self, info: Info, first: First = 10, after: After = None) -> DependencyConnection:
        """Incoming edges."""
        edges = await self._loaders(info).into.load((self.id, page_size(first), after))
        return DependencyConnection.of(edges, first, self.row.get("as_of"))

    @computed("Why it is one CI: each decision that made it so, oldest first.", complete="a CI has few sources")
    async def identity_trace(self, info: Info) -> list[IdentityTrace]:
        """Identity."""
        return identity_traces(self.row, await narrowed_traces(info, await self._loaders(info).traces.load(self.id)))

    @computed(
        "Who asserts it, and what each says of it; of a proposed state those of what it is on top of.",
        complete="a CI has few sources",
    )
    async def claims(self, info: Info) -> list[Claim]:
        """Provenance."""
        row = self.row
        if POSED in row:  # what is proposed nobody claims yet
            row = await info.context.loaders.at(row.get("as_of")).ci.load(self.id) or row
        return claims_of(row, await narrowed_claims(info, await self._loaders(info).claims.load(self.id)))


@readable_by(Role.READER)
@strawberry.type(description="Why an edge is believed.")
class Evidence:
    """Evidence of an edge."""

    kind: str = strawberry.field(description="Where it comes from: socket, agent, kernel, declared.")
    detail: str = strawberry.field(description="One line a person can read.")
    confidence: float = strawberry.field(description="How sure it is, from 0 to 1.")
    first_seen: str | None = strawberry.field(description="When it was first seen, ISO 8601 UTC.")
    last_seen: str | None = strawberry.field(
        description="When it was last seen, ISO 8601 UTC; null while its source goes on seeing it."
    )


@readable_by(Role.READER)
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
        evidence = Evidence(**edge.evidence)
        return cls(edge=edge, id=strawberry.ID(edge.id), type=edge.type, since=edge.valid_from, evidence=evidence)

    def _loaders(self, info: Info) -> Loaders:
        """What it joins is of the state it was asked for."""
        return info.context.loaders.of(self.edge.as_of, self.edge.posed)

    @computed("The dependent.", name="from")
    def from_(self, info: Info) -> CI:
        """The arrow's start."""
        return _end(self._loaders(info), self.edge.source)

    @computed("The dependency.", name="to")
    def to(self, info: Info) -> CI:
        """The arrow's end."""
        return _end(self._loaders(info), self.edge.target)

    @computed("When it was last seen, ISO 8601 UTC.")
    async def last_seen(self, info: Info) -> str | None:
        """The edge's own last sighting, else its source's last report."""
        return await self._last_seen(info)

    async def _last_seen(self, info: Info) -> str | None:
        own = self.edge.evidence.get("last_seen")
        return own if own or stated(self.edge) else await self._loaders(info).heard.load(self.edge.scope)

    @computed("How long ago it was last seen, in seconds.")
    async def age_seconds(self, info: Info) -> float | None:
        """Freshness as a number."""
        return age(await self._last_seen(info))


def _end(loaders: Loaders, ci: str) -> CI:
    """The CI at once if it came with another answer, else when its batch is loaded; a radius has many known ends."""
    row = loaders.known.get(ci)
    # What waits is as good as what is there: graphql-core awaits it.
    return cast(CI, _loaded(loaders, ci)) if row is None else make(row)


async def _loaded(loaders: Loaders, ci: str) -> CI:
    row = await loaders.ci.load(ci)
    assert row is not None, "an edge has two ends"
    return make(row)


def age(moment: str | None, now: str | None = None) -> float | None:
    """Seconds from an ISO 8601 moment to another, or to now."""
    if moment is None:
        return None
    end = datetime.now(UTC) if now is None else datetime.fromisoformat(now)
    return round(max(0.0, (end - datetime.fromisoformat(moment)).total_seconds()), 1)


def stated(edge: EdgeRow) -> bool:
    """Whether an import says so and nobody saw it: how long ago a list was read says nothing of such an edge's age."""
    return edge.scope.startswith("import:") and edge.evidence["kind"] == "declared"


Times = Mapping[str, str | None]
"""When each scope last spoke, ISO 8601."""


def edge_age(edge: EdgeRow, times: Times) -> float | None:
    """Seconds since an edge was last seen: by its own last sighting, else by its source's last report."""
    return age(edge.evidence.get("last_seen") or (None if stated(edge) else times.get(edge.scope)))


@readable_by(Role.READER)
@strawberry.type(description="Where a page ends.")
class PageInfo:
    """Of a connection."""

    has_next_page: bool = strawberry.field(description="Whether more follow.")
    end_cursor: str | None = strawberry.field(description="Give this as `after` for the next page.")


@readable_by(Role.READER)
@strawberry.type(description="A page of what is inside a CI.")
class ChildConnection(OfThen):
    """Children, and whether more follow."""

    nodes: list[CI] = strawberry.field(description="The CIs of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@readable_by(Role.READER)
@strawberry.type(description="A page of the edges of a CI.")
class DependencyConnection(OfThen):
    """Edges, and whether more follow."""

    nodes: list[Dependency] = strawberry.field(description="The edges of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")

    @classmethod
    def of(cls, edges: Sequence[EdgeRow], first: int, at: int | None) -> DependencyConnection:
        """A page of `first` edges as of a sequence, of which one more was fetched to see whether more follow."""
        end = ended(edges, first, lambda edge: cursor(list(edge.place)))
        return cls(nodes=[Dependency.of(edge) for edge in edges[:first]], page_info=end, at=at)


def ended(rows: Sequence[T], first: int, place: Callable[[T], str]) -> PageInfo:
    """Where a page of `first` rows ends, of which one more was fetched to see whether more follow."""
    last = rows[:first][-1:]
    return PageInfo(has_next_page=len(rows) > first, end_cursor=place(last[0]) if last else None)


def cut_page(
    rows: Sequence[T], first: int, after: str | None, id_of: Callable[[T], str]
) -> tuple[Sequence[T], PageInfo]:
    """The rows behind the one with the id `after`, at most `first`; Invalid when that row is not among them."""
    size, begin = page_size(first), 0
    if after is not None:
        begin = next((place + 1 for place, row in enumerate(rows) if id_of(row) == after), -1)
        if begin < 0:
            raise Invalid("the row this cursor names is not in the list; begin again without `after`", where="after")
    shown = rows[begin : begin + size]
    more = len(rows) > begin + size
    return shown, PageInfo(has_next_page=more, end_cursor=id_of(shown[-1]) if shown else None)


def page_size(first: int) -> int:
    """`first` as asked, if it is allowed."""
    if not 1 <= first <= PAGE:
        raise TooLarge(f"a page has 1 to {PAGE} rows, not {first}", where="first")
    return first


MOST = 100
"""CIs named in one question."""


def named(of: Sequence[str], where: str = "of") -> list[str]:
    """The ids of a question, each once; between 1 and 100."""
    ids = list(dict.fromkeys(str(ci) for ci in of))
    if not 1 <= len(ids) <= MOST:
        raise Invalid(f"name 1 to {MOST} CIs, not {len(ids)}", where=where)
    return ids


async def existing(info: Info, of: Sequence[str], where: str = "of", loaders: Loaders | None = None) -> list[str]:
    """The ids of a question, each known here, or to other loaders; UnknownName names the first that is not."""
    ids = named(of, where)
    for ci, row in zip(ids, await (loaders or info.context.loaders).ci.load_many(ids), strict=True):
        if row is None:
            raise UnknownName(f"there is no CI {ci!r}", where=where)
    return ids


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Lists for GraphQL from the tuples of nouns."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
