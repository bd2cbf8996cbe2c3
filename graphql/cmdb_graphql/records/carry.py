"""A process command carried out: decided with all that follows from it, then written in one transaction.

A decision is pure, so when somebody was faster it is simply taken again on what is true now; who named the revision
they decided on is told instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from cmdb import records
from cmdb.applier import utc_now
from cmdb.errors import Conflict, DeclarationError, Forbidden, Overloaded, Refused, UnknownName
from cmdb.records import Move
from cmdb.store import By, Store
from cmdb.words import Command, Effect, GraphEffect, Principal, Process, Record, RecordLink, RecordType, Role, Value
from cmdb.words.people import OWN
from cmdb_graphql.client import LocalClient
from cmdb_graphql.records.built_in import commands_of
from cmdb_graphql.records.turns import Turns
from cmdb_graphql.services import Services

TRIES = 10
"""How often a command is decided anew because somebody was faster."""
_TURNS = Turns()
MOST = 500
"""Steps that one command may bring about."""


def system(process: Process) -> Principal:
    """Who a process acts as by itself."""
    return Principal(f"{OWN}{process.name}", frozenset(Role))


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is still to be decided; `cause` is the place of the step it follows from."""

    effect: Effect | GraphEffect
    who: Principal
    cause: int | None = None
    rev: int | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A decided step of a record or of the graph."""

    do: Move | GraphEffect
    who: Principal
    cause: int | None
    link: str | None = None


class Carrying:
    """Carries out commands of all processes, as somebody; what is decided after their `patience` is not written."""

    def __init__(
        self, services: Services, who: Principal, clock: Callable[[], str] = utc_now, patience: float | None = None
    ) -> None:
        self._services, self._who, self._clock = services, who, clock
        self._until = None if patience is None else monotonic() + patience
        self._known: dict[str, tuple[Process, Command, RecordType]] = {}
        for process in services.processes.values():
            kinds = {kind.name: kind for kind in process.records}
            built_in = (do for kind in process.records for do in commands_of(kind))
            self._known |= {do.name: (process, do, kinds[do.record]) for do in (*process.commands, *built_in)}

    def give(
        self, name: str, number: str | None, arguments: Mapping[str, Value], cis: tuple[str, ...] = (),
        rev: int | None = None,
    ) -> Record:  # fmt: skip
        """Give one command; its record as it is then. Asks questions, so not on the server's event loop."""
        return self.follow(Effect(name, number, arguments, cis), rev)

    def follow(self, effect: Effect, rev: int | None = None) -> Record:
        """The same for a command that a timer or another step names."""
        turn = self._command(effect.command).turn
        if turn is None:
            return self._follow(effect, rev)
        ask = LocalClient(self._services, self._who).ask
        given = {**effect.arguments, "cis": effect.cis, "number": effect.number}
        key, found = turn(ask, given, self._who, self._clock())
        with _TURNS.of(key):
            return self._follow(replace(effect, arguments={**effect.arguments, **found}), rev)

    def _follow(self, effect: Effect, rev: int | None) -> Record:
        for left in reversed(range(TRIES)):
            now = self._clock()
            planned, seen = self._decide(Asked(effect, self._who, None, rev), now)
            self._check_time()
            try:
                return self._services.commands.together(lambda store: _write(store, planned, now))  # noqa: B023
            except Conflict as conflict:
                # A rule's no is final; a revision that is gone is decided anew, unless it was named.
                if isinstance(conflict, Refused) or rev is not None or not left or not self._moved(seen):
                    raise
                continue
        raise AssertionError("the last try returns or raises")

    def _check_time(self) -> None:
        """Write nothing for somebody who has been told that it took too long."""
        if self._until is not None and monotonic() > self._until:
            raise Overloaded("the command took too long and was not carried out", retry_after=5.0)

    # --- deciding ------------------------------------------------------------------------------------------

    def _decide(self, first: Asked, now: str) -> tuple[list[Planned], dict[str, Record]]:
        """Every step in the order it is written, and the records as they were read, by number."""
        queue, planned = deque([first]), list[Planned]()
        seen: dict[str, Record] = {}
        known: dict[str, Record] = {}  # as they will be after the steps so far
        while queue:
            asked = queue.popleft()
            if len(planned) >= MOST:
                raise Refused(f"this would bring about more than {MOST} steps: do it in parts")
            if isinstance(asked.effect, GraphEffect):
                if not asked.who.may(Role.ENGINEER):
                    raise Forbidden(f"{asked.effect.command} needs the role {Role.ENGINEER}")
                planned.append(Planned(asked.effect, asked.who, asked.cause))
                continue
            process, move = self._one(asked, now, seen, known)
            planned.append(Planned(move, asked.who, asked.cause, asked.effect.link))
            if move.before is not None:
                known[move.after.number] = move.after
            mine = len(planned) - 1
            for effect in move.follows:
                as_process = effect.as_process or (isinstance(effect, Effect) and self._command(effect.command).system)
                queue.append(Asked(effect, system(process) if as_process else asked.who, mine))
        return planned, seen

    def _one(self, asked: Asked, now: str, seen: dict[str, Record], known: dict[str, Record]) -> tuple[Process, Move]:
        effect, who = asked.effect, asked.who
        assert isinstance(effect, Effect)
        do = self._command(effect.command)
        process, _, kind = self._known[do.name]
        if asked.cause is not None and not do.system and not do.roles & who.roles:
            raise Forbidden(f"{do.name} needs the role {' or '.join(sorted(do.roles))}")
        ask = LocalClient(self._services, who).ask
        if do.opens:
            arguments = {**effect.arguments, "cis": effect.cis}
            return process, records.opened(kind, do, do.decide(ask, None, arguments, who, now), who.name, now)
        if effect.number is None:
            raise DeclarationError(f"{do.name} is about a record: name its number")
        record = known.get(effect.number)
        if record is None:
            record = self._services.store.record(kind.name, effect.number)
            record = known.get(record.number, record)
            seen.setdefault(record.number, record)
        if record.type != kind.name:
            raise UnknownName(f"there is no {kind.name} {effect.number!r}")
        records.check_rev(record, asked.rev)
        records.check_step(kind, record, do)
        decision = do.decide(ask, record, effect.arguments, who, now)
        return process, records.moved(kind, record, do, decision, who.name, now)

    def _command(self, name: str) -> Command:
        if name not in self._known:
            raise DeclarationError(f"there is no command {name!r}")
        return self._known[name][1]

    def _moved(self, seen: Mapping[str, Record]) -> bool:
        """Whether any of these records has another revision by now."""
        current = self._services.store.numbered(seen)
        return any(number not in current or current[number].rev != record.rev for number, record in seen.items())


def _write(store: Store, planned: list[Planned], now: str) -> Record:
    """Every step, in the one transaction of `store`."""
    written: list[Record | None] = []
    for one in planned:
        if isinstance(one.do, GraphEffect):
            _command(store, one.do, one.who, now)
            written.append(None)
            continue
        move = one.do
        if one.link is not None and one.cause is not None and (cause := written[one.cause]) is not None:
            move = replace(move, cause=RecordLink(one.link, cause.id))
        written.append(store.move(move, now))
    first = written[0]
    assert first is not None
    return first


def _command(store: Store, effect: GraphEffect, who: Principal, now: str) -> None:
    do: Callable[..., Any] = getattr(store, effect.command)
    do(**effect.arguments, by=By(who.name, now, effect.reason))
