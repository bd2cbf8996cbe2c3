"""What an arrangement holds for: everything, or CIs by id, class, tag or place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.errors import Invalid


@dataclass(frozen=True, slots=True)
class About:
    """A CI as scopes see it: `kinds` are its class and what that is a kind of, `places` the ids of where it stands."""

    id: str
    name: str = ""
    kinds: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything, or each CI that one of these names; `places` are ids of sites, rooms and racks."""

    everything: bool = False
    cis: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        named = self.cis | self.classes | self.tags | self.places
        if self.everything and named:
            raise Invalid("is everything, or what you name: not both", where="scope")
        if not self.everything and not named:
            raise Invalid("is empty: name CIs, classes, tags or sites, or say everything", where="scope")

    def holds(self, ci: About) -> bool:
        """Whether it holds for a CI."""
        if self.everything or ci.id in self.cis:
            return True
        return bool(self.classes & ci.kinds or self.tags & ci.tags or self.places & ci.places)

    def exactness(self, ci: About) -> int:
        """By what it holds for this CI: 0 by id, 1 tag, 2 class, 3 place, 4 everything; 5: it does not."""
        ways = (ci.id in self.cis, self.tags & ci.tags, self.classes & ci.kinds, self.places & ci.places)
        return next((n for n, way in enumerate((*ways, self.everything)) if way), 5)


def scope(fields: Mapping[str, Any], cis: tuple[str, ...]) -> Scope:
    """From the fields of a record and the CIs it is about."""
    names = {name: frozenset(fields.get(name) or ()) for name in ("classes", "tags", "sites")}
    return Scope(bool(fields.get("everything")), frozenset(cis), names["classes"], names["tags"], names["sites"])
