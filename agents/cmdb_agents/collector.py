"""What a collector is, what it is given, and the few hands all of them use to build a section. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cmdb.words import REDUNDANCY, Item, Link, Problem, Section, Value
from cmdb_agents.memory import Known, Pair
from cmdb_agents.ownership import Ownership
from cmdb_agents.transports.readings import Machine

MAX_TEXT, MAX_KEY, MAX_LIST = 2_000, 512, 256
MAX_RULE = 8_000
"""Of a redundancy rule, which cut short would say something else."""


@dataclass(frozen=True, slots=True)
class View:
    """One look at a machine: what was read (without its sockets), who owns what, which connections are remembered;
    `now` in Unix seconds."""

    machine: Machine
    ownership: Ownership
    known: Mapping[Pair, Known]
    now: int


@dataclass(frozen=True, slots=True)
class Collector:
    """One file of `collectors/` declares one: the section it fills, and the pure mapping that fills it."""

    name: str
    sentence: str
    classes: tuple[str, ...]  # of the items it may emit
    collect: Callable[[View], Section]


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Without control, format and surrogate characters, and bounded."""
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable())
    return text[:limit].strip()


def item(cls: str, key: str, name: str, **attributes: Value) -> Item:
    """An item whose every string is clean and bounded; what holds nothing is left out."""
    kept: dict[str, Value] = {}
    for attribute in sorted(attributes):
        value = attributes[attribute]
        limit = MAX_RULE if attribute == REDUNDANCY else MAX_TEXT
        if isinstance(value, str):
            value = clean(value, limit)
        elif isinstance(value, tuple):
            value = tuple(sorted({clean(v, limit) for v in value} - {""}))[:MAX_LIST]
        if value is not None and value not in ("", ()):
            kept[attribute] = value
    return Item(cls, clean(key, MAX_KEY) or "?", clean(name, 200) or clean(key, 200) or "?", kept)


def section(
    name: str, machine: Machine, items: Iterable[Item], links: Iterable[Link] = (), problems: Iterable[Problem] = ()
) -> Section:
    """Everything in a fixed order, each key once; incomplete as soon as what failed here may hide things."""
    troubles = [t for t in machine.troubles if t.area == name]
    said = {Problem(clean(t.what, 200), clean(t.why, 200)) for t in troubles} | set(problems)
    unique = {(i.cls, i.key): i for i in items}
    # Plain tuples: comparing and hashing a thousand pairs of nouns would cost more than making them.
    edges = {(k.type, k.source.cls, k.source.key, k.target.cls, k.target.key): k for k in links}
    return Section(
        name=name,
        complete=not any(t.hides for t in troubles),
        items=tuple(unique[key] for key in sorted(unique)),
        links=tuple(edges[key] for key in sorted(edges)),
        problems=tuple(sorted(said, key=lambda p: (p.what, p.why))),
    )
