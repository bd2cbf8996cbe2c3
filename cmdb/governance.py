"""Policies: what a class's values must be like, and whose word is believed. Pure.

What values must be like is enforced on people and imports, and reported of what discovery found.

One function serves them all: `broken` for what a CI breaks as it is, `newly_broken` for what a command would break
that was not broken before, `enforce` to refuse that. So what broke a policy when it was set can still be worked on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cmdb import patterns
from cmdb.claims import EXTRA, NAME, OVERRIDE, TAGS, is_extra
from cmdb.classes import Catalogue, catalogue
from cmdb.errors import Conflict, Invalid, Refused, UnknownName
from cmdb.words import ANY, SOURCES, CIClass, Value

MAX_VALUES = 500
"""Entries of a policy's list."""
MAX_POLICIES = 500
"""Policies in one graph."""
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SOURCE = re.compile(r"import:[a-z0-9][a-z0-9._-]{0,62}|nd_[a-z0-9]+")
SHOWN = 20
"""Allowed values that a sentence names."""


class Rule(StrEnum):
    """What a policy asks."""

    REQUIRED = "required"  # the attribute is there; of tags: one that fits each entry of `values`
    ALLOWED = "allowed"  # the attribute, where it is there, is one of `values`
    PATTERN = "pattern"  # the attribute, where it is there, fits `pattern` as a whole
    TAGS = "tags"  # every tag fits an entry of `values`: a tag, or the start of one with * behind it
    EXTRA = "extra"  # every free attribute's name is one of `values`
    PRECEDENCE = "precedence"  # whose word on the attribute wins: `values` are kinds of source or sources, best first


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule for a class and its kinds (CI: for all). `attribute` is declared, `name`, `tags` or `extra:<name>`.

    `rev` is the journal sequence at which it was set; 0: not kept yet, or by a version that kept none.
    """

    name: str
    cls: str
    rule: Rule
    attribute: str | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    why: str = ""
    rev: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.name):
            raise Invalid("a policy's name is lower-case words with - between them, at most 63 long", where="name")
        if len(self.values) > MAX_VALUES or any(not 0 < len(v) <= 1_024 for v in self.values):
            raise Invalid(f"a policy has at most {MAX_VALUES} values of 1 to 1024 characters", where="values")
        if len(self.why) > 1_000 or not self.why.isprintable():
            raise Invalid("the reason is one line of at most 1000 characters", where="why")
        _check_parts(self)

    @property
    def judges(self) -> bool:
        """Whether values can break it; one of precedence says only whose value counts."""
        return self.rule is not Rule.PRECEDENCE

    @property
    def allowed(self) -> str:
        """What it asks, for people."""
        more = f" and {len(self.values) - SHOWN} more" if len(self.values) > SHOWN else ""
        names = (", ".join(self.values[:SHOWN]) or "none") + more
        match self.rule:
            case Rule.REQUIRED:
                return f"one tag of each of {names}" if self.attribute == TAGS and self.values else "a value"
            case Rule.PATTERN:
                return f"what fits {self.pattern}"
            case Rule.PRECEDENCE:
                return " > ".join([OVERRIDE, *self.values])
            case _:
                return names


def _check_parts(policy: Policy) -> None:
    rule, per_attribute = policy.rule, {Rule.REQUIRED, Rule.ALLOWED, Rule.PATTERN, Rule.PRECEDENCE}
    if (rule in per_attribute) != (policy.attribute is not None):
        word = "names the attribute it is about" if rule in per_attribute else "is about no single attribute"
        raise Invalid(f"a policy of the rule {rule} {word}", where="attribute")
    if (rule is Rule.PATTERN) != (policy.pattern is not None):
        raise Invalid("a policy of the rule pattern has a pattern, and no other has", where="pattern")
    if rule is Rule.ALLOWED and not policy.values:
        raise Invalid("name at least one allowed value", where="values")
    if policy.values and (rule is Rule.PATTERN or (rule is Rule.REQUIRED and policy.attribute != TAGS)):
        raise Invalid(f"a policy of the rule {rule} has no values", where="values")
    if policy.pattern is not None:
        patterns.compiled(policy.pattern)
    if rule is Rule.PRECEDENCE:
        _check_sources(policy)


def _check_sources(policy: Policy) -> None:
    if policy.attribute == TAGS:
        raise Invalid("each tag is a claim of its own: there is nobody to prefer", where="attribute")
    if not policy.values or len(set(policy.values)) < len(policy.values):
        raise Invalid("name each source once, the best one first", where="values")
    if OVERRIDE in policy.values:
        raise Invalid("an override wins while it lasts, whatever a policy says: leave it out", where="values")
    if unknown := [one for one in policy.values if one not in SOURCES and not _SOURCE.fullmatch(one)]:
        raise Invalid(
            f"{unknown[0]!r} is no source: name agent, person, import, or one such as import:assets or nd_…",
            where="values",
        )


def check_names(policy: Policy, known: Catalogue) -> None:
    """Refuse a policy about a class or attribute that nobody declared (UnknownName, Invalid)."""
    own = () if policy.cls == ANY else known.cls(policy.cls).attributes
    attribute = policy.attribute
    if attribute is None or attribute in {NAME, TAGS} or is_extra(attribute):
        return
    declared = next((a for a in own if a.name == attribute), None)
    if declared is None:
        names = ", ".join([NAME, TAGS, *(a.name for a in own)])
        raise UnknownName(
            f"{policy.cls} has no attribute {attribute!r}; known are {names}, and extra:<name> for a free one",
            where="attribute",
        )
    if declared.volatile:
        raise Invalid(f"{attribute} changes all the time: nothing is asked of it", where="attribute")


@dataclass(frozen=True, slots=True)
class Violation:
    """What one policy finds wrong with one value; `value` is None where one is missing."""

    policy: str
    cls: str
    attribute: str
    value: str | None
    allowed: str
    why: str = ""

    @property
    def sentence(self) -> str:
        """For people."""
        found = "is missing" if self.value is None else f"is {self.value[:200]!r}"
        because = f" ({self.why})" if self.why else ""
        return f"policy {self.policy} of {self.cls}: {self.attribute} {found}, allowed is {self.allowed}{because}"


class Policies:
    """All policies of a graph, by class with what they inherit; made once for many checks."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.all = tuple(sorted(policies, key=lambda one: one.name))
        self._by_class: dict[str, tuple[Policy, ...]] = {}

    def catalogue(self) -> Catalogue:
        """The catalogue, its classes with the order of sources that policies say."""
        return _ruled(tuple(one for one in self.all if not one.judges))

    def of(self, cls: str) -> tuple[Policy, ...]:
        """Those that a member of a class must follow; a class no longer declared has those of all classes."""
        if cls not in self._by_class:
            known = catalogue()
            line = {ANY, *known.lineage(cls)} if cls in known.classes else {ANY}
            self._by_class[cls] = tuple(one for one in self.all if one.judges and one.cls in line)
        return self._by_class[cls]


@lru_cache(maxsize=8)
def _ruled(policies: tuple[Policy, ...]) -> Catalogue:
    known = catalogue()
    if not policies:
        return known
    return replace(known, classes={name: _ranked(known, cls, policies) for name, cls in known.classes.items()})


def _ranked(known: Catalogue, cls: CIClass, policies: tuple[Policy, ...]) -> CIClass:
    """A class with what policies say of it; what is said of the more special class counts."""
    orders: dict[str, tuple[str, ...]] = {}
    for line in reversed((*known.lineage(cls.name), ANY)):
        orders |= {str(one.attribute): one.values for one in policies if one.cls == line}
    return replace(cls, ruled=tuple(sorted(orders.items()))) if orders else cls


def check_alone(policy: Policy, there: Iterable[Policy]) -> None:
    """Refuse a second order of sources for an attribute of a class (Conflict names the first)."""
    for one in there:
        same = (one.rule, one.cls, one.attribute) == (policy.rule, policy.cls, policy.attribute)
        if policy.rule is Rule.PRECEDENCE and same and one.name != policy.name:
            raise Conflict(
                f"policy {one.name} says already whose {one.attribute} of {one.cls} counts: set that one anew"
            )


def broken(policies: Policies, cls: str, values: Mapping[str, Any]) -> list[Violation]:
    """All that a CI breaks. `values`: name, attributes, `tags` and `extra:<name>`, by property name; None: no value."""
    found: list[Violation] = []
    for policy in policies.of(cls):
        for attribute, value in _CHECKS[policy.rule](policy, values):
            found.append(Violation(policy.name, policy.cls, attribute, value, policy.allowed, policy.why))
    return found


def newly_broken(
    policies: Policies, cls: str, before: Mapping[str, Value] | None, after: Mapping[str, Value]
) -> list[Violation]:
    """What `after` breaks that `before` did not; before None: a new CI, for which everything counts."""
    if not policies.of(cls):
        return []
    old = set() if before is None else set(broken(policies, cls, before))
    return [one for one in broken(policies, cls, after) if one not in old]


def enforce(
    policies: Policies, cls: str, before: Mapping[str, Value] | None, after: Mapping[str, Value], name: str = ""
) -> None:
    """Raise Refused with every violation that a person or an import would add (see `newly_broken`)."""
    if found := newly_broken(policies, cls, before, after):
        reasons = [one.sentence for one in found]
        raise Refused(f"{name}: {'; '.join(reasons)}" if name else "; ".join(reasons), reasons=reasons)


def fits(entry: str, text: str) -> bool:
    """Whether a tag is this one, or begins as the entry says: `env:*`."""
    return text.startswith(entry[:-1]) if entry.endswith("*") else text == entry


Found = Iterator[tuple[str, str | None]]


def _texts(value: Any) -> list[str]:
    """A value as policies write it: true and false in small letters, of a list each entry."""
    if value is None:
        return []
    if isinstance(value, tuple | list):
        return [str(one) for one in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _required(policy: Policy, values: Mapping[str, Any]) -> Found:
    attribute = str(policy.attribute)
    there = [text for text in _texts(values.get(attribute)) if text.strip()]
    if not there:
        yield attribute, None
    for entry in policy.values if there else ():
        if not any(fits(entry, text) for text in there):
            yield f"{attribute} {entry}", None


def _allowed(policy: Policy, values: Mapping[str, Any]) -> Found:
    allowed = set(policy.values)
    for text in _texts(values.get(str(policy.attribute))):
        if text not in allowed:
            yield str(policy.attribute), text


def _pattern(policy: Policy, values: Mapping[str, Any]) -> Found:
    matches = patterns.compiled(str(policy.pattern))
    for text in _texts(values.get(str(policy.attribute))):
        if not matches(text):
            yield str(policy.attribute), text


def _tags(policy: Policy, values: Mapping[str, Any]) -> Found:
    for tag in _texts(values.get(TAGS)):
        if not any(fits(entry, tag) for entry in policy.values):
            yield TAGS, tag


def _extra(policy: Policy, values: Mapping[str, Any]) -> Found:
    for name, value in values.items():
        if name.startswith(EXTRA) and value is not None and name.removeprefix(EXTRA) not in policy.values:
            yield "extra", name.removeprefix(EXTRA)


_CHECKS: dict[Rule, Callable[[Policy, Mapping[str, Any]], Found]] = {
    Rule.REQUIRED: _required,
    Rule.ALLOWED: _allowed,
    Rule.PATTERN: _pattern,
    Rule.TAGS: _tags,
    Rule.EXTRA: _extra,
}
