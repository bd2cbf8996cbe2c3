"""What an extension declares, each with the file and line it stands at."""

from __future__ import annotations

from dataclasses import dataclass, field

from cmdb.words import CIClass, RelationType
from cmdb.words.extension import MoreAttributes, MoreEnds

Declared = CIClass | RelationType | MoreAttributes | MoreEnds


@dataclass(slots=True)
class Found:
    """Declarations with their places, and every error, in the order they were met.

    left_out: names of declarations that are wrong: who names them makes no mistake of its own.
    """

    declared: list[tuple[Declared, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
