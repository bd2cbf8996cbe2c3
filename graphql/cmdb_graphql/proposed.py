"""A proposed state as an argument: what would be added, closed and retired. Nothing of it touches the graph."""

from __future__ import annotations

from typing import Annotated

import strawberry

from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName
from cmdb.projection import NOTHING, Overlay, ProposedEdge
from cmdb_graphql.context import Info, blocking


@strawberry.input(description="A dependency that is proposed: from the dependent to its dependency.")
class ProposedEdgeInput:
    """One edge."""

    type: str = strawberry.field(description="The relation's name.")
    from_: strawberry.ID = strawberry.field(name="from", description="The id of the dependent.")
    to: strawberry.ID = strawberry.field(description="The id of the dependency.")

    def step(self) -> ProposedEdge:
        """As the graph knows it."""
        return ProposedEdge(catalogue().relation(self.type).name, str(self.from_), str(self.to))


@strawberry.input(description="A proposed state: steps on top of the moment asked for, 1,000 at most.")
class ProposedInput:
    """All steps."""

    add: list[ProposedEdgeInput] = strawberry.field(
        default_factory=list, description="Dependencies that would be new; each must fit its relation."
    )
    close: list[ProposedEdgeInput] = strawberry.field(
        default_factory=list, description="Dependencies that would be gone; each must be there."
    )
    retire: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The ids of CIs that would be gone, with every dependency of and on them."
    )


Proposed = Annotated[
    ProposedInput | None,
    strawberry.argument(description="A proposed state to answer for; nothing of it is written down."),
]


async def overlay(info: Info, proposed: ProposedInput | None, at: int | None) -> Overlay:
    """The proposed state, checked against the graph at a sequence (now, if None).

    Round trips: none without steps, at most three with any.
    """
    if proposed is None:
        return NOTHING
    made = Overlay(
        tuple(edge.step() for edge in proposed.add),
        tuple(edge.step() for edge in proposed.close),
        frozenset(str(ci) for ci in proposed.retire),
    )
    classes = await _classes(info, made)
    for edge in made.add:
        if not catalogue().joins(catalogue().relation(edge.type), classes[edge.source], classes[edge.target]):
            ends = f"a {classes[edge.source]} to a {classes[edge.target]}"
            raise Invalid(f"{edge.type} does not go from {ends}", where="proposed.add")
    await _standing(info, made, at)
    return made


async def _classes(info: Info, made: Overlay) -> dict[str, str]:
    """The class of every CI that is named; UnknownName for the first there is not."""
    ids = sorted(made.cis)
    rows = await info.context.loaders.ci.load_many(ids)
    found = {row["id"]: str(row["class"]) for row in rows if row is not None}
    if missing := [ci for ci in ids if ci not in found]:
        raise UnknownName(f"there is no CI {missing[0]!r}", where="proposed")
    return found


async def _standing(info: Info, made: Overlay, at: int | None) -> None:
    """What is closed must be there, and what is added must not."""
    sources = sorted({edge.source for edge in (*made.add, *made.close)})
    types = sorted({edge.type for edge in (*made.add, *made.close)})
    if not sources:
        return
    rows = await blocking(info.context.services.store.edges, sources, "out", types, at)
    held = {ProposedEdge(row.type, row.source, row.target) for row in rows}
    if wrong := sorted(set(made.close) - held):
        edge = wrong[0]
        raise Invalid(f"{edge.source!r} has no {edge.type} to {edge.target!r} to close", where="proposed.close")
    if wrong := sorted(set(made.add) & held):
        edge = wrong[0]
        raise Invalid(f"{edge.source!r} has its {edge.type} to {edge.target!r} already", where="proposed.add")
