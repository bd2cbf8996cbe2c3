"""What a user's file adds to what is declared already."""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.errors import DeclarationError
from cmdb.words.attribute import Attribute


@dataclass(frozen=True, slots=True)
class MoreAttributes:
    """Attributes added to a class declared elsewhere."""

    cls: str
    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        if not self.attributes:
            raise DeclarationError(f"nothing is added to class {self.cls}")
        if wrong := [a.name for a in self.attributes if a.required]:
            # What is stored and reported today does not have it, and would be refused from one start to the next.
            raise DeclarationError(f"attributes added to {self.cls} cannot be required: {', '.join(wrong)}")


@dataclass(frozen=True, slots=True)
class MoreEnds:
    """Classes added at the ends of a relation declared elsewhere."""

    relation: str
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.sources and not self.targets:
            raise DeclarationError(f"no class is added to relation {self.relation}")
