"""Single points of failure, exactly and without any tree of causes.

x is one for v iff v is down when x alone is. S(v) = {v} ∪ S of all it needs ∪ S(G) of each group, and x is in S(G) iff
the weights of the members m with x in S(m) exceed what the group can spare: the least such sets, so cycles come right.
With CIs already down (an open outage, a change in its window) the same gives the *second failure*.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cmdb.availability.needs import Needs, Spare
from cmdb.impact.model import Model


@dataclass(frozen=True, slots=True)
class Spofs:
    """The single points of failure of `of` with `failed` down, in alphabetical order, without `of` itself.

    `down` says that it is down already: then there is nothing single left to find.
    """

    of: str
    failed: tuple[str, ...]
    cis: tuple[str, ...]
    down: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """One CI, and the services it alone brings down."""

    ci: str
    services: tuple[str, ...]


class Singles:
    """S(v) for any CI of one model; asking for many shares the work."""

    def __init__(self, needs: Needs) -> None:
        self.needs = needs
        self._found: dict[str, frozenset[str]] = {}

    def of(self, ci: str) -> frozenset[str]:
        """Every CI that alone brings `ci` down, itself included. A CI that is down already has none."""
        if ci in self.needs.down:
            return frozenset()
        if ci not in self._found:
            self._settle([u for u in self.needs.units(ci) if u not in self._found])
        return self._found[ci]

    def _settle(self, units: list[str]) -> None:
        """Grow the sets of `units` until none grows; without cycles each is looked at once."""
        users: dict[str, list[str]] = defaultdict(list)
        for unit in units:
            for member in self.needs.members(unit):
                users[member].append(unit)
        queue, waiting = deque(units), set(units)
        while queue:
            unit = queue.popleft()
            waiting.discard(unit)
            closure = self.needs.closure(unit)
            found = frozenset(closure.cis).union(*(self._lost(spare) for spare in closure.spares))
            if found != self._found.get(unit):
                self._found[unit] = found
                again = [u for u in users[unit] if u not in waiting]
                queue.extend(again)
                waiting.update(again)

    def _lost(self, spare: Spare) -> Iterable[str]:
        lost: Counter[str] = Counter()
        for member, weight in spare.members:
            for ci in self._found.get(member, ()):
                lost[ci] += weight
        return (ci for ci, weight in lost.items() if weight > spare.slack)


def spofs(model: Model, of: str, failed: Collection[str] = ()) -> Spofs:
    """The single points of failure of a CI; with `failed`, the failures that would be the second."""
    return _spofs(Singles(Needs(model, failed)), of, failed)


def _spofs(singles: Singles, of: str, failed: Collection[str]) -> Spofs:
    return Spofs(of, tuple(sorted(failed)), tuple(sorted(singles.of(of) - {of})), of in singles.needs.down)


def estate(
    model: Model, services: Collection[str], failed: Collection[str] = ()
) -> tuple[tuple[Exposure, ...], tuple[str, ...]]:
    """Each CI that alone brings services down, by id; and the services that are down already, of which none is told.

    A service is no finding about itself, only about the others it brings down.
    """
    singles = Singles(Needs(model, failed))
    hit: dict[str, list[str]] = defaultdict(list)
    for service in sorted(services):
        for ci in singles.of(service) - {service}:
            hit[ci].append(service)
    down = tuple(service for service in sorted(services) if service in singles.needs.down)
    return tuple(Exposure(ci, tuple(hit[ci])) for ci in sorted(hit)), down
