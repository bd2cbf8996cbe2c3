"""From the dependency model to one formula: when a CI is down, by which CIs fail of themselves.

What alone brings it down is taken out first (x ∨ f = x ∨ f without x), which leaves little of most trees.

In a cycle of redundant CIs the formula is the least fixpoint. Only the members that close a cycle are unknown, and
with n of them n + 1 rounds from "not down" reach it: each round but the last makes one more of them true or none.
"""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Collection, Mapping

from cmdb.availability.formula import FALSE, TRUE, Formulas
from cmdb.availability.needs import Closure, Needs
from cmdb.availability.spof import Singles


def failure(formulas: Formulas, needs: Needs, of: str) -> int:
    """The formula of `of` being down; its basic events are CIs. TRUE if it is down already."""
    if of in needs.down:
        return TRUE
    single = Singles(needs).of(of)
    units = needs.units(of)
    made: dict[str, int] = {}
    for part in _cycles(needs, units):
        place = {unit: i for i, unit in enumerate(part)}
        closing = {m for u in part for m in needs.members(u) if place.get(m, -1) >= place[u]}
        given = dict.fromkeys(closing, FALSE)
        for _ in range(len(closing) + 1):
            for unit in part:
                later = {m: given[m] for m in closing if place[m] >= place[unit]}
                made[unit] = _unit(formulas, needs.closure(unit), single, ChainMap(later, made))
            if given == (given := {m: made[m] for m in closing}):
                break
    return formulas.any_of([*(formulas.literal(ci) for ci in sorted(single)), made[of]])


def _unit(formulas: Formulas, closure: Closure, single: Collection[str], made: Mapping[str, int]) -> int:
    groups = [
        formulas.at_least(spare.slack + 1, [(made[m], weight) for m, weight in spare.members])
        for spare in closure.spares
    ]
    return formulas.any_of([*(formulas.literal(ci) for ci in closure.cis if ci not in single), *groups])


def _cycles(needs: Needs, units: list[str]) -> list[list[str]]:
    """The strongly connected parts of units, what others need first (Kosaraju); inside each the given order is kept."""
    users: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        for member in needs.members(unit):
            users[member].append(unit)
    seen: set[str] = set()
    parts = []
    for start in reversed(units):
        if start not in seen:
            seen.add(start)
            part, stack = {start}, [start]
            while stack:
                new = [u for u in users[stack.pop()] if u not in seen]
                seen.update(new)
                part.update(new)
                stack += new
            parts.append(part)
    place = {unit: i for i, unit in enumerate(units)}
    return [sorted(part, key=place.__getitem__) for part in reversed(parts)]
