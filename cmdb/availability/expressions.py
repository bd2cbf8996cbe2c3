"""What a basic event of an Open-PSA file is worth: numbers, parameters, arithmetic and the laws of failure.

Times are hours; how long the mission is, is told from outside. A random deviate counts as its mean, which is the point
estimate others publish. What is not understood is named with its line, never taken for something else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import exp, expm1, isfinite, prod
from typing import Protocol

from cmdb.availability.elements import DEEPEST, Element, body_of, wrong
from cmdb.errors import UnknownName


class Parameters(Protocol):
    """Where parameters are defined."""

    def parameter(self, name: str, scope: str) -> tuple[str, Element, str] | None:
        """What `name` means within `scope`: its whole name, its definition, and the scope of that. None if nothing."""


class Values:
    """The values of expressions, every parameter once."""

    def __init__(self, parameters: Parameters, mission_hours: float) -> None:
        self._parameters, self._hours = parameters, mission_hours
        self._open: list[str] = []
        self._depth = 0
        self._known: dict[str, float] = {}

    def of(self, element: Element, scope: str) -> float:
        """Its value. Invalid for what is not supported or gives no finite number."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise wrong(element, f"lies deeper than {DEEPEST} expressions, those of its parameters counted in")
        value = self._value(element, scope)
        self._depth -= 1
        return value

    def _value(self, element: Element, scope: str) -> float:
        if element.tag in ("float", "int"):
            return _number(element)
        if element.tag == "bool":
            return float(truth(element))
        if element.tag == "system-mission-time":
            return self._hours
        if element.tag == "parameter":
            return self._parameter(element, scope)
        rule = _RULES.get(element.tag)
        if rule is None:
            raise wrong(element, "is no expression that is supported here")
        least, most, compute = rule
        if not least <= len(element.children) <= most:
            wanted = str(least) if least == most else f"at least {least}"
            raise wrong(element, f"takes {wanted} arguments, not {len(element.children)}")
        values = [self.of(child, scope) for child in element.children]
        try:
            value = compute(*values)
        except (ArithmeticError, ValueError):
            raise wrong(element, f"gives no number for {values}") from None
        if not isfinite(value):
            raise wrong(element, f"gives no number for {values}")
        return value

    def _parameter(self, element: Element, scope: str) -> float:
        name = element.get("name")
        found = self._parameters.parameter(name, scope)
        if found is None:
            raise UnknownName(f"line {element.line}: there is no parameter {name!r}")
        name, definition, inner = found
        if name not in self._known:
            if name in self._open:
                raise wrong(element, f"the parameter {name!r} needs itself: {' → '.join([*self._open, name])}")
            self._open.append(name)
            body = body_of(definition)
            if body is None:
                raise wrong(definition, f"the parameter {name!r} has no value")
            self._known[name] = self.of(body, inner)
            self._open.pop()
        return self._known[name]


def truth(element: Element) -> bool:
    """The value of a constant."""
    value = element.get("value")
    if element.tag not in ("constant", "bool") or value not in ("true", "false"):
        raise wrong(element, f"a constant is true or false, not {value!r}")
    return value == "true"


def _number(element: Element) -> float:
    try:
        value = float(element.get("value"))
    except ValueError:
        raise wrong(element, f"{element.get('value')!r} is no number") from None
    if not isfinite(value):
        raise wrong(element, f"{element.get('value')!r} is no finite number")
    return value


def _failed(rate: float, hours: float) -> float:
    """Failed by then, at a constant rate and never repaired."""
    return -expm1(-rate * hours)


def _repaired(on_demand: float, rate: float, repairs: float, hours: float) -> float:
    """GLM: down then, with failures and repairs at constant rates, after a start that fails now and then."""
    both = rate + repairs
    return (rate - (rate - on_demand * both) * exp(-both * hours)) / both


def _aged(scale: float, shape: float, start: float, hours: float) -> float:
    """Weibull: failed by then, at a rate that changes with age."""
    return -expm1(-(((hours - start) / scale) ** shape)) if hours > start else 0.0


def _tested(rate: float, between: float, first: float, hours: float) -> float:
    """Failed since the last test, each repairing at once; at the moment of a test, just before it."""
    if hours <= first:
        return _failed(rate, hours)
    return _failed(rate, math.fmod(hours - first, between) or between)


ANY = 1_000_000
_RULES: dict[str, tuple[int, int, Callable[..., float]]] = {
    "pi": (0, 0, lambda: math.pi),
    "add": (1, ANY, lambda *v: sum(v)),
    "sub": (1, ANY, lambda *v: v[0] - sum(v[1:])),
    "mul": (1, ANY, lambda *v: prod(v)),
    "div": (1, ANY, lambda *v: v[0] / prod(v[1:])),
    "neg": (1, 1, lambda v: -v),
    "abs": (1, 1, abs),
    "exp": (1, 1, exp),
    "log": (1, 1, math.log),
    "log10": (1, 1, math.log10),
    "sqrt": (1, 1, math.sqrt),
    "pow": (2, 2, math.pow),
    "min": (1, ANY, lambda *v: min(v)),
    "max": (1, ANY, lambda *v: max(v)),
    "mean": (1, ANY, lambda *v: sum(v) / len(v)),
    "exponential": (2, 2, _failed),
    "GLM": (4, 4, _repaired),
    "Weibull": (4, 4, _aged),
    "periodic-test": (4, 4, _tested),
    "uniform-deviate": (2, 2, lambda low, high: (low + high) / 2),
    "normal-deviate": (2, 2, lambda mean, _: mean),
    "lognormal-deviate": (3, 3, lambda mean, *_: mean),
    "gamma-deviate": (2, 2, lambda shape, scale: shape * scale),
    "beta-deviate": (2, 2, lambda a, b: a / (a + b)),
}
"""By tag: how few and how many arguments, and the value."""
