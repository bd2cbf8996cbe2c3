"""Events: what comes in from mail, monitors, the portal and the API, by rule made a record, or none. Pure.

The catalogue is a list of rules; the first that fits decides what an event is, how bad, and what is done. Events that
say the same within a window are one incident; one that says it is over resolves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cmdb.errors import DeclarationError
from cmdb.words.check import Value, described
from cmdb_processes.timing.conditions import ALWAYS, NEVER, Condition

SEVERITIES = ("critical", "major", "minor", "warning", "information")


class Do(StrEnum):
    """What is done with an event."""

    LOG = "log"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    INCIDENT = "incident"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Event:
    """What a source said: `fields` as it sent them, `ci` the CI that they were bound to, if to one."""

    source: str
    at: int
    fields: Mapping[str, Value]
    ci: str | None = None


@dataclass(frozen=True, slots=True)
class EventRule:
    """A line of the event catalogue: source and condition give class, severity, action and category.

    `key` are the fields by which two events are the same thing ("ci" is the CI they are bound to), `window` is how many
    seconds after the last of them another is still the same. `over` says when an event reports the end of it.
    `condition` is what an event says of its CI (down, degraded); `confirmed` events make it a present outage by
    themselves. `item` is the catalogue item that is requested; event fields of its questions' names are the answers.
    """

    name: str
    sentence: str
    source: str
    event_class: str
    severity: str
    do: Do
    category: str
    when: Condition = ALWAYS
    over: Condition = NEVER
    key: tuple[str, ...] = ("ci",)
    window: int = 3600
    condition: str | None = None
    confirmed: bool = False
    item: str | None = None

    def __post_init__(self) -> None:
        described(self.sentence, f"event rule {self.name}")
        if self.severity not in SEVERITIES:
            raise DeclarationError(f"event rule {self.name}: {self.severity!r} is none of {', '.join(SEVERITIES)}")
        if self.do is Do.REOPEN:
            raise DeclarationError(f"event rule {self.name}: what comes back is reopened by itself")
        if self.window < 0:
            raise DeclarationError(f"event rule {self.name}: its window is shorter than nothing")
        if (self.do is Do.REQUEST) != (self.item is not None):
            raise DeclarationError(f"event rule {self.name}: a request, and nothing else, is of a catalogue item")
        if self.confirmed and self.condition is None:
            raise DeclarationError(f"event rule {self.name} confirms an outage without its condition")
        if not self.key:
            raise DeclarationError(f"event rule {self.name}: name the fields by which two events are the same thing")


@dataclass(frozen=True, slots=True)
class Classified:
    """An event and what the catalogue makes of it; `rule` is None when no rule fits, which is counted, never lost."""

    event: Event
    rule: EventRule | None
    key: tuple[str, ...]
    do: Do


def classify(rules: Iterable[EventRule], event: Event) -> Classified:
    """What the first fitting rule says; an event that fits none is logged as unclassified."""
    for rule in rules:
        if rule.source != event.source:
            continue
        if rule.over.holds(event.fields):
            return Classified(event, rule, _key(rule, event), Do.RESOLVE)
        if rule.when.holds(event.fields):
            return Classified(event, rule, _key(rule, event), rule.do)
    return Classified(event, None, (), Do.LOG)


def _key(rule: EventRule, event: Event) -> tuple[str, ...]:
    known = {**event.fields, "ci": event.ci}
    return (rule.name, *("" if known.get(name) is None else str(known[name]) for name in rule.key))


@dataclass(frozen=True, slots=True)
class Known:
    """A record that events opened: the key they had, when the last of them came, whether it is open.

    One that is `restored` waits for somebody to say that it works.
    """

    number: str
    key: tuple[str, ...]
    last_at: int
    open: bool
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """What follows from an event: a new record, one more event of a known one, its resolution, or only the log."""

    do: Do
    number: str | None = None
    why: str = ""


def act(known: Sequence[Known], found: Classified) -> Act:
    """Decide among the records with the same key, newest first.

    Within the window of the last event it is one more of the same; also later, while that record is still open. An
    incident that was restored is not over if it comes back within the window: it is reopened. A late repeat of a closed
    one opens a new record. An end resolves what is open and is else only logged.
    """
    if found.rule is None:
        return Act(Do.LOG, why="no rule fits")
    same = sorted((one for one in known if one.key == found.key), key=lambda one: one.last_at, reverse=True)
    open_ = next((one for one in same if one.open), None)
    if found.do is Do.RESOLVE:
        return Act(Do.RESOLVE, open_.number, "it is over") if open_ else Act(Do.LOG, why="nothing of it is open")
    if found.do is Do.LOG:
        return Act(Do.LOG, why=f"rule {found.rule.name} only logs it")
    if open_ is not None:
        return Act(Do.LOG, open_.number, f"it is one more of {open_.number}")
    window = found.rule.window
    if same and found.event.at - same[0].last_at <= window:
        return _again(same[0], found.do, window)
    return Act(found.do, why=f"rule {found.rule.name}")


def _again(last: Known, do: Do, window: int) -> Act:
    if last.restored and do is Do.INCIDENT:
        return Act(Do.REOPEN, last.number, f"{last.number} is back within {window} s")
    return Act(Do.LOG, last.number, f"it follows {last.number} within {window} s")


@dataclass(frozen=True, slots=True)
class Binding:
    """How a source's events find their CI: event field and CI attribute in pairs, the surest first."""

    source: str
    keys: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """What it is found by."""
        return self.source

    def wanted(self, fields: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
        """What to ask the graph for, in order: attribute and value; what the event does not say is left out."""
        return tuple((attribute, str(fields[name])) for name, attribute in self.keys if fields.get(name))


@dataclass(frozen=True, slots=True)
class Bound:
    """The CI, or why there is none."""

    ci: str | None
    why: str
    candidates: tuple[str, ...] = field(default=())


def bind(answers: Iterable[tuple[str, str, Sequence[str]]]) -> Bound:
    """The CI by (attribute, value, ids found): the first that names exactly one. Never a guess among several."""
    several: tuple[str, ...] = ()
    tried = []
    for attribute, value, ids in answers:
        if len(ids) == 1:
            return Bound(ids[0], f"by {attribute} {value!r}")
        several = several or tuple(ids)
        tried.append(f"{attribute} {value!r} names {len(ids) or 'none'}")
    return Bound(None, "; ".join(tried) or "the event names no CI", several)
