"""Process records and the commands that move them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cmdb.errors import DeclarationError
from cmdb.words.attribute import Attribute
from cmdb.words.check import Value, described
from cmdb.words.people import Role


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of process record; its GraphQL type, list and history come from this declaration."""

    name: str
    plural: str
    prefix: str  # of its numbers: CHG gives CHG-1, CHG-2, …
    sentence: str
    states: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    shown: tuple[str, ...] = ()
    """Attributes that accounts kept to a view are told too: none that may tell of CIs their view does not show."""

    def __post_init__(self) -> None:
        described(self.sentence, f"record {self.name}")
        if unknown := set(self.shown) - {a.name for a in self.attributes}:
            raise DeclarationError(f"record {self.name} shows what it does not have: {', '.join(sorted(unknown))}")
        if not re.fullmatch(r"[A-Z]{2,5}", self.prefix):
            raise DeclarationError(f"prefix {self.prefix!r} of {self.name} is not 2 to 5 capitals")
        if taken := {"id", "number", "state", "rev", "history", "cis", "opened_by"} & {a.name for a in self.attributes}:
            raise DeclarationError(f"record {self.name} uses reserved names: {', '.join(sorted(taken))}")


@dataclass(frozen=True, slots=True)
class Record:
    """One process record as stored. `cis` are the ids of the CIs it is about; `rev` rises with each transition."""

    id: str
    number: str
    type: str
    state: str
    rev: int
    opened_by: str
    opened_at: str
    cis: tuple[str, ...]
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a process command concluded: the next state, the fields that change, and the line for the history."""

    state: str
    fields: Mapping[str, Value]
    reason: str
    cis: tuple[str, ...] | None = None  # given when a record is opened


@dataclass(frozen=True, slots=True)
class Command:
    """A process command: declared here, offered as a GraphQL mutation, decided by a pure-but-asking function.

    `decide(ask, record, arguments, actor, now)`: `ask(document, **variables)` puts a GraphQL question as the actor;
    `record` is None for a command that opens one; `now` is ISO 8601 UTC. It returns a Decision or raises.
    """

    name: str  # snake_case; the mutation is its camelCase
    sentence: str
    record: str
    arguments: tuple[Attribute, ...]
    roles: frozenset[Role]  # any one of these is enough
    opens: bool
    decide: Callable[..., Decision] = field(repr=False)

    def __post_init__(self) -> None:
        described(self.sentence, f"command {self.name}")
        if not self.roles:
            raise DeclarationError(f"command {self.name} has no policy: name the roles that may give it")


@dataclass(frozen=True, slots=True)
class Process:
    """An ITSM process as a package of data: its records and its commands."""

    name: str
    sentence: str
    records: tuple[RecordType, ...]
    commands: tuple[Command, ...]

    def __post_init__(self) -> None:
        described(self.sentence, f"process {self.name}")
        known = {r.name for r in self.records}
        for command in self.commands:
            if command.record not in known:
                raise DeclarationError(f"command {command.name} is about an unknown record {command.record}")
