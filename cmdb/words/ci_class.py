"""A class of configuration item and how its members are recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cmdb.errors import DeclarationError
from cmdb.words.attribute import Attribute
from cmdb.words.check import CAMEL, PERSONAL, RESERVED, SNAKE, described
from cmdb.words.lifecycle import DISCOVERED, LOGICAL, Lease, Lifecycle
from cmdb.words.once import Remembering, once


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """One way to recognise a CI: all `keys` together must match. Rules are tried in their order, strongest first.

    Texts are compared in any case, unless the rule is `exact`: where those who give such names tell cases apart.
    """

    name: str
    keys: tuple[str, ...]
    exact: bool = False

    def __post_init__(self) -> None:
        if not self.keys:
            raise DeclarationError(f"identity rule {self.name} has no keys")
        if len(set(self.keys)) != len(self.keys):
            raise DeclarationError(f"identity rule {self.name} names a key twice")


LOCAL_KEY = IdentityRule("parent and local key", ("parent", "key"))
"""How a thing inside a host is recognised: by its parent and a key unique there."""

SEEN_ON_HOST = IdentityRule("host that saw it and local key", ("parent", "key"))
"""How a thing is recognised that a host reports as its own and that may as well stand alone, where people write it."""


@dataclass(frozen=True, slots=True)
class CIClass(Remembering):
    """A class of configuration item; from this declaration come constraint, index, ingest check and GraphQL type.

    `contained_by` names the relation to its parent (direction dependent → dependency) when it lives inside a host.
    `kind_of` names the class it is a special case of: it has that one's attributes too, its identity rules when it
    declares none, and both labels in the graph. `owner` is the role that answers for the data, `retention_days` how
    long the history of a retired member is kept. `ruled` is no part of a declaration: it is what policies say
    of attributes, by name: whose word wins, as kinds of source and sources by name, best first.
    """

    name: str
    plural: str
    sentence: str
    attributes: tuple[Attribute, ...]
    identity: tuple[IdentityRule, ...] = ()
    contained_by: str | None = None
    kind_of: str | None = None
    owner: str = "infrastructure"
    lease: Lease = DISCOVERED
    lifecycle: Lifecycle = LOGICAL
    retention_days: int = 730
    ruled: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        self._check_names()
        if not self.identity and not self.kind_of:
            raise DeclarationError(f"class {self.name} has no identity rule: it could never be recognised again")
        if self.retention_days < 1:
            raise DeclarationError(f"class {self.name} keeps its history for {self.retention_days} days: at least 1")
        if not SNAKE.fullmatch(self.owner):
            raise DeclarationError(f"owner {self.owner!r} of class {self.name} is not a role in snake_case")
        if not self.kind_of:
            self.check_identity()

    def _check_names(self) -> None:
        if not CAMEL.fullmatch(self.name):
            raise DeclarationError(f"class name {self.name!r} is not CamelCase")
        if not SNAKE.fullmatch(self.plural):
            raise DeclarationError(f"plural {self.plural!r} of {self.name} is not snake_case")
        described(self.sentence, f"class {self.name}")
        names = [a.name for a in self.attributes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DeclarationError(f"class {self.name} declares {', '.join(twice)} twice")
        if taken := (RESERVED | PERSONAL) & set(names):
            raise DeclarationError(f"class {self.name} uses reserved names: {', '.join(sorted(taken))}")
        if self.kind_of == self.name:
            raise DeclarationError(f"class {self.name} is a kind of itself")

    def check_identity(self) -> None:
        """Refuse identity rules about values that no member could have."""
        known = {a.name for a in self.attributes if not a.volatile} | {"parent", "key", "node", "name"}
        for rule in self.identity:
            if unknown := set(rule.keys) - known:
                raise DeclarationError(f"identity rule {rule.name!r} of {self.name} names unknown {sorted(unknown)}")

    def attribute(self, name: str) -> Attribute | None:
        """The declared attribute of that name, or None."""
        return attributes_by_name(self).get(name)

    def under(self, general: CIClass) -> CIClass:
        """This class with all it has from the class it is a kind of."""
        if twice := {a.name for a in self.attributes} & {a.name for a in general.attributes}:
            raise DeclarationError(
                f"class {self.name} declares {sorted(twice)} again, which {general.name} has already"
            )
        whole = replace(
            self,
            attributes=(*general.attributes, *self.attributes),
            identity=self.identity or general.identity,
            contained_by=self.contained_by or general.contained_by,
        )
        whole.check_identity()
        return whole


@once
def attributes_by_name(cls: CIClass) -> Mapping[str, Attribute]:
    """The declared attributes of a class by name, in their order."""
    return {attribute.name: attribute for attribute in cls.attributes}


@once
def required(cls: CIClass) -> tuple[str, ...]:
    """The attributes that every member must have."""
    return tuple(attribute.name for attribute in cls.attributes if attribute.required)


@once
def volatile(cls: CIClass) -> tuple[str, ...]:
    """The attributes that change all the time."""
    return tuple(attribute.name for attribute in cls.attributes if attribute.volatile)


@once
def searched(cls: CIClass) -> tuple[str, ...]:
    """The attributes that the full-text index has."""
    return tuple(attribute.name for attribute in cls.attributes if attribute.search)
