"""What is declared and what a user adds, as one; every contradiction is found, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cmdb.errors import DeclarationError, Misconfigured
from cmdb.extensions.found import Found
from cmdb.words import ANY, Attribute, CIClass, RelationType
from cmdb.words.extension import MoreAttributes, MoreEnds

TAKEN = frozenset({
    "CI", "Scope", "Change", "Version", "Applied", "Journal", "Record", "StateEvent", "IdentityConflict", "Migration",
    "Numbering", "Query", "Mutation", "Subscription", "PlainCI", "Claim", "User", "Token", "Agent", "Status",
    "ChangeRequest", "Dependency", "Order", "PageInfo", "Impact", "Conflict", "JournalEntry",
})  # fmt: skip
"""Labels of the graph and types of the schema that are no classes."""


def merge(
    classes: Mapping[str, CIClass], relations: Mapping[str, RelationType], found: Found
) -> tuple[dict[str, CIClass], dict[str, RelationType]]:
    """Both catalogues in one; Misconfigured lists every error of the extension, a line each."""
    merged = _Merge(dict(classes), dict(relations), list(found.errors), {*found.left_out})
    for kind in (CIClass, RelationType, MoreAttributes, MoreEnds):
        for one, place in found.declared:
            if isinstance(one, kind):
                merged.add(one, place)
    for one, place in found.declared:
        merged.check(one, place)
    if merged.errors:
        count = len(merged.errors)
        title = f"the extension of the catalogue has {count} error{'s' * (count > 1)}:"
        raise Misconfigured("\n".join([title, *merged.errors]))
    return merged.classes, merged.relations


class _Merge:
    def __init__(
        self, classes: dict[str, CIClass], relations: dict[str, RelationType], errors: list[str], left_out: set[str]
    ) -> None:
        self.classes, self.relations, self.errors, self._left_out = classes, relations, errors, left_out
        self._plurals = {c.plural: c.name for c in classes.values()}

    def add(self, one: object, place: str) -> None:
        """Take one declaration, or note why not."""
        try:
            match one:
                case CIClass():
                    self._class(one)
                case RelationType():
                    self._relation(one)
                case MoreAttributes():
                    self._attributes(one)
                case MoreEnds():
                    self._ends(one)
        except DeclarationError as error:
            self.errors.append(f"{place}: {error.message}")
            self._left_out.add(getattr(one, "name", ""))

    def _class(self, one: CIClass) -> None:
        if one.name in self.classes or one.name in TAKEN:
            raise DeclarationError(f"the name {one.name} is taken already")
        if one.plural in self._plurals:
            raise DeclarationError(f"the plural {one.plural} of {one.name} is that of {self._plurals[one.plural]}")
        self._plurals[one.plural] = one.name
        self.classes[one.name] = one

    def _relation(self, one: RelationType) -> None:
        if one.name in self.relations:
            raise DeclarationError(f"relation {one.name} is declared already")
        self.relations[one.name] = one

    def _attributes(self, one: MoreAttributes) -> None:
        if one.cls in self._left_out:
            return
        if one.cls not in self.classes:
            raise DeclarationError(f"there is no class {one.cls} to extend")
        cls = self.classes[one.cls]
        self.classes[one.cls] = replace(cls, attributes=(*cls.attributes, *one.attributes))

    def _ends(self, one: MoreEnds) -> None:
        if one.relation in self._left_out:
            return
        if one.relation not in self.relations:
            raise DeclarationError(f"there is no relation {one.relation} to extend")
        have = self.relations[one.relation]
        self.relations[one.relation] = replace(
            have, sources=(*have.sources, *one.sources), targets=(*have.targets, *one.targets)
        )

    def check(self, one: object, place: str) -> None:
        """Note every name of a declaration that nothing answers to, once all are known."""
        match one:
            case CIClass():
                if one.kind_of and one.kind_of not in {*self.classes, *self._left_out}:
                    self.errors.append(f"{place}: class {one.name} is a kind of unknown class {one.kind_of}")
                if one.contained_by and one.contained_by not in {*self.relations, *self._left_out}:
                    self.errors.append(f"{place}: class {one.name} is contained by unknown {one.contained_by}")
                self._types(one.attributes, place)
            case MoreAttributes():
                self._types(one.attributes, place)
            case RelationType() | MoreEnds():
                for name in sorted({*one.sources, *one.targets} - {*self.classes, *self._left_out, ANY}):
                    self.errors.append(f"{place}: there is no class {name}")

    def _types(self, attributes: tuple[Attribute, ...], place: str) -> None:
        """One attribute name has one type everywhere, so that one question can ask several classes for it."""
        known = {a.name: (a.type, c.name) for c in self.classes.values() for a in c.attributes if a not in attributes}
        for attribute in attributes:
            name, kind = attribute.name, attribute.type
            if name in known and known[name][0] != kind:
                self.errors.append(f"{place}: attribute {name} is {kind} here and {known[name][0]} in {known[name][1]}")
