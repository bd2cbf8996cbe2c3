"""When could a change be done: free slots among changes, freezes and windows, each assessed before it is proposed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cmdb.words import Record
from cmdb_processes.change import answers
from cmdb_processes.change.arranged import times
from cmdb_processes.change.combined import combined
from cmdb_processes.change.conflicts import conflicts
from cmdb_processes.change.gather import joint, open_changes, own_change, take
from cmdb_processes.change.nouns import Impact, Planned
from cmdb_processes.change.questions import IMPACT
from cmdb_processes.change.window import Window
from cmdb_processes.timing.slots import Busy, Slot, free, nearest
from cmdb_processes.timing.spans import Span

Ask = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A slot with the verdict of an assessment in it; `blocked_by` is what the slot or the assessment says against."""

    window: Window
    slot: Slot
    blocked_by: tuple[str, ...]
    risk: str


def slots(ask: Ask, record: Record, now: datetime, days: int = 14, most: int = 3) -> tuple[Proposed, ...]:
    """The best slots within some days for as long as the window is; where none is free, those with least against them.

    They lie outside freezes and inside the maintenance windows of its CIs and of the services it reaches.

    Questions: one of what is arranged, those of an assessment for each slot, and one or a few for each approved change
    of that time.
    """
    answer = ask(IMPACT, of=list(record.cis))["impact"]
    own, alone = own_change(record, answer), answers.impact(answer)
    horizon = Window(now, now + timedelta(days=days))
    others = [one for one in open_changes(ask, own.number, horizon) if one.committed]
    span = Span(int(now.timestamp()), int(now.timestamp()) + days * 86_400)
    around = times(ask, own.cis, answer.get("services") or (), span)
    busy = [*around.busy, *(one for other in others for one in _busy(ask, own, other, alone))]
    seconds = int((own.window.end - own.window.start).total_seconds())
    found = free(seconds, span, busy, around.allowed, around.cost, most)
    found = found or nearest(seconds, span, busy, around.allowed, most)
    return tuple(_assessed(ask, record, slot) for slot in found)


def _busy(ask: Ask, own: Planned, other: Planned, alone: Impact) -> list[Busy]:
    """The window of another change, if the two could not be done at the same time."""
    here = replace(own, window=other.window)
    together = joint(ask, {own.number: here, other.number: other}, alone.sequence)
    impacts = {own.number: alone, other.number: together(frozenset({other.number}))}
    found = [*conflicts(here, [other], impacts), *combined(here, [other], together, impacts)]
    start, end = (int(at.timestamp()) for at in (other.window.start, other.window.end))
    return [Busy(Span(start, end), f"{one.kind}: {one.sentence}") for one in found if one.blocks][:1]


def _assessed(ask: Ask, record: Record, slot: Slot) -> Proposed:
    start, end = (datetime.fromtimestamp(at, UTC) for at in (slot.span.start, slot.span.end))
    window = {"window_start": start.isoformat(), "window_end": end.isoformat()}
    told = take(ask, replace(record, fields={**record.fields, **window})).assessment
    against = tuple(dict.fromkeys((*slot.blockers, *told.blocked_by)))
    return Proposed(Window(start, end), slot, against, told.risk.level.word)
