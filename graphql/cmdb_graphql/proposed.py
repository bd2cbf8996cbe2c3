"""A proposed state as an argument, and which state of the graph a question is about. Nothing of it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from cmdb.applier import utc_now
from cmdb.errors import Forbidden
from cmdb.projection.written import read
from cmdb.store import Posed, Store
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.moment import pinned

VALUES = "Values by attribute, in snake_case or camelCase."
FREE = "Free attributes by name, in snake_case."


@strawberry.input(description="A dependency that is proposed: from the dependent to its dependency.")
class ProposedEdgeInput:
    """One edge."""

    type: str = strawberry.field(description="The relation's name.")
    from_: strawberry.ID = strawberry.field(name="from", description="The id of the dependent.")
    to: strawberry.ID = strawberry.field(description="The id of the dependency.")

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"type": self.type, "from": self.from_, "to": self.to}


@strawberry.input(description="A dependency that would lead to another CI: it is closed, and a new one added.")
class ProposedRepointInput(ProposedEdgeInput):
    """One edge, and where it would lead."""

    new_to: strawberry.ID = strawberry.field(description="The id of the dependency it would lead to.")

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"type": self.type, "from": self.from_, "to": self.to, "newTo": self.new_to}


@strawberry.input(description="A CI that would be new, checked like one that a person writes down.")
class ProposedCIInput:
    """One CI."""

    id: strawberry.ID = strawberry.field(description="What the other steps call it, such as new:web-3.")
    class_: str = strawberry.field(name="class", description="The name of its class.")
    name: str = strawberry.field(description="What people would call it.")
    attributes: JSON | None = strawberry.field(description=VALUES, default=None)
    parent: strawberry.ID | None = strawberry.field(
        description="The id of the CI it would be inside of, for what lives inside another.", default=None
    )
    key: str | None = strawberry.field(description="Its key there; its name, if left out.", default=None)
    tags: list[str] | None = strawberry.field(description="Its tags, such as env:prod.", default=None)
    extra: JSON | None = strawberry.field(description=FREE, default=None)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {("class" if name == "class_" else name): value for name, value in vars(self).items()}


@strawberry.input(description="Values that a CI would have, whoever says otherwise now.")
class ProposedValuesInput:
    """One CI's values."""

    ci: strawberry.ID = strawberry.field(description="The id of the CI.")
    attributes: JSON | None = strawberry.field(
        description=f"{VALUES} `name` is one of them; null: that there is no value.", default=None
    )
    tags: list[str] | None = strawberry.field(description="All tags it would carry.", default=None)
    extra: JSON | None = strawberry.field(description=FREE, default=None)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return dict(vars(self))


@strawberry.input(description="A proposed state: steps on top of the moment asked for, 1,000 at most.")
class ProposedInput:
    """All steps."""

    add: list[ProposedEdgeInput] = strawberry.field(
        default_factory=list, description="Dependencies that would be new; each must fit its relation."
    )
    close: list[ProposedEdgeInput] = strawberry.field(
        default_factory=list, description="Dependencies that would be gone; each must be there."
    )
    repoint: list[ProposedRepointInput] = strawberry.field(
        default_factory=list, description="Dependencies that would lead elsewhere; each must be there."
    )
    retire: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="The ids of CIs that would be gone, with what is inside them and every dependency of and on them.",
    )
    create: list[ProposedCIInput] = strawberry.field(default_factory=list, description="CIs that would be new.")
    set: list[ProposedValuesInput] = strawberry.field(
        default_factory=list, description="Values that CIs would have; checked against their classes."
    )

    def plain(self) -> dict[str, Any]:
        """As JSON has it: the same that a file has."""
        steps = ("add", "close", "repoint", "create", "set")
        return {"retire": list(self.retire)} | {kind: [one.plain() for one in getattr(self, kind)] for kind in steps}


Proposed = Annotated[
    ProposedInput | None,
    strawberry.argument(description="A proposed state to answer for; nothing of it is written down."),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """The state a question is about: a sequence (now, if None), or a proposed one on top of it (`posed`)."""

    at: int | None
    store: Store | Posed
    loaders: Loaders

    @property
    def posed(self) -> Posed | None:
        """The read path on a proposed state, if it is one."""
        return self.store if isinstance(self.store, Posed) else None


async def asked(info: Info, as_of: Any, proposed: ProposedInput | None, *, reader: bool = False) -> Asked:
    """The state that the two arguments name, checked.

    `reader`: accounts that are kept to a view may ask it too. Round trips: one for a moment, seven at most for a
    proposed state.
    """
    at, services, loaders = await pinned(info, as_of), info.context.services, info.context.loaders
    if proposed is None or not (overlay := read(proposed.plain())):
        return Asked(at, services.store, loaders.at(at))
    if not reader and not info.context.principal.may(Role.VIEWER):
        raise Forbidden("a proposed state is shown to those who see the whole graph: this account is kept to a view")
    store = await blocking(services.store.posed, overlay, at, utc_now())
    return Asked(at, store, loaders.posed(store))
