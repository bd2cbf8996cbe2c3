"""Fault trees in Open-PSA XML (Model Exchange Format 2.0d): gates, basic and house events, parameters.

What is not understood is named with its line, never skipped. Elements that carry no meaning here (labels, attributes,
event trees) are left, and so is the probability of an event that the solved gate does not need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cmdb.availability.definitions import BASIC, GATE, Definitions
from cmdb.availability.elements import Element, body_of, parsed, wrong
from cmdb.availability.expressions import Values, truth
from cmdb.availability.formula import FALSE, TRUE, Formulas
from cmdb.errors import UnknownName

MISSION_HOURS = 8760.0
"""A year, unless somebody says otherwise: the format's own."""


@dataclass(frozen=True, slots=True)
class FaultTree:
    """A tree that can be solved: the formula of its top gate, and how likely each basic event in it is."""

    top: str
    formulas: Formulas
    root: int
    q: Mapping[str, float]


def read(content: bytes, top: str | None = None, mission_hours: float = MISSION_HOURS) -> FaultTree:
    """The tree of an Open-PSA file. `top` names the gate to solve; without it there must be one nobody refers to.

    Raises Invalid with the line of what is wrong, UnknownName for what is not defined, TooLarge above 64 MB.
    """
    definitions = Definitions(parsed(content))
    formulas = Formulas()
    name = definitions.top() if top is None else definitions.gate(top)
    if name is None:
        raise UnknownName(f"there is no gate {top!r}")
    root = _Builder(definitions, formulas).gate(name)
    return FaultTree(name, formulas, root, _probabilities(definitions, formulas.events(root), mission_hours))


def _probabilities(definitions: Definitions, events: set[str], mission_hours: float) -> dict[str, float]:
    """How likely each of these basic events is, in the order of the file."""
    values = Values(definitions, mission_hours)
    found = {}
    for name, element in definitions.events.items():
        if name not in events:
            continue
        body = body_of(element)
        if body is None:
            raise wrong(element, f"{name!r} has no probability")
        found[name] = values.of(body, definitions.scope(element))
        if not 0 <= found[name] <= 1:
            raise wrong(element, f"{name!r} has the probability {found[name]:g}, which is not between 0 and 1")
    return found


class _Builder:
    """Gates as formulas, each once, those below first."""

    def __init__(self, definitions: Definitions, formulas: Formulas) -> None:
        self._of, self._formulas = definitions, formulas
        self._made: dict[str, int] = {}

    def gate(self, name: str) -> int:
        """The formula of a gate; depth first with a stack of our own."""
        stack, entered = [name], dict[str, None]()
        while stack:
            now = stack[-1]
            if now in self._made:
                stack.pop()
                continue
            missing = [g for g in self._of.below(now) if g not in self._made]
            if not missing:
                self._made[now] = self._defined(now)
                entered.pop(now, None)
                continue
            entered[now] = None
            if circle := next((g for g in missing if g in entered), None):
                way = [*list(entered)[list(entered).index(circle) :], circle]
                raise wrong(self._of.events[now], f"needs itself: {' → '.join(way)}")
            stack += missing
        return self._made[name]

    def _defined(self, name: str) -> int:
        element = self._of.events[name]
        body = body_of(element)
        if body is None:
            raise wrong(element, f"the gate {name!r} has no formula")
        return self._formula(body, self._of.scope(element))

    def _formula(self, element: Element, scope: str) -> int:
        if element.tag in ("gate", "basic-event", "house-event", "event"):
            return self._reference(element, scope)
        if element.tag == "constant":
            return TRUE if truth(element) else FALSE
        children = [self._formula(child, scope) for child in element.children]
        operator = _OPERATORS.get(element.tag)
        if operator is None:
            raise wrong(element, "is no operator that is known here")
        least, most, make = operator
        if not least <= len(children) <= most:
            wanted = str(least) if least == most else f"at least {least}"
            raise wrong(element, f"takes {wanted} arguments, not {len(children)}")
        return make(self._formulas, element, children)

    def _reference(self, element: Element, scope: str) -> int:
        called = self._of.event(element, scope)
        if called is None:
            kind = element.attributes.get("type", element.tag)
            raise UnknownName(f"line {element.line}: there is no {kind} {element.get('name')!r}")
        kind = self._of.kind(called)
        if kind == GATE:
            return self._made[called]
        if kind == BASIC:
            return self._formulas.literal(called)
        body = body_of(self._of.events[called])
        return TRUE if body is not None and truth(body) else FALSE


Make = Callable[[Formulas, Element, list[int]], int]


def _exclusive(formulas: Formulas, _: Element, children: list[int]) -> int:
    one, other = children
    only = formulas.all_of([one, formulas.opposite(other)])
    return formulas.any_of([only, formulas.all_of([formulas.opposite(one), other])])


def _at_least(formulas: Formulas, element: Element, children: list[int]) -> int:
    return formulas.at_least(_count(element, "min", len(children)), [(child, 1) for child in children])


def _between(formulas: Formulas, element: Element, children: list[int]) -> int:
    least, most = _count(element, "min", len(children)), _count(element, "max", len(children))
    if least > most:
        raise wrong(element, f"wants at least {least} and at most {most}")
    ones = [(child, 1) for child in children]
    return formulas.all_of([formulas.at_least(least, ones), formulas.opposite(formulas.at_least(most + 1, ones))])


def _implied(formulas: Formulas, _: Element, children: list[int]) -> int:
    return formulas.any_of([formulas.opposite(children[0]), children[1]])


MANY = 1_000_000
_OPERATORS: dict[str, tuple[int, int, Make]] = {
    "and": (1, MANY, lambda f, _, c: f.all_of(c)),
    "or": (1, MANY, lambda f, _, c: f.any_of(c)),
    "not": (1, 1, lambda f, _, c: f.opposite(c[0])),
    "nand": (1, MANY, lambda f, _, c: f.opposite(f.all_of(c))),
    "nor": (1, MANY, lambda f, _, c: f.opposite(f.any_of(c))),
    "xor": (2, 2, _exclusive),
    "iff": (2, 2, lambda f, e, c: f.opposite(_exclusive(f, e, c))),
    "imply": (2, 2, _implied),
    "atleast": (1, MANY, _at_least),
    "cardinality": (1, MANY, _between),
}
"""By tag: how few and how many arguments, and the formula."""


def _count(element: Element, name: str, most: int) -> int:
    text = element.get(name)
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= most):
        raise wrong(element, f"{name}={text!r} is no number between 0 and its {most} arguments")
    return int(text)
