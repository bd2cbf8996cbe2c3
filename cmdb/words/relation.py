"""A typed edge between classes, and how failure travels along it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cmdb.errors import DeclarationError
from cmdb.words.check import UPPER, described

ANY = "CI"
"""As an end of a relation: a member of whichever class."""


class Failure(StrEnum):
    """How a failure of the dependency travels to the dependent along a relation."""

    HARD = "hard"  # dependency down → dependent down
    SOFT = "soft"  # dependency down → dependent degraded at worst
    NEVER = "never"  # recorded, and carries no failure


class Needs(StrEnum):
    """Of several dependencies of one CI by the relation: which of them it needs."""

    ALL = "all"  # each of them, on its own
    SHARE = "share"  # they share the work: one is enough to live, all are needed to be whole
    SPARE = "spare"  # they stand in for each other: one is enough to be whole


class Cardinality(StrEnum):
    """How many open edges one end may have: dependents to dependencies."""

    MANY_TO_MANY = "many to many"
    MANY_TO_ONE = "many to one"  # a dependent has at most one such dependency
    ONE_TO_ONE = "one to one"


@dataclass(frozen=True, slots=True)
class RelationType:
    """A typed edge, always dependent → dependency; failure travels against the arrow, as `failure` and `needs` say."""

    name: str
    sentence: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    failure: Failure
    cardinality: Cardinality = Cardinality.MANY_TO_MANY
    needs: Needs = Needs.ALL

    def __post_init__(self) -> None:
        if not UPPER.fullmatch(self.name):
            raise DeclarationError(f"relation name {self.name!r} is not UPPER_CASE")
        described(self.sentence, f"relation {self.name}")
        if not self.sources or not self.targets:
            raise DeclarationError(f"relation {self.name} needs classes at both ends")
        for ends in (self.sources, self.targets):
            if len(set(ends)) != len(ends):
                raise DeclarationError(f"relation {self.name} names a class twice at one end")
