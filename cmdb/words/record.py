"""Process records as stored, and what a command concludes about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cmdb.errors import DeclarationError, Invalid
from cmdb.words.attribute import Attribute
from cmdb.words.check import CAMEL, SNAKE, UPPER, Value, described
from cmdb.words.record_lifecycle import Category

Row = Mapping[str, Value]
"""One row of a part: values by attribute."""


@dataclass(frozen=True, slots=True)
class LinkType:
    """How a record may be linked: to CIs, to other records, or to both. `inverse` is the way back, for people."""

    name: str
    sentence: str
    inverse: str
    to: frozenset[Literal["ci", "record"]]

    def __post_init__(self) -> None:
        described(self.sentence, f"link {self.name}")
        if not UPPER.fullmatch(self.name) or not self.inverse or not self.to:
            raise DeclarationError(f"link {self.name!r} needs an UPPER_CASE name, an inverse and an end")


_CI: frozenset[Literal["ci", "record"]] = frozenset({"ci"})
_RECORD: frozenset[Literal["ci", "record"]] = frozenset({"record"})
AFFECTS = LinkType("AFFECTS", "It is about this CI, as somebody reported.", "affected by", _CI)
IMPACTS = LinkType("IMPACTS", "It reaches this CI, as computed; with the path.", "impacted by", _CI)
CAUSED_BY = LinkType("CAUSED_BY", "This is its cause.", "caused", _CI | _RECORD)
RESOLVES = LinkType("RESOLVES", "It ends what that record is about.", "resolved by", _RECORD)
CHILD_OF = LinkType("CHILD_OF", "It is part of that record.", "parent of", _RECORD)
FOLLOWS = LinkType("FOLLOWS", "It was opened because of that record.", "followed by", _RECORD)
DUPLICATES = LinkType("DUPLICATES", "It says what that record says already.", "duplicated by", _RECORD)
RELATES_TO = LinkType("RELATES_TO", "It has to do with that record.", "related to", _RECORD)
COVERED_BY = LinkType("COVERED_BY", "That agreement says what is owed.", "covers", _CI | _RECORD)
EVIDENCE_FOR = LinkType("EVIDENCE_FOR", "It proves that record.", "proven by", _RECORD)
LINKS = (
    AFFECTS, IMPACTS, CAUSED_BY, RESOLVES, CHILD_OF, FOLLOWS, DUPLICATES, RELATES_TO, COVERED_BY, EVIDENCE_FOR,
)  # fmt: skip
"""What every record may have; a record type may declare more."""


@dataclass(frozen=True, slots=True)
class RecordLink:
    """A link to a CI (its id) or another record (its number or id). `path`: ids on the way, of a computed one."""

    type: str
    to: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartType:
    """A declared sub-record, such as an approval or a task: rows that become objects in GraphQL, never strings."""

    name: str  # snake_case and plural: the field of the record
    type: str  # CamelCase: the GraphQL type of one row
    sentence: str
    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        described(self.sentence, f"part {self.name}")
        if not SNAKE.fullmatch(self.name) or not CAMEL.fullmatch(self.type) or not self.attributes:
            raise DeclarationError(f"part {self.name!r} needs a snake_case name, a CamelCase type and attributes")

    def checked(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """The rows with declared values only, each of its type; what is absent is left out."""
        return tuple(self._row(row, f"{self.name}[{n}]") for n, row in enumerate(rows))

    def _row(self, row: Row, where: str) -> Row:
        known = {attribute.name: attribute for attribute in self.attributes}
        if unknown := sorted(set(row) - set(known)):
            raise Invalid(f"has no {unknown[0]!r}", where=where)
        given = {name: value for name, value in row.items() if value is not None}
        for name, attribute in known.items():
            if name not in given and attribute.required:
                raise Invalid(f"needs {name}", where=where)
            if name in given and not isinstance(given[name], _KINDS[attribute.type]):
                raise Invalid(f"{name} is no {attribute.type}: {given[name]!r}", where=where)
        return given


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "datetime": str, "int": int, "float": (int, float), "boolean": bool, "strings": tuple,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One process record as stored. `cis` are the ids of the CIs it is about; `rev` rises with each transition.

    Times are ISO 8601 UTC. `owner` is never empty while it is open; `closed_at` is set while its state is done.
    """

    id: str
    number: str
    type: str
    state: str
    rev: int
    opened_by: str
    opened_at: str
    cis: tuple[str, ...]
    fields: Mapping[str, Value]
    owner: str = ""
    model: str = ""
    version: int = 1  # of the lifecycle it was opened under
    category: Category = Category.TO_DO
    state_since: str = ""
    changed_at: str = ""
    closed_at: str | None = None
    waiting: str | None = None  # the name of the reason, while it waits
    watchers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()  # what is illegal in a history that was imported
    parts: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.category is not Category.DONE

    def part(self, name: str) -> tuple[Row, ...]:
        """The rows of a part, none if there are none."""
        return self.parts.get(name, ())


@dataclass(frozen=True, slots=True)
class Effect:
    """A command that follows, on another record (by number) or opening one; decided and written with its cause.

    It is given as who gave the first command, or, `as_process`, as the process itself. `link` is how an opened record
    is linked to the one that caused it.
    """

    command: str
    number: str | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    cis: tuple[str, ...] = ()
    link: str | None = None
    as_process: bool = False


@dataclass(frozen=True, slots=True)
class GraphEffect:
    """A person's command on the graph that follows, such as retire_ci, with its arguments by name."""

    command: Literal["create_ci", "update_ci", "retire_ci", "link_cis", "unlink_cis", "override_attribute"]
    arguments: Mapping[str, Any]
    reason: str
    as_process: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a process command concluded: the next state, the fields that change, and the line for the history.

    Everything else is left as it is unless given: `cis` and each list in `parts` replace the whole, `links` are added
    after all links of the types in `clear` have been taken away.
    """

    state: str
    fields: Mapping[str, Value]
    reason: str
    cis: tuple[str, ...] | None = None
    owner: str | None = None
    waiting: str | None = None
    model: str | None = None  # when it is opened; the first declared one otherwise
    parts: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    links: tuple[RecordLink, ...] = ()
    clear: tuple[str, ...] = ()
    note: str | None = None
    watchers: tuple[str, ...] | None = None
    effects: tuple[Effect | GraphEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of a list: all given parts must hold. Times are ISO 8601 UTC; `from` counts, `before` does not."""

    states: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    owner: str | None = None
    opened_by: str | None = None
    model: str | None = None
    cis: tuple[str, ...] = ()  # about any of these
    opened_from: str | None = None
    opened_before: str | None = None
    closed_from: str | None = None
    closed_before: str | None = None
    state_before: str | None = None  # in its present state since before
    text: str | None = None  # every word of it occurs
    event_key: str | None = None  # opened by events of this key


PREFIX = re.compile(r"[A-Z]{2,5}")
