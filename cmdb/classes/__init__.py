"""What exists: one declarative file per CI class, and the relations between them. Found by themselves."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cmdb.errors import DeclarationError, UnknownName
from cmdb.registry import discover
from cmdb.words import LOCAL_KEY, CIClass, RelationType


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All declared classes and relations by name; it checks that they fit together."""

    classes: Mapping[str, CIClass]
    relations: Mapping[str, RelationType]

    def __post_init__(self) -> None:
        for relation in self.relations.values():
            if unknown := {*relation.sources, *relation.targets} - set(self.classes):
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

    def is_local(self, cls: str) -> bool:
        """Whether items of this class live inside a host and are recognised by parent and local key."""
        return LOCAL_KEY in self.cls(cls).identity


@cache
def catalogue() -> Catalogue:
    """The declared catalogue, discovered once per process."""
    package = sys.modules[__name__]
    return Catalogue(
        classes=discover(package, CIClass, "epicentre.classes"),
        relations=discover(package, RelationType, "epicentre.relations"),
    )
