"""What is inside of what: nothing is inside of itself, however many steps around: of links, proposals, imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from cmdb.classes import Catalogue
from cmdb.errors import Invalid


class Named(Protocol):
    """A CI by what is needed of it here."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def cls(self) -> str:
        """The name of its class."""

    @property
    def name(self) -> str:
        """What people call it."""


class Nest:
    """Grows with what is known and what is to be; of CIs that can be in a ring at all it remembers what holds them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._above: defaultdict[str, list[Named]] = defaultdict(list)

    def holds(self, relation: str, source: Named, target: Named) -> bool:
        """Whether such an edge can be part of a ring: both its ends can be inside of something, and hold something."""
        return relation in self._catalogue.containing and all(self._catalogue.nests(x.cls) for x in (source, target))

    def know(self, relation: str, source: Named, target: Named) -> None:
        """One CI is inside of another, be it right or not."""
        if self.holds(relation, source, target):
            self._above[source.id].append(target)

    def put(self, relation: str, source: Named, target: Named, where: str) -> None:
        """One CI is to be inside of another; Invalid, with the whole way, if that is inside of it already."""
        if self.holds(relation, source, target):
            check_contained(self._way(target, source), where)
            self._above[source.id].append(target)

    def _way(self, start: Named, end: Named) -> list[str]:
        """The names on a shortest way up from one to the other; empty if there is none."""
        ways, seen = [[start]], {start.id}
        for way in ways:
            if way[-1].id == end.id:
                return [one.name for one in way]
            for up in self._above.get(way[-1].id, ()):
                if up.id not in seen:
                    seen.add(up.id)
                    ways.append([*way, up])
        return []


def check_contained(way: Sequence[str], where: str) -> None:
    """Refuse to put a CI inside of what is inside of it; `way` are the names from that one up to the CI, if any."""
    if len(way) > 1:
        raise Invalid(f"{' in '.join(way)}: {way[-1]} cannot be inside of what is inside of it", where=where)
