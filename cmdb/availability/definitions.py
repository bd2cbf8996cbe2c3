"""Everything an Open-PSA file defines, and what a name means where it stands.

What is public is known everywhere by its name; what is private (it or the component it lies in says so) is known by its
name inside, and from outside by the way to it: `tree.component.name`, from wherever that way begins.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.availability.elements import Element, wrong
from cmdb.errors import Invalid

GATE, BASIC, HOUSE = "gate", "basic-event", "house-event"
_EVENTS = (GATE, BASIC, HOUSE)
_CONTAINERS = ("define-fault-tree", "define-component", "model-data")
_UNSUPPORTED = ("include", "define-substitution", "define-CCF-group")


class Definitions:
    """Events and parameters by what they are called here: public ones by name, private ones by the way to them."""

    def __init__(self, root: Element) -> None:
        self.events: dict[str, Element] = {}
        self.parameters: dict[str, Element] = {}
        self._scope: dict[int, str] = {}
        self._ways: dict[bool, dict[str, str]] = {True: {}, False: {}}
        for element, scope, private in _defined(root):
            kind = element.tag.removeprefix("define-")
            name = element.get("name")
            way = f"{scope}.{name}" if scope else name
            known = self.events if kind in _EVENTS else self.parameters
            ways = self._ways[kind in _EVENTS]
            called = way if private else name
            if called in known or way in ways:
                raise wrong(element, f"{called!r} is defined twice")
            known[called] = element
            ways[way] = called
            self._scope[id(element)] = scope

    def scope(self, definition: Element) -> str:
        """The way to what it lies in."""
        return self._scope[id(definition)]

    def event(self, reference: Element, scope: str) -> str | None:
        """What an event is called that is referred to within `scope`; None if there is none of its kind."""
        kind = reference.tag if reference.tag != "event" else reference.attributes.get("type", "event")
        called = self._meant(reference.get("name"), scope, True)
        return called if called is not None and kind in ("event", self.kind(called)) else None

    def kind(self, called: str) -> str:
        """Gate, basic event or house event."""
        return self.events[called].tag.removeprefix("define-")

    def gate(self, name: str) -> str | None:
        """What a gate is called that somebody names."""
        called = self._meant(name, "", True)
        return called if called is not None and self.kind(called) == GATE else None

    def parameter(self, name: str, scope: str) -> tuple[str, Element, str] | None:
        """What a parameter is called, its definition and where that lies."""
        called = self._meant(name, scope, False)
        return None if called is None else (called, self.parameters[called], self.scope(self.parameters[called]))

    def _meant(self, name: str, scope: str, event: bool) -> str | None:
        """From the inside out: the nearest that lies at the end of `name`; last what is public."""
        ways = self._ways[event]
        while scope:
            if (found := ways.get(f"{scope}.{name}")) is not None:
                return found
            scope = scope.rpartition(".")[0]
        known = self.events if event else self.parameters
        return ways.get(name, name if name in known else None)

    def below(self, gate: str) -> list[str]:
        """The gates a gate refers to."""
        element = self.events[gate]
        scope = self.scope(element)
        references = (one for one in element.walk() if one.tag in ("gate", "event"))
        found = (self.event(one, scope) for one in references)
        return [one for one in found if one is not None and self.kind(one) == GATE]

    def top(self) -> str:
        """The one gate that no other refers to."""
        gates = [one for one in self.events if self.kind(one) == GATE]
        referred = {one for gate in gates for one in self.below(gate)}
        tops = sorted(set(gates) - referred)
        if len(tops) == 1:
            return tops[0]
        if not gates:
            raise Invalid("the file defines no gate")
        if not tops:
            raise Invalid("every gate is needed by another, in a circle: name the one to solve as top")
        raise Invalid(f"there are {len(tops)} gates at the top ({', '.join(tops[:5])}): name the one to solve")


def _defined(root: Element) -> Iterator[tuple[Element, str, bool]]:
    """Each definition with the way to what it lies in, and whether it is private; in the order of the file."""
    stack = [(root, "", False)]
    while stack:
        element, scope, private = stack.pop()
        role = element.attributes.get("role", "private" if private else "public")
        if role not in ("public", "private"):
            raise wrong(element, f"a role is public or private, not {role!r}")
        private = role == "private"
        if element.tag in _UNSUPPORTED:
            raise wrong(element, "is not supported")
        if element.tag == "define-parameter" or element.tag.removeprefix("define-") in _EVENTS:
            if element.tag.startswith("define-"):
                yield element, scope, private
        elif element is root or element.tag in _CONTAINERS:
            inside = scope
            if element.tag.startswith("define-"):
                inside = f"{scope}.{element.get('name')}" if scope else element.get("name")
            stack += [(child, inside, private) for child in reversed(element.children)]
