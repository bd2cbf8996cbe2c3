"""Fault trees in Open-PSA XML (Model Exchange Format 2.0d): gates, basic and house events, parameters.

Entities are refused as they are declared, so no file can blow up or fetch anything; what is not understood is named
with its line, never skipped. Extra elements that carry no meaning here (labels, attributes, event trees) are left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import exp, expm1, isfinite, prod
from xml.parsers.expat import ExpatError, ParserCreate

from cmdb.availability.formula import FALSE, TRUE, Formulas
from cmdb.errors import Invalid, TooLarge, UnknownName

MOST_BYTES = 64_000_000
DEEPEST = 100
"""Elements within elements; gates refer to gates by name, so formulas are flat."""


@dataclass(slots=True)
class Element:
    """One XML element and where it stands."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    children: list[Element] = field(default_factory=list)

    def get(self, name: str) -> str:
        """An attribute that must be there."""
        if name not in self.attributes:
            raise _wrong(self, f"needs the attribute {name!r}")
        return self.attributes[name]

    def walk(self) -> Iterator[Element]:
        """This element and all in it."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack += reversed(element.children)


@dataclass(frozen=True, slots=True)
class FaultTree:
    """A tree that can be solved: the formula of its top gate, and how likely each basic event in the file is."""

    top: str
    formulas: Formulas
    root: int
    q: Mapping[str, float]


def read(content: bytes, top: str | None = None) -> FaultTree:
    """The tree of an Open-PSA file. `top` names the gate to solve; without it there must be one nobody refers to.

    Raises Invalid with the line of what is wrong, UnknownName for what is not defined, TooLarge above 64 MB.
    """
    definitions = _Definitions(_parsed(content))
    formulas = Formulas()
    name = top if top is not None else definitions.top()
    root = _Builder(definitions, formulas).gate(name)
    return FaultTree(name, formulas, root, definitions.probabilities())


def _parsed(content: bytes) -> Element:
    if len(content) > MOST_BYTES:
        raise TooLarge(f"{len(content):,} bytes are more than {MOST_BYTES:,}")
    parser = ParserCreate()
    open_elements = [Element("", {}, 0)]

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, parser.CurrentLineNumber)
        if len(open_elements) > DEEPEST:
            raise _wrong(element, f"lies deeper than {DEEPEST} elements")
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def entity(name: str, *_: object) -> None:
        raise Invalid(f"declares the entity {name!r}; entities are not read", where=f"line {parser.CurrentLineNumber}")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(content, True)
    except ExpatError as error:
        raise Invalid(f"no well-formed XML: {error}") from error
    root = open_elements[0].children[0]
    if root.tag != "opsa-mef":
        raise _wrong(root, "should be <opsa-mef>: this is no Open-PSA file")
    return root


class _Definitions:
    """Everything the file defines, by name."""

    def __init__(self, root: Element) -> None:
        self.gates: dict[str, Element] = {}
        self.basic: dict[str, Element] = {}
        self.house: dict[str, Element] = {}
        self.parameters: dict[str, Element] = {}
        kinds = {
            "define-gate": self.gates, "define-basic-event": self.basic,
            "define-house-event": self.house, "define-parameter": self.parameters,
        }  # fmt: skip
        self._refers: set[str] = set()
        for element in root.walk():
            if element.tag in kinds:
                name = element.get("name")
                events = (
                    (self.parameters,) if element.tag == "define-parameter" else (self.gates, self.basic, self.house)
                )
                if any(name in known for known in events):
                    raise _wrong(element, f"{name!r} is defined twice")
                kinds[element.tag][name] = element
            elif element.tag in ("gate", "event"):
                self._refers.add(element.get("name"))
            elif element.tag in ("include", "define-substitution", "define-CCF-group"):
                raise _wrong(element, "is not supported")

    def top(self) -> str:
        """The one gate that no other refers to."""
        tops = sorted(self.gates.keys() - self._refers)
        if len(tops) == 1:
            return tops[0]
        if not self.gates:
            raise Invalid("the file defines no gate")
        if not tops:
            raise Invalid("every gate is needed by another, in a circle: name the one to solve as top")
        raise Invalid(f"there are {len(tops)} gates at the top ({', '.join(tops[:5])}): name the one to solve")

    def probabilities(self) -> dict[str, float]:
        """How likely each basic event is."""
        values = _Values(self.parameters)
        found = {}
        for name, element in self.basic.items():
            body = _body(element)
            if body is None:
                raise _wrong(element, f"{name!r} has no probability")
            found[name] = values.of(body)
            if not 0 <= found[name] <= 1:
                raise _wrong(element, f"{name!r} has the probability {found[name]:g}, which is not between 0 and 1")
        return found


def _body(element: Element) -> Element | None:
    """What is defined, without its label and attributes."""
    found = [child for child in element.children if child.tag not in ("label", "attributes")]
    if len(found) > 1:
        raise _wrong(found[1], "is one definition too many")
    return found[0] if found else None


class _Builder:
    """Gates as formulas, each once, those below first."""

    def __init__(self, definitions: _Definitions, formulas: Formulas) -> None:
        self._of, self._formulas = definitions, formulas
        self._made: dict[str, int] = {}

    def gate(self, name: str) -> int:
        """The formula of a gate; depth first with a stack of our own."""
        if name not in self._of.gates:
            raise UnknownName(f"there is no gate {name!r}")
        stack, entered = [name], dict[str, None]()
        while stack:
            now = stack[-1]
            if now in self._made:
                stack.pop()
                continue
            missing = [g for g in self._below(now) if g not in self._made]
            if not missing:
                self._made[now] = self._defined(now)
                entered.pop(now, None)
                continue
            entered[now] = None
            if circle := next((g for g in missing if g in entered), None):
                way = [*list(entered)[list(entered).index(circle) :], circle]
                raise _wrong(self._of.gates[now], f"needs itself: {' → '.join(way)}")
            stack += missing
        return self._made[name]

    def _below(self, name: str) -> list[str]:
        references = (e for e in self._of.gates[name].walk() if e.tag in ("gate", "event"))
        return [name for e in references if (name := e.get("name")) in self._of.gates]

    def _defined(self, name: str) -> int:
        element = self._of.gates[name]
        body = _body(element)
        if body is None:
            raise _wrong(element, f"the gate {name!r} has no formula")
        return self._formula(body)

    def _formula(self, element: Element) -> int:
        if element.tag in ("gate", "basic-event", "house-event", "event"):
            return self._reference(element)
        if element.tag == "constant":
            return _constant(element)
        children = [self._formula(child) for child in element.children]
        operator = _OPERATORS.get(element.tag)
        if operator is None:
            raise _wrong(element, "is no operator that is known here")
        least, most, make = operator
        if not least <= len(children) <= most:
            wanted = str(least) if least == most else f"at least {least}"
            raise _wrong(element, f"takes {wanted} arguments, not {len(children)}")
        return make(self._formulas, element, children)

    def _reference(self, element: Element) -> int:
        name = element.get("name")
        kind = element.tag if element.tag != "event" else element.attributes.get("type", "event")
        if kind in ("gate", "event") and name in self._of.gates:
            return self._made[name]
        if kind in ("basic-event", "event") and name in self._of.basic:
            return self._formulas.literal(name)
        if kind in ("house-event", "event") and name in self._of.house:
            body = _body(self._of.house[name])
            return FALSE if body is None else _constant(body)
        raise UnknownName(f"line {element.line}: there is no {kind} {name!r}")


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
        raise _wrong(element, f"wants at least {least} and at most {most}")
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


class _Values:
    """The value of an expression."""

    def __init__(self, parameters: Mapping[str, Element]) -> None:
        self._parameters = parameters
        self._open: list[str] = []
        self._depth = 0
        self._known: dict[str, float] = {}

    def of(self, element: Element) -> float:
        """Its value. Invalid for what is not supported or gives no finite number."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise _wrong(element, f"lies deeper than {DEEPEST} expressions, those of its parameters counted in")
        value = self._value(element)
        self._depth -= 1
        return value

    def _value(self, element: Element) -> float:
        if element.tag in ("float", "int"):
            return _number(element)
        if element.tag == "parameter":
            return self._parameter(element)
        rule = _ARITHMETIC.get(element.tag)
        if rule is None:
            raise _wrong(element, "is no expression that is supported here")
        values = [self.of(child) for child in element.children]
        try:
            value = rule(values)
        except (ArithmeticError, ValueError, IndexError):
            raise _wrong(element, f"gives no number for {values}") from None
        if not isfinite(value):
            raise _wrong(element, f"gives no number for {values}")
        return value

    def _parameter(self, element: Element) -> float:
        name = element.get("name")
        if name not in self._parameters:
            raise UnknownName(f"line {element.line}: there is no parameter {name!r}")
        if name not in self._known:
            if name in self._open:
                raise _wrong(element, f"the parameter {name!r} needs itself: {' → '.join([*self._open, name])}")
            self._open.append(name)
            body = _body(self._parameters[name])
            if body is None:
                raise _wrong(self._parameters[name], f"the parameter {name!r} has no value")
            self._known[name] = self.of(body)
            self._open.pop()
        return self._known[name]


def _failed(values: list[float]) -> float:
    rate, hours = values
    return -expm1(-rate * hours)


_ARITHMETIC: dict[str, Callable[[list[float]], float]] = {
    "add": sum,
    "sub": lambda v: v[0] - sum(v[1:]),
    "mul": prod,
    "div": lambda v: v[0] / prod(v[1:]),
    "neg": lambda v: -v[0],
    "exp": lambda v: exp(v[0]),
    "pow": lambda v: math.pow(v[0], v[1]),
    "exponential": _failed,
}


def _number(element: Element) -> float:
    try:
        value = float(element.get("value"))
    except ValueError:
        raise _wrong(element, f"{element.get('value')!r} is no number") from None
    if not isfinite(value):
        raise _wrong(element, f"{element.get('value')!r} is no finite number")
    return value


def _count(element: Element, name: str, most: int) -> int:
    text = element.get(name)
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= most):
        raise _wrong(element, f"{name}={text!r} is no number between 0 and its {most} arguments")
    return int(text)


def _constant(element: Element) -> int:
    value = element.get("value")
    if element.tag != "constant" or value not in ("true", "false"):
        raise _wrong(element, f"a constant is true or false, not {value!r}")
    return TRUE if value == "true" else FALSE


def _wrong(element: Element, why: str) -> Invalid:
    return Invalid(f"<{element.tag}>: {why}", where=f"line {element.line}")
