"""Declare, change and end: the three commands, and the end by itself, that every arrangement has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.errors import Refused
from cmdb.words import Attribute, Command, Decision, Effect, Principal, Record, RecordType, Role, Timer
from cmdb.words.process import Ask
from cmdb_processes.arrangements.records import ENDED, IN_FORCE
from cmdb_processes.steps import leads_to
from cmdb_processes.timing.spans import moment

MANAGERS = frozenset({Role.CHANGE_MANAGER})
CIS = Attribute("cis", "strings", "The ids of the CIs it is about; left out: as they are.")
REASON = Attribute("reason", "string", "Why, in one line.")


@dataclass(frozen=True, slots=True)
class Draft:
    """An arrangement as it would be: its fields and parts in the stored form, and its CIs."""

    fields: Mapping[str, Any]
    parts: Mapping[str, tuple[Mapping[str, Any], ...]]
    cis: tuple[str, ...]
    number: str | None = None  # None: it is new

    def text(self, name: str) -> str:
        """A field as text, "" if it has none."""
        return str(self.fields.get(name) or "").strip()

    def names(self, name: str) -> tuple[str, ...]:
        """A field as names, each once, none empty."""
        return tuple(dict.fromkeys(text for one in self.fields.get(name) or () if (text := str(one).strip())))


Check = Callable[[Ask, Draft, Principal, str], Draft]
"""What a kind makes of a draft: checked, with what follows from it filled in; Invalid, Refused or Forbidden."""


Allowed = Callable[[Record, Principal], None]
"""Whether somebody may end it; Forbidden says who may."""


def anybody(_record: Record, _who: Principal) -> None:
    """Who holds the roles of the command."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of arrangement is declared, changed and ended."""

    record: RecordType
    noun: str  # snake_case: of its commands
    arguments: tuple[Attribute, ...]
    check: Check
    parts: tuple[str, ...] = ()
    roles: frozenset[Role] = MANAGERS
    about: bool = True  # whether it names CIs
    may_end: Allowed = anybody

    @property
    def words(self) -> str:
        """As people say it."""
        return self.noun.replace("_", " ")


def commands(kind: Kind) -> tuple[Command, ...]:
    """declare_NOUN, change_NOUN, end_NOUN and, by time alone, expire_NOUN."""
    name, noun, words = kind.record.name, kind.noun, kind.words
    optional = tuple(Attribute(one.name, one.type, one.sentence) for one in kind.arguments)
    return (
        Command(
            f"declare_{noun}", f"Declare a {words}. {kind.record.sentence}", name, kind.arguments, kind.roles, True,
            _declare(kind), parts=kind.parts, cis_optional=True,
        ),
        Command(
            f"change_{noun}", f"Change a {words}: what is left out stays, what is empty goes.", name,
            (*optional, *((CIS,) if kind.about else ())), kind.roles, False, _change(kind), parts=kind.parts,
        ),
        Command(
            f"end_{noun}", f"End a {words} now.", name, (REASON,), kind.roles, False, _end(kind), stimulus="end"
        ),
        Command(
            f"expire_{noun}", f"The time of a {words} is over.", name, (), frozenset(), False, _expire,
            stimulus="end", system=True,
        ),
    )  # fmt: skip


def expires(kind: Kind) -> Timer:
    """The timer that ends those whose `until` is over. It looks at what is in force, which is little."""
    head, *tail = kind.record.plural.split("_")
    plural = head + "".join(part.capitalize() for part in tail)
    document = (
        f"query InForce($after: String) {{ {plural}(filter: {{ categories: [IN_PROGRESS] }}, order: OLDEST, first: 100,"
        " after: $after) { nodes { number until } pageInfo { hasNextPage endCursor } } }"
    )

    def due(ask: Ask, now: str) -> Iterator[Effect]:
        after = None
        while True:
            page = ask(document, after=after)[plural]
            for row in page["nodes"]:
                if row["until"] and moment(row["until"]) <= moment(now):
                    yield Effect(f"expire_{kind.noun}", row["number"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    return Timer(f"expire_{kind.noun}", f"A {kind.words} whose time is over ends.", due)


def _declare(kind: Kind) -> Callable[..., Decision]:
    def decide(ask: Ask, _record: None, given: Mapping[str, Any], who: Principal, now: str) -> Decision:
        fields, parts = _said(kind, given)
        draft = kind.check(ask, Draft(fields, parts, _ids(given.get("cis"))), who, now)
        kept = {name: value for name, value in draft.fields.items() if value not in _EMPTY}
        return Decision(IN_FORCE, kept, f"declared by {who.name}", cis=draft.cis, parts=draft.parts)

    return decide


def _change(kind: Kind) -> Callable[..., Decision]:
    def decide(ask: Ask, record: Record, given: Mapping[str, Any], who: Principal, now: str) -> Decision:
        if record.state != IN_FORCE:
            raise Refused(f"{record.number} has ended: declare another")
        fields, parts = _said(kind, given)
        cis = record.cis if given.get("cis") is None else _ids(given["cis"])
        draft = Draft({**record.fields, **fields}, {**record.parts, **parts}, cis, record.number)
        draft = kind.check(ask, draft, who, now)
        changed = {name: value for name, value in draft.fields.items() if value != record.fields.get(name)}
        kept = {name: None if value in _EMPTY else value for name, value in changed.items()}
        return Decision(record.state, kept, f"changed by {who.name}", cis=draft.cis, parts=draft.parts)

    return decide


def _end(kind: Kind) -> Callable[..., Decision]:
    ends = leads_to(ENDED, command="ended")

    def decide(ask: Ask, record: Record, given: Mapping[str, Any], who: Principal, now: str) -> Decision:
        kind.may_end(record, who)
        return ends(ask, record, given, who, now)

    return decide


_expire = leads_to(ENDED, reason="its time is over")
_EMPTY = (None, "", ())


def _said(kind: Kind, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was given of its arguments, and of its parts."""
    said = {name: value for name, value in given.items() if value is not None and name != "cis"}
    parts = {name: said.pop(name) for name in kind.parts if name in said}
    return said, parts


def _ids(given: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given or ()))
