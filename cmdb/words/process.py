"""An ITSM process as data: its record types, the models and lifecycles of each, commands, timers and notices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdb.errors import DeclarationError, Invalid, Refused
from cmdb.words.attribute import Attribute
from cmdb.words.check import described
from cmdb.words.people import Role
from cmdb.words.question import Download, Question
from cmdb.words.record import LINKS, PREFIX, Decision, Effect, LinkType, PartType, Record
from cmdb.words.record_lifecycle import RecordLifecycle, State

RESERVED_FIELDS = frozenset(
    {
        "id", "number", "type", "state", "category", "rev", "serial", "search", "history", "cis", "opened_by",
        "opened_at", "closed_at", "changed_at", "state_since", "owner", "model", "version", "waiting", "watchers",
        "flags", "notes", "links", "linked_from", "legal", "waiting_pauses", "lifecycle_version",
    }
)  # fmt: skip
"""What every record has; no record type may declare an attribute or part of that name."""


@dataclass(frozen=True, slots=True)
class Model:
    """A way of handling a record type (standard, normal, emergency …): it chooses the lifecycle.

    `lifecycles` are all versions, oldest first: new records take the last, each record keeps the one it began with.
    """

    name: str
    sentence: str
    lifecycles: tuple[RecordLifecycle, ...]

    def __post_init__(self) -> None:
        described(self.sentence, f"model {self.name}")
        versions = [lifecycle.version for lifecycle in self.lifecycles]
        if not versions or versions != sorted(set(versions)):
            raise DeclarationError(f"model {self.name} needs lifecycles with rising versions, oldest first")

    @property
    def current(self) -> RecordLifecycle:
        """What new records are opened under."""
        return self.lifecycles[-1]


@dataclass(frozen=True, slots=True)
class Notice:
    """Whom to tell of a transition: of these commands, or into these states.

    `tell`: owner, requester, watchers, `role:NAME` for all who hold a role, or an attribute that holds account names.
    `subject` and `text` may use {number}, {state}, {before}, {reason}, {by}, {type} and each attribute.
    """

    tell: tuple[str, ...]
    subject: str = "{number} is {state}: {reason}"
    text: str = "{type} {number} went from {before} to {state} by {by}: {reason}"
    commands: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.tell or not (self.commands or self.states):
            raise DeclarationError("a notice names whom to tell, and of which commands or states")

    def fits(self, command: str, before: str | None, state: str) -> bool:
        """Whether it is about this transition; a state counts when it is entered."""
        return command in self.commands or (state in self.states and state != before)


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of process record; its GraphQL type, list, filters, history and links come from this declaration."""

    name: str
    plural: str
    prefix: str  # of its numbers: CHG gives CHG-1, CHG-2, …
    sentence: str
    attributes: tuple[Attribute, ...]
    models: tuple[Model, ...]
    parts: tuple[PartType, ...] = ()
    links: tuple[LinkType, ...] = ()  # beside those every record may have
    notices: tuple[Notice, ...] = ()
    noted_by: frozenset[Role] = frozenset(
        {
            Role.ENGINEER, Role.CHANGE_MANAGER, Role.APPROVER_FINANCIAL, Role.APPROVER_TECHNICAL,
            Role.APPROVER_BUSINESS,
        }
    )  # fmt: skip
    """Who may add notes and watch it."""

    def __post_init__(self) -> None:
        described(self.sentence, f"record {self.name}")
        if not PREFIX.fullmatch(self.prefix):
            raise DeclarationError(f"prefix {self.prefix!r} of {self.name} is not 2 to 5 capitals")
        names = [*(a.name for a in self.attributes), *(p.name for p in self.parts)]
        if taken := RESERVED_FIELDS & set(names):
            raise DeclarationError(f"record {self.name} uses reserved names: {', '.join(sorted(taken))}")
        if len(set(names)) != len(names):
            raise DeclarationError(f"record {self.name} declares a field twice")
        if not self.models:
            raise DeclarationError(f"record {self.name} has no model: name one with its lifecycle")
        for state in self._all_states():
            if strange := {*state.required, *state.frozen} - {*names, "*", "cis"}:
                raise DeclarationError(f"state {state.name} of {self.name} names unknown fields {sorted(strange)}")

    def _all_states(self) -> list[State]:
        return [state for model in self.models for lifecycle in model.lifecycles for state in lifecycle.states]

    @property
    def states(self) -> tuple[str, ...]:
        """The names of all states in any model, in order of declaration."""
        return tuple(dict.fromkeys(state.name for state in self._all_states()))

    @property
    def link_types(self) -> dict[str, LinkType]:
        """All links it may have, by name."""
        return {link.name: link for link in (*LINKS, *self.links)}

    def model(self, name: str | None) -> Model:
        """The model of that name, the first one for None."""
        found = next((m for m in self.models if name in {None, m.name}), None)
        if found is None:
            raise Invalid(f"there is no model {name!r}; known are {', '.join(m.name for m in self.models)}")
        return found

    def lifecycle(self, record: Record) -> RecordLifecycle:
        """The version the record was opened under. Refused when nobody declares it any more."""
        for model in self.models:
            for lifecycle in model.lifecycles:
                if (model.name, lifecycle.version) == (record.model, record.version):
                    return lifecycle
        raise Refused(
            f"{record.number} was opened under version {record.version} of model {record.model!r},"
            " which is no longer declared: bring that version back"
        )


@dataclass(frozen=True, slots=True)
class Command:
    """A process command: declared here, offered as a GraphQL mutation, decided by a pure-but-asking function.

    `decide(ask, record, arguments, actor, now)`: `ask(document, **variables)` puts a GraphQL question as the actor;
    `record` is None for a command that opens one; `now` is ISO 8601 UTC. It returns a Decision or raises.

    `stimulus` names the step of the lifecycle it is: whether that is legal is checked before `decide` and where it led
    afterwards. Without one it leaves the state as it is. A `system` command is given by timers and effects alone.

    `turn(ask, arguments, actor, now)` is for one that decides by what others of it have written to other records: it
    says what those have in common (a key, or none) and what it found out, which `decide` is given as well; among the
    arguments are `cis` and `number`. Commands of one key are decided and written one after another, all others at once.
    """

    name: str  # snake_case; the mutation is its camelCase
    sentence: str
    record: str
    arguments: tuple[Attribute, ...]
    roles: frozenset[Role]  # any one of these is enough
    opens: bool
    decide: Callable[..., Decision] = field(repr=False)
    stimulus: str | None = None
    parts: tuple[str, ...] = ()  # parts of the record that may be given whole, each as a list of objects
    system: bool = False
    cis_optional: bool = False  # whether one that opens may be about no CI
    turn: Callable[..., tuple[str, Mapping[str, Any]]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        described(self.sentence, f"command {self.name}")
        if not self.roles and not self.system:
            raise DeclarationError(f"command {self.name} has no policy: name the roles that may give it")
        if self.roles and self.system:
            raise DeclarationError(f"command {self.name} is the system's: no role gives it")


Ask = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Timer:
    """What time does by itself: `due(ask, now)` says which commands are due at `now`, from what is stored alone.

    It is asked every sweep and after every start, so a command that was carried out must no longer be due. At most
    `most` of them are given in one sweep, the rest in the next.
    """

    name: str
    sentence: str
    due: Callable[[Ask, str], Iterable[Effect]] = field(repr=False)
    most: int = 100

    def __post_init__(self) -> None:
        described(self.sentence, f"timer {self.name}")


@dataclass(frozen=True, slots=True)
class Process:
    """An ITSM process as a package of data: its records, its commands, what time does to them, what it works out.

    `settings` are those of `cmdb.config` that it wants to know: each function is told the value when a server starts,
    and raises Misconfigured if it is not usable.
    """

    name: str
    sentence: str
    records: tuple[RecordType, ...]
    commands: tuple[Command, ...]
    timers: tuple[Timer, ...] = ()
    questions: tuple[Question, ...] = ()
    downloads: tuple[Download, ...] = ()
    settings: tuple[tuple[str, Callable[[Any], None]], ...] = ()

    def __post_init__(self) -> None:
        described(self.sentence, f"process {self.name}")
        known = {r.name: r for r in self.records}
        for command in self.commands:
            if command.record not in known:
                raise DeclarationError(f"command {command.name} is about an unknown record {command.record}")
            kind = known[command.record]
            if strange := set(command.parts) - {p.name for p in kind.parts}:
                raise DeclarationError(f"command {command.name} takes unknown parts {sorted(strange)}")
            stimuli = {s.stimulus for m in kind.models for lc in m.lifecycles for s in lc.steps}
            if command.stimulus is not None and command.stimulus not in stimuli:
                raise DeclarationError(f"command {command.name} is {command.stimulus!r}, which no step has")
        for kind in self.records:
            commands = {c.name for c in self.commands if c.record == kind.name}
            for notice in kind.notices:
                if strange := (set(notice.commands) - commands) | (set(notice.states) - set(kind.states)):
                    raise DeclarationError(f"a notice of {kind.name} names unknown {sorted(strange)}")
