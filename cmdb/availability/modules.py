"""Independent modules: gates whose events occur nowhere else, so that each can be solved alone and stand for an event.

Linear (Dutuit and Rauzy, "A linear-time algorithm to find modules of fault trees", 1996): walk the formula depth first
and date every visit; a gate is a module iff all below it is visited only between entering and leaving it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cmdb.availability.formula import FALSE, TRUE, Formulas, Gate


@dataclass(frozen=True, slots=True)
class Module:
    """A gate on its own: `gates` from children to parents, ending with `root`; `leaves` are literals and modules."""

    root: int
    gates: tuple[int, ...]
    leaves: tuple[int, ...]


def modules(formulas: Formulas, root: int) -> list[Module]:
    """The modules of `root`, inner before outer; the last is `root` itself. Empty for a literal or a constant."""
    if not isinstance(formulas.nodes[root], Gate) or root in (FALSE, TRUE):
        return []
    roots = _roots(formulas, root)
    return [_module(formulas, one, roots) for one in sorted(roots)]


def _roots(formulas: Formulas, root: int) -> set[int]:
    """The two passes: dates on the way down, then the span of dates below each gate on the way up."""
    first, last, left = _dates(formulas, root)
    events: dict[str, list[int]] = defaultdict(list)
    order = formulas.reachable(root)
    for number in order:
        node = formulas.nodes[number]
        if not isinstance(node, Gate):
            events[node.event].append(number)
    # An event and its opposite are the same event: one date for both.
    for both in events.values():
        earliest, latest = min(first[n] for n in both), max(last[n] for n in both)
        first.update(dict.fromkeys(both, earliest))
        last.update(dict.fromkeys(both, latest))
    found = {root}
    below: dict[int, tuple[int, int]] = {}
    for number in order:
        node = formulas.nodes[number]
        if isinstance(node, Gate):
            low = min(min(first[c], below.get(c, (first[c], 0))[0]) for c in node.children)
            high = max(max(last[c], below.get(c, (0, last[c]))[1]) for c in node.children)
            below[number] = low, high
            if first[number] < low and high < left[number]:
                found.add(number)
    return found


def _dates(formulas: Formulas, root: int) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """When each formula is visited first and last, and when each gate is left for the first time."""
    first, last, left = {root: 1}, {root: 1}, dict[int, int]()
    clock = 1
    stack = [(root, iter(_children(formulas, root)))]
    while stack:
        number, children = stack[-1]
        clock += 1
        child = next(children, None)
        if child is None:
            left[number] = last[number] = clock
            stack.pop()
        elif child in first:
            last[child] = clock
        else:
            first[child] = last[child] = clock
            stack.append((child, iter(_children(formulas, child))))
    return first, last, left


def _children(formulas: Formulas, number: int) -> tuple[int, ...]:
    node = formulas.nodes[number]
    return node.children if isinstance(node, Gate) else ()


def _module(formulas: Formulas, root: int, roots: set[int]) -> Module:
    gates, leaves, stack = {root}, set[int](), [root]
    while stack:
        for child in _children(formulas, stack.pop()):
            if child in roots or not isinstance(formulas.nodes[child], Gate):
                leaves.add(child)
            elif child not in gates:
                gates.add(child)
                stack.append(child)
    return Module(root, tuple(sorted(gates)), tuple(sorted(leaves)))


def parted(formulas: Formulas, root: int) -> int:
    """An OR with its children that share events put together, so that the parts are modules; others as they are."""
    node = formulas.nodes[root]
    if not isinstance(node, Gate) or not node.is_or:
        return root
    parts = _parts(formulas, node.children)
    if len(parts) == 1:
        return root
    return formulas.grouped([formulas.any_of(part) for part in parts])


def _parts(formulas: Formulas, children: Iterable[int]) -> list[list[int]]:
    """Children by what they share, directly or through others (union and find over every formula below)."""
    parent: dict[int, int] = {}

    def find(number: int) -> int:
        while parent.setdefault(number, number) != number:
            parent[number] = number = parent[parent[number]]
        return number

    opposites: dict[str, int] = {}
    below = set[int]()
    for child in children:
        stack = [child]
        while stack:
            number = stack.pop()
            node = formulas.nodes[number]
            if isinstance(node, Gate):
                for one in node.children:
                    parent[find(one)] = find(number)
            else:
                parent[find(opposites.setdefault(node.event, number))] = find(number)
            new = [one for one in _children(formulas, number) if one not in below]
            below.update(new)
            stack += new
    found: dict[int, list[int]] = defaultdict(list)
    for child in children:
        found[find(child)].append(child)
    return list(found.values())
