"""In which order what went down comes back: the least fixpoint, from the survivors upwards. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from cmdb.impact.model import Model


@dataclass(frozen=True, slots=True)
class Recovery:
    """`waves`: what can be started next, each wave when all before it run. `stuck` never can by this rule alone.

    Stuck are circles that need each other (start them together), what needs something that stays down, and groups
    that can never be met.
    """

    waves: tuple[tuple[str, ...], ...]
    stuck: tuple[str, ...]


def recovery_order(model: Model, down: Collection[str], staying: Collection[str] = ()) -> Recovery:
    """The waves in which `down` can be started, while all others but `staying` run. Linear in the edges touched.

    A CI can be started when enough of every hard group runs; what it merely uses (soft) is not waited for.
    """
    gone = set(down)
    missing: dict[int, int] = {}
    open_groups: dict[str, int] = defaultdict(int)
    for ci in gone:
        for number in _numbers(model, ci):
            group = model.all[number][1]
            runs = sum(
                weight
                for edge, weight in zip(group.edges, group.weights, strict=True)
                if edge.target not in gone and edge.target not in staying
            )
            if runs < group.k_min:
                missing[number] = group.k_min - runs
                open_groups[ci] += 1
    wave = sorted(ci for ci in gone if not open_groups[ci] and ci not in staying)
    waves, left = [], gone - set(wave)
    while wave:
        waves.append(tuple(wave))
        wave = _next(model, wave, missing, open_groups, left - set(staying))
        left -= set(wave)
    return Recovery(tuple(waves), tuple(sorted(left)))


def _next(
    model: Model, started: Collection[str], missing: dict[int, int], open_groups: dict[str, int], left: set[str]
) -> list[str]:
    """Who can be started now that these run."""
    found = []
    for ci in started:
        for number, weight in model.uses.get(ci, ()):
            need = missing.get(number, 0)
            missing[number] = need - weight
            dependent = model.all[number][0]
            if 0 < need <= weight:
                open_groups[dependent] -= 1
                if not open_groups[dependent] and dependent in left:
                    found.append(dependent)
    return sorted(found)


def _numbers(model: Model, ci: str) -> list[int]:
    first = model.first.get(ci, 0)
    own = model.groups.get(ci, ())
    return [first + place for place, group in enumerate(own) if not group.soft]
