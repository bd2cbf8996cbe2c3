"""What exists: one declarative file per CI class, and the relations between them. Found by themselves."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from cmdb.config import load
from cmdb.errors import DeclarationError, UnknownName
from cmdb.extensions import folder, installed
from cmdb.extensions.found import Found
from cmdb.extensions.merge import merge
from cmdb.registry import discover
from cmdb.words import ANY, COMMON, LOCAL_KEY, CIClass, RelationType
from cmdb.words.once import Remembering, once


@dataclass(frozen=True, slots=True)
class Catalogue(Remembering):
    """All declared classes and relations by name; it checks that they fit together."""

    classes: Mapping[str, CIClass]
    relations: Mapping[str, RelationType]

    def __post_init__(self) -> None:
        for relation in self.relations.values():
            if unknown := {*relation.sources, *relation.targets} - {*self.classes, ANY}:
                raise DeclarationError(f"relation {relation.name} names unknown classes {sorted(unknown)}")
        for cls in self.classes.values():
            if cls.contained_by and cls.contained_by not in self.relations:
                raise DeclarationError(f"class {cls.name} is contained by unknown relation {cls.contained_by}")

    def cls(self, name: str) -> CIClass:
        """The class of that name; UnknownName lists the ones there are."""
        if name not in self.classes:
            raise UnknownName(f"there is no class {name!r}; known are {', '.join(self.classes)}")
        return self.classes[name]

    def relation(self, name: str) -> RelationType:
        """The relation of that name; UnknownName lists the ones there are."""
        if name not in self.relations:
            raise UnknownName(f"there is no relation {name!r}; known are {', '.join(self.relations)}")
        return self.relations[name]

    def lineage(self, name: str) -> tuple[str, ...]:
        """The class and all it is a kind of, most special first: the labels of its members."""
        known = _lineages(self)
        if name not in known:
            found = [name]
            while general := self.cls(found[-1]).kind_of:
                found.append(general)
            known[name] = tuple(found)
        return known[name]

    def joins(self, relation: RelationType, source: str, target: str) -> bool:
        """Whether such an edge may go from a member of `source` to one of `target`."""
        known, asked = _joined(self), (relation.sources, relation.targets, source, target)
        if asked not in known:
            from_, to = {ANY, *self.lineage(source)}, {ANY, *self.lineage(target)}
            known[asked] = not from_.isdisjoint(relation.sources) and not to.isdisjoint(relation.targets)
        return known[asked]

    @property
    def containing(self) -> tuple[str, ...]:
        """The relations from a CI to what it is inside of."""
        return tuple(sorted({cls.contained_by for cls in self.classes.values() if cls.contained_by}))

    def nests(self, cls: str) -> bool:
        """Whether members of a class are inside of something and have something inside: only these can make a ring."""
        wide, held = {ANY, *self.lineage(cls)}, [self.relations[name] for name in self.containing]
        return any(not wide.isdisjoint(r.sources) for r in held) and any(not wide.isdisjoint(r.targets) for r in held)

    def relations_of(self, name: str) -> list[tuple[RelationType, bool]]:
        """The relations a member can have: each with whether it is the dependent (True) or the dependency."""
        wide = {ANY, *self.lineage(name)}
        dependent = [(r, True) for r in self.relations.values() if not wide.isdisjoint(r.sources)]
        return dependent + [(r, False) for r in self.relations.values() if not wide.isdisjoint(r.targets)]

    def is_local(self, cls: str) -> bool:
        """Whether items of this class live inside a host and are recognised by parent and local key."""
        return any(rule.keys == LOCAL_KEY.keys for rule in self.cls(cls).identity)


Ends = tuple[tuple[str, ...], tuple[str, ...], str, str]


@once
def _lineages(_: Catalogue) -> dict[str, tuple[str, ...]]:
    return {}


@once
def _joined(_: Catalogue) -> dict[Ends, bool]:
    return {}


def whole(declared: Mapping[str, CIClass]) -> dict[str, CIClass]:
    """Every class with what it has from the ones it is a kind of, and what all have in common."""
    done: dict[str, CIClass] = {}

    def build(name: str, path: tuple[str, ...]) -> CIClass:
        cls = declared[name]
        if name in path:
            raise DeclarationError(f"class {name} is a kind of itself: {' → '.join((*path, name))}")
        if cls.kind_of is not None and cls.kind_of not in declared:
            raise DeclarationError(f"class {name} is a kind of unknown class {cls.kind_of}")
        if name not in done:
            general = None if cls.kind_of is None else build(cls.kind_of, (*path, name))
            done[name] = replace(cls, attributes=(*cls.attributes, *COMMON)) if general is None else cls.under(general)
        return done[name]

    return {name: build(name, ()) for name in declared}


def declared() -> tuple[dict[str, CIClass], dict[str, RelationType]]:
    """What this package declares: without installed ones and the user's files."""
    package = sys.modules[__name__]
    return discover(package, CIClass), discover(package, RelationType)


def extended(found: Found) -> Catalogue:
    """The declared catalogue with installed packages and an extension; Misconfigured lists all that is wrong."""
    every = Found()
    installed.read(every)
    every = Found([*every.declared, *found.declared], [*every.errors, *found.errors], found.left_out)
    classes, relations = merge(*declared(), every)
    return Catalogue(whole(classes), relations)


@cache
def catalogue() -> Catalogue:
    """The catalogue with the user's own classes, read once per process."""
    return extended(folder.read(load().classes_folder))
