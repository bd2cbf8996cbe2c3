"""The nouns the rules of a change speak of: small, frozen, and checked; what the graph answers is read into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from cmdb.errors import Invalid
from cmdb_processes.change.window import Window


class Severity(IntEnum):
    """How hard something is hit; the order is the order of harm. At risk: still up, its redundancy spent."""

    NONE = 0
    AT_RISK = 1
    DEGRADED = 2
    DOWN = 3

    @property
    def word(self) -> str:
        """As people say it: "at risk"."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class CI:
    """A CI as a sentence needs it. `criticality` is a business service's: critical, high, medium, low, or "".

    They are told by name: by id, a sentence about the same things would be another one in each graph.
    """

    id: str
    name: str
    class_: str = ""
    criticality: str = ""

    def __lt__(self, other: CI) -> bool:
        return (self.name, self.id) < (other.name, other.id)


@dataclass(frozen=True, slots=True)
class Hit:
    """One CI that a failure reaches. `age_days` is the age of the oldest dependency its path rests on, if known."""

    ci: CI
    severity: Severity
    hops: int = 0
    reason: str = ""
    age_days: float | None = None


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A dependency, from the dependent to what it depends on."""

    type: str
    source: CI
    target: CI


@dataclass(frozen=True, slots=True)
class Group:
    """What `ci` needs together: members of at least the weight `needed`, of `total` there is in all.

    Members weigh 1 each where no total is given. `told` is False where the answer does not say how many are needed, so
    that `needed` is the least there can be.
    """

    ci: CI
    members: tuple[CI, ...]
    needed: int
    total: int = 0
    told: bool = True

    def __post_init__(self) -> None:
        if not self.total:
            object.__setattr__(self, "total", len(self.members))
        if not 1 <= self.needed <= self.total:
            raise Invalid(f"{self.ci.name} needs {self.needed} of {self.total}", where="group")


@dataclass(frozen=True)
class Impact:
    """The blast radius of a set of CIs that fail together, as the graph answered it at `sequence`.

    `links` are all dependencies a failure can travel in the radius; `fingerprint` stays the same while the radius does.
    """

    of: tuple[CI, ...]
    hits: tuple[Hit, ...]
    links: tuple[Link, ...] = ()
    groups: tuple[Group, ...] = ()
    sequence: int = 0
    fingerprint: str = ""
    truncated: str | None = None
    problems: tuple[str, ...] = ()

    @cached_property
    def severity(self) -> Mapping[str, Severity]:
        """By CI id, the worst that is said of it; the failed themselves are down."""
        found: dict[str, Severity] = {}
        for hit in self.hits:
            found[hit.ci.id] = max(hit.severity, found.get(hit.ci.id, Severity.NONE))
        return found | {ci.id: Severity.DOWN for ci in self.of}

    @cached_property
    def reach(self) -> Mapping[str, CI]:
        """By id, every CI the failure can travel to, hit or not, and the failed themselves."""
        ends = {link.source.id: link.source for link in self.links}
        return ends | {hit.ci.id: hit.ci for hit in self.hits} | {ci.id: ci for ci in self.of}


@dataclass(frozen=True, slots=True)
class Budgeted:
    """A service that goes down in a window, and what is used up of the downtime it is allowed when all of it is lost.

    `share` is in percent of the allowed, at least where it is not `known` how much was used before.
    """

    service: str
    share: float
    known: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A change as its neighbours in the calendar see it. `committed`: it is approved, or on its way since."""

    number: str
    title: str
    cis: tuple[CI, ...]
    window: Window
    implementers: frozenset[str] = frozenset()
    model: str = "normal"
    committed: bool = False

    def __post_init__(self) -> None:
        if not self.cis:
            raise Invalid(f"{self.number} works on nothing", where="cis")
