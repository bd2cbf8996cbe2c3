"""One declared value of a CI or a record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from cmdb.errors import DeclarationError
from cmdb.words.check import SNAKE, AttributeType, described

SOURCES = ("override", "agent", "person", "import")
"""Kinds of source, best first: what a person overrides, what is seen, what a person wrote down, what was imported."""

_BEFORE_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One declared value: its type, its unit if it has one, and a sentence for people.

    `search` puts it into the full-text index; `index` gives it a lookup index of its own. A `volatile` value changes
    all the time: it is never versioned and never part of a fingerprint. `precedence` names the sources, strongest
    first, whose word wins; those it does not name come behind in their usual order. A `domain` name, or a mail
    address, is the same in any case and with or without the dot at its end, so it is kept in lower case without one; of
    a URL that holds for what stands before the path.
    """

    name: str
    type: AttributeType
    sentence: str
    unit: str | None = None
    search: bool = False
    index: bool = False
    required: bool = False
    volatile: bool = False
    precedence: tuple[str, ...] = ()
    domain: bool = False

    def one_form(self, text: str) -> str:
        """A text as it is kept: a domain name, a mail address and the host of a URL in lower case."""
        if not self.domain:
            return text
        host = _BEFORE_PATH.match(text)
        return (text.lower().rstrip(".") or text) if host is None else host[0].lower() + text[host.end() :]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not SNAKE.fullmatch(self.name):
            raise DeclarationError(f"attribute name {self.name!r} is not snake_case")
        if self.type not in get_args(AttributeType):
            raise DeclarationError(f"attribute {self.name} has unknown type {self.type!r}")
        described(self.sentence, f"attribute {self.name}")
        if self.unit is not None and self.type not in {"int", "float"}:
            raise DeclarationError(f"attribute {self.name} has a unit and is no number")
        if self.domain and self.type != "string":
            raise DeclarationError(f"attribute {self.name} is a domain name and no string")
        if unknown := set(self.precedence) - set(SOURCES):
            raise DeclarationError(f"attribute {self.name} prefers unknown sources {sorted(unknown)}")
        if self.volatile and (self.search or self.index or self.required):
            raise DeclarationError(f"attribute {self.name} is volatile: it cannot be searched, indexed or required")
