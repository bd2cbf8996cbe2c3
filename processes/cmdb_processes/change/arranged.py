"""What a change is arranged by: the one door from this process to freezes, windows, teams, stand-ins and calendars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cmdb.errors import Forbidden, Refused
from cmdb.words import Principal, Role
from cmdb.words.record import Row
from cmdb_processes.approvals import Delegation, Groups
from cmdb_processes.arrangements import delegating, finder, reading
from cmdb_processes.arrangements.book import Book
from cmdb_processes.arrangements.nouns import SEAT_OF_TEAM, SEATS, StandIn
from cmdb_processes.change import answers
from cmdb_processes.change.conflicts import Freeze, Kind, conflicts
from cmdb_processes.change.nouns import CI, Planned
from cmdb_processes.change.window import Window
from cmdb_processes.timing.slots import Busy, Quiet, quiet
from cmdb_processes.timing.spans import Span, moment, text

Ask = Callable[..., dict[str, Any]]
Answer = Mapping[str, Any]
IN_THE_WAY = ("maintenanceWindows", "freezes")
"""What is arranged that a change can run into."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The freezes and maintenance windows that a change meets; `felt` are the services whose plans count too."""

    freezes: tuple[Freeze, ...] = ()
    maintenance: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    felt: tuple[CI, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    """All of it by number, as evidence keeps it."""


def plans(ask: Ask, change: Planned, services: Sequence[Answer]) -> Plans:
    """What holds for a change and the services it reaches in its window. One question, as a rule: see reading.book."""
    own = {ci.id for ci in change.cis}
    felt = tuple(ci for ci in map(answers.ci, services) if ci.id not in own)
    return _plans(reading.book(ask, [*own, *(ci.id for ci in felt)], IN_THE_WAY), change, felt)


def _plans(book: Book, change: Planned, felt: tuple[CI, ...]) -> Plans:
    concerned = [*{ci.id for ci in change.cis}, *(ci.id for ci in felt)]
    span = _span(change.window)
    frozen = book.freezes_at(span, concerned)
    windows = {ci: sorted(of, key=lambda one: one.number) for ci, of in book.windows_of(concerned).items()}
    named = {
        "freezes": [
            {"number": f.freeze.number, "name": f.freeze.name, "cis": list(f.cis), "from": text(f.span.start),
             "until": text(f.span.end)}
            for f in frozen
        ],
        "windows": {
            ci: [
                {"number": one.number, "name": one.window.name,
                 "times": [[text(s.start), text(s.end)] for s in one.window.within(span)]}
                for one in of
            ]
            for ci, of in windows.items()
        },
    }  # fmt: skip
    freezes = tuple(
        Freeze(_called(f.freeze.name, f.freeze.window.why), _window(f.span), frozenset(f.cis), f.freeze.number)
        for f in frozen
    )
    open_ = {ci: tuple(_window(s) for one in of for s in one.window.within(span)) for ci, of in windows.items()}
    return Plans(freezes, open_, felt, named)


def newly_in_the_way(ask: Ask, evidences: Sequence[Answer]) -> list[str]:
    """The numbers of the assessed changes that a freeze or a window stands in the way of which their evidence does not
    know: it was declared, moved or widened since. One question, as a rule, for all of them: see reading.book.
    """
    changes = [_assessed(one) for one in evidences]
    concerned = {ci.id for change, felt in changes for ci in (*change.cis, *felt)}
    book = reading.book(ask, concerned, IN_THE_WAY) if changes else Book()
    found = []
    for (change, felt), evidence in zip(changes, evidences, strict=True):
        known = {(one["kind"], one["sentence"]) for one in evidence["conclusion"]["conflicts"]}
        now = _plans(book, change, felt)
        stand = conflicts(change, (), {}, now.freezes, now.maintenance, now.felt)
        if any(one.blocks and (one.kind.value, one.sentence) not in known for one in stand):
            found.append(change.number)
    return found


def _assessed(evidence: Answer) -> tuple[Planned, tuple[CI, ...]]:
    """A change as its evidence has it, and the services that feel it."""
    inputs, impact = evidence["inputs"], evidence["answers"]["impact"]
    cis = tuple(map(answers.ci, impact["of"]))
    window = Window(*map(datetime.fromisoformat, inputs["window"]))
    own = {ci.id for ci in cis}
    felt = tuple(ci for ci in map(answers.ci, impact.get("services") or ()) if ci.id not in own)
    return Planned(inputs["number"], inputs["number"], cis, window), felt


def _called(name: str, why: str) -> str:
    return f"{name} ({why})" if why else name


def _span(window: Window) -> Span:
    return Span(int(window.start.timestamp()), int(window.end.timestamp()))


def _window(span: Span) -> Window:
    return Window(*(datetime.fromtimestamp(at, UTC) for at in (span.start, span.end)))


# --- when it could be ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Times:
    """When a change could be done as far as arrangements go: what is taken, what is allowed, whom it disturbs."""

    busy: tuple[Busy, ...]
    allowed: tuple[Span, ...] | None
    cost: Quiet | None


def times(ask: Ask, cis: Sequence[CI], services: Sequence[Answer], horizon: Span) -> Times:
    """What the free-slot finder goes by, of some CIs and the services that feel them."""
    concerned = list(dict.fromkeys([*(ci.id for ci in cis), *(str(one["id"]) for one in services)]))
    book = reading.book(ask, concerned, (*reading.FOR_CIS, "calendars"))
    taken = tuple(Busy(one.span, one.sentence) for one in book.freezes_at(horizon, concerned))
    calendars = book.calendars_for(concerned)
    return Times(taken, finder.allowed_in(book, concerned, horizon), quiet(*calendars) if calendars else None)


# --- who may say yes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voters:
    """Who sits on a seat beside those whose account has the right: members of its team, and stand-ins."""

    delegations: tuple[Delegation, ...] = ()
    teams: Groups = field(default_factory=dict)


def voters(ask: Ask, who: Principal, now: str) -> Voters:
    """Those whose vote `who` may give at a moment. One question; another if they stand in for somebody.

    Who has lost the right that was handed over is stood in for no more.
    """
    book = reading.book(ask, lists=reading.FOR_PEOPLE)
    at = moment(now)
    standing = [one for one in book.stand_ins if one.to == who.name and one.holds(at) and _seat(one) is not None]
    roles = {row["name"]: row["roles"] for row in _accounts(ask, {one.by for one in standing})}
    held = [one for one in standing if _holds(one, roles.get(one.by, ()), book.groups)]
    delegations = tuple(
        Delegation(one.by, one.to, text(one.span.end), frozenset({seat})) for one in held if (seat := _seat(one))
    )
    return Voters(delegations, {name: book.groups[name] for name in SEAT_OF_TEAM if name in book.groups})


def _seat(one: StandIn) -> str | None:
    return SEAT_OF_TEAM.get(one.role[1:]) if one.role.startswith("@") else one.role


def _accounts(ask: Ask, names: set[str]) -> list[Answer]:
    found: list[Answer] = ask(delegating.ACCOUNTS, names=sorted(names))["accountRoles"] if names else []
    return found


def _holds(one: StandIn, roles: Sequence[str], groups: Groups) -> bool:
    if one.role.startswith("@"):
        return bool(roles) and one.by in groups.get(one.role[1:], ())
    return bool({SEATS[one.role].value, Role.ADMIN.value} & set(roles))


# --- who may do it in spite of that ----------------------------------------------------------------------


def check_accepts(ask: Ask, clash: Row, who: Principal) -> None:
    """Forbidden, unless who takes a conflict upon them may: a freeze is overridden by whom it names, or an admin."""
    if clash["kind"] != Kind.FREEZE.value:
        if not who.may(Role.CHANGE_MANAGER):
            raise Forbidden(f"a conflict is accepted by a change manager, which {who.name} is not")
        return
    others = clash["others"]
    number = str(others[0]) if isinstance(others, tuple | list) and others else ""
    book = reading.book(ask, lists=("freezes", "supportGroups"))
    freeze = next((one for one in book.freezes if one.number == number), None)
    if freeze is None:
        raise Refused(f"{number} is in force no more: assess the change again")
    if not book.may_override(freeze, who):
        named = ", ".join([*sorted(freeze.override), "an admin"])
        raise Forbidden(f"{number} ({freeze.name}) may be overridden by {named}, not by {who.name}")
