"""Walking a device, bounded, and never silently short: what is missing from a Walk is said in its `cuts`.

A walk ends only where a GETNEXT (never a GETBULK, whose replies some devices cut short) leads out of the column. Names
must rise, so that no device can keep us in a circle; time and memory are counted per device, so that a broken one costs
no other anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from itertools import islice
from operator import lt
from typing import Protocol

from cmdb_agents.transports.snmp_ber import END_OF_VIEW, GETBULK, GETNEXT, Missing, Oid, Response, Run, SnmpValue
from cmdb_agents.transports.snmp_rows import Rows, after

TOO_BIG, NO_SUCH_NAME = 1, 2
ERRORS = ("noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess")
PROBED = 12
"""How many columns one GETNEXT asks about: their twelve answers fit the 484 bytes every device must manage."""
GIVE_UP = 3
"""After so many columns without any answer the device is taken to be gone."""
FULL = 1_280
"""Bytes of rows that fit one packet on any road; where rows are small, more are asked for until it is full."""
_FIRST = 32
"""Rows that the first question about a column asks for."""
_ROW = 300
"""Bytes that one row costs in memory beside its value."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one device may cost, and how it is asked."""

    seconds: float = 30.0
    memory: int = 64 * 2**20
    parallel: int = 4
    repetitions: int = 96  # rows a question, at most
    wait: float = 1.0  # for the first answer; doubled with each try
    tries: int = 3


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """Something that was not read, and why. `where` is an object identifier."""

    where: str
    why: str


class Silent(Exception):
    """A question went unanswered."""


class Spent(Exception):
    """The device has used up its time or memory."""


class Refuses(Exception):
    """The device answers, and will not talk to us: wrong user, wrong key, clocks apart."""


Follow = Callable[[Response], "tuple[Oid, int] | None"]
"""Takes an answer and says what to ask next, and for how many rows; or leaves the answer as it is, and says nothing."""


class Wire(Protocol):
    """One way to ask a device: versions 1 and 2c over our own messages, 3 through pysnmp."""

    bulk: bool  # whether it knows GETBULK

    async def ask(
        self, kind: int, oids: tuple[Oid, ...], repetitions: int, wait: float, follow: Follow | None = None
    ) -> Response:
        """One question, one answer; Silent when there is none within `wait` seconds.

        A wire that can may ask on as `follow` says, and give back only the first answer that it does not take.
        """
        ...


@dataclass(frozen=True, slots=True)
class Walk:
    """What a device said: values by object identifier, what was cut, and what it was asked.

    `contexts` are walks of the same device in another context, such as the forwarding table of one VLAN. Values are not
    shown: asyncio, by way of its signal handler, makes a text of every result, and that cost as much as decoding.
    """

    values: Mapping[Oid, SnmpValue] = field(repr=False)
    cuts: tuple[Cut, ...] = ()
    questions: int = 0
    contexts: Mapping[str, Walk] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.values, Rows):
            object.__setattr__(self, "values", Rows.of(self.values))

    def column(self, root: Oid) -> dict[Oid, SnmpValue]:
        """The values under a column by what follows its identifier, in the device's order."""
        assert isinstance(self.values, Rows)
        return self.values.column(root)

    def was_cut(self, root: Oid) -> bool:
        """Whether something under it is missing."""
        place = dotted(root)
        return any(f"{cut.where}.".startswith(f"{place}.") for cut in self.cuts)


def dotted(name: Oid) -> str:
    """1.3.6.1…"""
    return ".".join(map(str, name))


def oid(text: str) -> Oid:
    """The identifier that a text of numbers and dots stands for."""
    return tuple(map(int, text.strip(".").split(".")))


class _End(Enum):
    MORE = "the column goes on"
    OVER = "the device says that the column is over"
    BROKEN = "there is no going on"


@dataclass(slots=True)
class _Column:
    """Where the walk of a column stands. Pure: answers in, runs and oddities out."""

    root: Oid
    last: Oid
    odd: list[str] = field(default_factory=list)
    run: Run | None = None

    def plain(self, answer: Response, runs: list[Run]) -> bool:
        """Keep an answer that leaves no doubt: every row belongs to the column, and they rise. Else keep nothing."""
        if not answer.last:
            return False
        last = self.last
        for head, tails, _ in answer.runs:
            if not last < head + tails[0] or not all(map(lt, tails, islice(tails, 1, None))):
                return False
            last = head + tails[-1]
        if not last < after(self.root):
            return False
        self.last = last
        for run in answer.runs:
            self._keep(run, runs)
        return True

    def _keep(self, new: Run, runs: list[Run]) -> None:
        """What goes on as the run before ended becomes a part of it."""
        if self.run is not None and self.run[0] is new[0]:
            self.run[1].extend(new[1])
            self.run[2].extend(new[2])
        else:
            self.run = new
            runs.append(new)

    def take(self, answer: Response, runs: list[Run]) -> tuple[_End, int]:
        """Keep what belongs to the column, and how many rows that are."""
        names: list[Oid] = []
        told: list[SnmpValue] = []
        end = self._sift(answer.values, names, told)
        if names:
            self._keep(((), names, told), runs)
        return end, len(names)

    def _sift(self, rows: Iterable[tuple[Oid, SnmpValue]], names: list[Oid], told: list[SnmpValue]) -> _End:
        last, limit, got, self.odd = self.last, after(self.root), False, []
        for name, value in rows:
            got = True
            if last < name < limit:
                if not isinstance(value, Missing):
                    names.append(name)
                    told.append(value)
                elif value.tag == END_OF_VIEW:
                    break
                else:
                    self.odd.append(f"the device answered {value.word} at {dotted(name)}")
                last = name
                continue
            self.last = last
            # What stands behind the column is over; the last name again may be how the end of everything is told.
            if name >= limit or (isinstance(value, Missing) and value.tag == END_OF_VIEW):
                return _End.OVER
            self.odd.append(f"the device's names do not rise: {dotted(name)} after {dotted(last)}")
            return _End.BROKEN
        else:
            self.last = last
            return _End.MORE if got else _End.OVER
        self.last = last
        return _End.OVER


class Walker:
    """One device being read. Not to be used twice: its time runs from the first question."""

    def __init__(self, wire: Wire, bounds: Bounds, clock: Callable[[], float]) -> None:
        self._wire, self._bounds, self._clock = wire, bounds, clock
        self._until = clock() + bounds.seconds
        self._memory = bounds.memory
        self._repetitions = min(_FIRST, bounds.repetitions)
        self._at_once = asyncio.Semaphore(bounds.parallel)
        self._unanswered = 0
        self._runs: list[Run] = []
        self.cuts: set[Cut] = set()
        self.questions = 0
        self.refused = False

    async def columns(self, roots: Iterable[Oid]) -> None:
        """Walk each column, a few at a time; those that a GETNEXT proves empty cost no question of their own."""
        wanted = sorted(set(roots))
        chunks = [wanted[n : n + PROBED] for n in range(0, len(wanted), PROBED)]
        present = [root for found in await asyncio.gather(*map(self._present, chunks)) for root in found]
        await asyncio.gather(*map(self._column, present))

    def walk(self) -> Walk:
        """What was read so far."""
        return Walk(Rows(self._runs), tuple(sorted(self.cuts)), self.questions)

    # --- one column ----------------------------------------------------------------------------------------

    async def _present(self, roots: list[Oid]) -> list[Oid]:
        """Those that hold something, or of which that cannot be told from here."""
        if not self._wire.bulk or len(roots) == 1:  # one missing name makes version 1 refuse the whole question
            return roots
        async with self._at_once:
            try:
                answer = await self._ask(GETNEXT, lambda: tuple(roots), 0)
            except (Silent, Spent, Refuses):
                return roots  # each says for itself why it could not be read
        rows = answer.values
        if answer.error or len(rows) != len(roots):
            return roots
        return [root for root, (name, value) in zip(roots, rows, strict=True) if _within(root, name, value)]

    async def _column(self, root: Oid) -> None:
        async with self._at_once:
            try:
                self._going()
                await self._steps(_Column(root, root))
                self._unanswered = 0
            except Silent as silent:
                self._unanswered += 1
                self._cut(root, str(silent))
            except (Spent, Refuses) as end:
                self.refused = self.refused or isinstance(end, Refuses)
                self._cut(root, str(end))

    def _going(self) -> None:
        if self.refused:
            raise Refuses("not asked: the device had refused us")
        if self._unanswered >= GIVE_UP:
            raise Silent("not asked: the device had stopped answering")

    async def _steps(self, column: _Column) -> None:
        """Bulk by bulk; where a bulk says it is over, a single step has the last word."""
        single = not self._wire.bulk
        while True:
            if single:
                answer = await self._ask(GETNEXT, lambda: (column.last,), 0)
            else:
                answer = await self._ask(
                    GETBULK, lambda: (column.last,), self._repetitions, partial(self._follow, column)
                )
            if answer.error:
                if not single:
                    single = answer.error != TOO_BIG or self._repetitions == 1
                    self._repetitions = max(1, self._repetitions // 2)
                    continue
                if answer.error != NO_SUCH_NAME:
                    self._cut(column.root, f"the device answered {_error(answer.error)} after {dotted(column.last)}")
                return
            end, rows = column.take(answer, self._runs)
            self._spend(answer, rows)
            for why in column.odd:
                self._cut(column.root, why)
            if end is _End.BROKEN or (end is _End.OVER and single):
                return
            single = end is _End.OVER or not self._wire.bulk

    def _follow(self, column: _Column, answer: Response) -> tuple[Oid, int] | None:
        """What to ask after an answer in the middle of a column; everything else is looked at with care."""
        rows = sum([len(run[1]) for run in answer.runs])
        cost = _ROW * rows + answer.size
        if answer.error or cost > self._memory or self._clock() >= self._until:
            return None
        if not column.plain(answer, self._runs):
            return None
        self._memory -= cost
        self.questions += 1
        if self._repetitions < _FIRST:  # large replies were lost, or too much for the device
            return column.last, self._repetitions
        return column.last, max(_FIRST, min(self._bounds.repetitions, FULL * rows // answer.size))

    def _cut(self, root: Oid, why: str) -> None:
        self.cuts.add(Cut(dotted(root), why))

    # --- one question --------------------------------------------------------------------------------------

    async def _ask(
        self, kind: int, oids: Callable[[], tuple[Oid, ...]], repetitions: int, follow: Follow | None = None
    ) -> Response:
        tries, wait, asked = 0, self._bounds.wait, oids()
        while tries < self._bounds.tries:
            left = self._until - self._clock()
            if left <= 0:
                raise Spent(f"the {self._bounds.seconds:g} seconds for this device were over after {dotted(asked[0])}")
            self.questions += 1
            try:
                return await self._wire.ask(kind, asked, repetitions, min(wait, left), follow)
            except Silent:
                if oids() == asked:
                    tries, wait = tries + 1, 2 * wait
                else:  # answers were followed until one did not come: another question, at its first try
                    tries, wait, asked = 1, 2 * self._bounds.wait, oids()
                if kind == GETBULK and tries < self._bounds.tries:
                    # Large replies travel in fragments, and one lost fragment loses the reply.
                    repetitions = self._repetitions = max(1, min(repetitions, self._repetitions) // 4)
        raise Silent(f"no answer to {self._bounds.tries} tries after {dotted(asked[0])}")

    def _spend(self, answer: Response, rows: int) -> None:
        self._memory -= _ROW * rows + answer.size
        if self._memory < 0:
            raise Spent(f"the {self._bounds.memory // 2**20} MiB for this device were full")


def _error(number: int) -> str:
    return ERRORS[number] if 0 <= number < len(ERRORS) else f"error {number}"


def _within(root: Oid, name: Oid, value: SnmpValue) -> bool:
    return root < name < after(root) and not (isinstance(value, Missing) and value.tag == END_OF_VIEW)
