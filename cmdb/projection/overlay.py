"""A proposed state: what would be added, closed, changed, made and retired, on top of a sequence. Not written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cmdb import free, ingest
from cmdb.claims import NAME, TAGS
from cmdb.classes import catalogue
from cmdb.errors import Invalid, Refused, TooLarge
from cmdb.words import LOCAL_KEY, Value

MOST = 1000
"""Steps of one proposed state."""
NEW = "new:"
"""How the id of a CI begins that is only proposed: `new:web-3`, by which the other steps name it."""
NOBODY_WRITES = "Endpoint"
"""The class of addresses seen in use, which people neither make nor change."""


@dataclass(frozen=True, slots=True, order=True)
class ProposedEdge:
    """A dependency by relation and public ids, dependent → dependency."""

    type: str
    source: str
    target: str

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise Invalid(f"{self.source!r} cannot depend on itself", where="proposed")


@dataclass(frozen=True, slots=True)
class ProposedCI:
    """A CI that would be new. Its values are checked as those of a command are; `key` is its name, if left out."""

    id: str
    cls: str
    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    key: str | None = None
    tags: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.id.startswith(NEW) or not 1 <= len(self.id) - len(NEW) <= 80:
            raise Invalid(f"a new CI has an id such as {NEW}web-3, not {self.id[:90]!r}", where="proposed.create")
        if self.cls == NOBODY_WRITES:
            raise Refused("an endpoint is found by links to it, nobody writes it down")
        if LOCAL_KEY in catalogue().cls(self.cls).identity and self.parent is None:
            raise Invalid(f"a {self.cls} lives inside another CI: name its parent", where="proposed.create")
        ingest.name(self.name if self.key is None else self.key, "proposed.create.key")
        self.values()

    def values(self) -> dict[str, Value]:
        """Every value it would have, its name among them, as a source claims them."""
        cls, where = catalogue().cls(self.cls), "proposed.create.attributes"
        values = {**ingest.values(cls, self.attributes, where, whole=True), NAME: ingest.name(self.name, "name")}
        values |= free.claimed(cls, self.tags, self.extra)
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ProposedValues:
    """Values that a CI would have from then on, whoever says otherwise now; None: that there is none.

    `attributes` may have `name`; `tags`, when given, are all it would carry. What its class says of them is checked
    when the CI is known: `checked`.
    """

    ci: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not self.attributes and not self.extra and self.tags is None:
            raise Invalid(f"name at least one attribute of {self.ci!r} to set", where="proposed.set")
        if self.ci.startswith(NEW):
            raise Invalid(f"{self.ci!r} is new: give it its values where it is made", where="proposed.set")

    def checked(self, cls: str) -> dict[str, Value]:
        """The values by property name, if a member of the class may have them."""
        declared, where = catalogue().cls(cls), f"proposed.set.{self.ci}"
        if cls == NOBODY_WRITES:
            raise Refused(f"{self.ci} is only an address seen in use: write onto the CI that answers there")
        given = {name: value for name, value in self.attributes.items() if name != NAME}
        values: dict[str, Value] = {**dict.fromkeys(given), **ingest.values(declared, given, where, whole=False)}
        taken = {name for name, value in values.items() if value is None}
        if needed := [a.name for a in declared.attributes if a.required and a.name in taken]:
            raise Invalid(f"{cls} needs {needed[0]}", where=where)
        if NAME in self.attributes:
            values[NAME] = ingest.name(self.attributes[NAME], f"{where}.name")
        if self.tags is not None:
            values[TAGS] = tuple(sorted(free.tags(self.tags, f"{where}.tags"))) if self.tags else None
        return values | free.attributes(declared, self.extra, where)


@dataclass(frozen=True, slots=True)
class Overlay:
    """Edges added and closed, CIs retired with every edge at them, made, and given other values.

    To re-point an edge is to close it and to add another: `repointed`.
    """

    add: tuple[ProposedEdge, ...] = ()
    close: tuple[ProposedEdge, ...] = ()
    retire: frozenset[str] = frozenset()
    create: tuple[ProposedCI, ...] = ()
    change: tuple[ProposedValues, ...] = ()

    def __post_init__(self) -> None:
        if len(self.add) + len(self.close) + len(self.retire) + len(self.create) + len(self.change) > MOST:
            raise TooLarge(f"a proposed state has at most {MOST} steps", where="proposed")
        made, changed = [one.id for one in self.create], [one.ci for one in self.change]
        for name, steps in (("add", self.add), ("close", self.close), ("create", made), ("set", changed)):
            if twice := _twice(steps):
                raise Invalid(f"{twice} is named twice", where=f"proposed.{name}")
        if both := set(self.add) & set(self.close):
            raise Invalid(f"{min(both)} is both added and closed", where="proposed")
        self._check_retired(changed)
        self._check_new(frozenset(made))

    def _check_retired(self, changed: Iterable[str]) -> None:
        for edge in self.add:
            if gone := self.retire & {edge.source, edge.target}:
                raise Invalid(f"{min(gone)!r} is retired and cannot have a new dependency", where="proposed.add")
        if gone := self.retire & set(changed):
            raise Invalid(f"{min(gone)!r} is retired and cannot be changed too", where="proposed.set")
        if gone := self.retire & {one.parent for one in self.create if one.parent}:
            raise Invalid(f"{min(gone)!r} is retired and nothing can be put inside it", where="proposed.create")

    def _check_new(self, made: frozenset[str]) -> None:
        ends = {end for edge in (*self.add, *self.close) for end in (edge.source, edge.target)}
        named = ends | self.retire | {one.parent for one in self.create if one.parent}
        if unknown := sorted(ci for ci in named if ci.startswith(NEW) and ci not in made):
            raise Invalid(f"{unknown[0]!r} is not made in this proposed state", where="proposed")
        if strange := made & (self.retire | {end for edge in self.close for end in (edge.source, edge.target)}):
            raise Invalid(f"{min(strange)!r} is new: leave out what is not to be", where="proposed")

    def __bool__(self) -> bool:
        return bool(self.add or self.close or self.retire or self.create or self.change)

    @property
    def cis(self) -> frozenset[str]:
        """Every CI of the graph that an edge or a retirement names: what decides who is reached."""
        ends = frozenset(ci for e in (*self.add, *self.close) for ci in (e.source, e.target))
        return frozenset(ci for ci in ends | self.retire if not ci.startswith(NEW))

    @property
    def named(self) -> frozenset[str]:
        """Every CI of the graph that it names at all."""
        parents = {one.parent for one in self.create if one.parent and not one.parent.startswith(NEW)}
        return self.cis | parents | {one.ci for one in self.change}

    def hides(self, kind: str, source: str, target: str) -> bool:
        """Whether an edge that is there would be there no more."""
        return source in self.retire or target in self.retire or ProposedEdge(kind, source, target) in self.close

    def repointed(self, edge: ProposedEdge, target: str) -> Overlay:
        """The same, with an edge that would lead elsewhere."""
        onto = ProposedEdge(edge.type, edge.source, target)
        return replace(self, close=(*self.close, edge), add=(*self.add, onto))


def _twice(steps: Iterable[Hashable]) -> Hashable | None:
    return next((step for step, count in Counter(steps).items() if count > 1), None)
