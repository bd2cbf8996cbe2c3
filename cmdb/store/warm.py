"""What Neo4j works out when it is asked something for the first time, worked out at the start: nothing of it stays."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cmdb.cypher.records import RecordPage
from cmdb.records import opened
from cmdb.store.commands import By
from cmdb.words import Command, Decision, RecordType
from cmdb.words.record import RecordLink, Wanted

if TYPE_CHECKING:
    from cmdb.store.facade import Store

NAME = "nothing"
_CATEGORIES = ("to do", "in progress", "waiting")


def warm(taken_back: Store, kind: RecordType, now: str) -> None:
    """Ask and write once what every record and every command needs; `taken_back` keeps nothing of what it writes.

    Neo4j plans a statement when it comes first, which takes a busy machine seconds for the large ones. A plan is kept
    by text, by the kinds of parameters, and by how large they are: hence a short name, and lists of none and of one.
    """
    taken_back.resolve(NAME, limit=2)
    taken_back.records(kind.name, Wanted(event_key=NAME * 3), first=11)
    taken_back.records(kind.name, Wanted(categories=_CATEGORIES, cis=(NAME,)), first=101)
    for several in (1, 2, 3):  # what is open, and what is arranged: lists of several types together
        taken_back.record_pages([RecordPage(kind.name, Wanted(categories=_CATEGORIES), "OLDEST", 51)] * several)
    taken_back.numbered([NAME])
    taken_back.histories([NAME])
    taken_back.links([NAME], ["CHILD_OF"], 101, None)
    taken_back.links([NAME], ["CHILD_OF"], 101, None, back=True)
    taken_back.together(lambda within: _commands(within, now))
    for linked, note in ((True, None), (False, None), (False, NAME)):  # each its own: others get a turn in between
        taken_back.together(partial(_step, kind=kind, now=now, linked=linked, note=note))


def _commands(within: Store, now: str) -> None:
    by = By("epicentre", now, NAME)
    ci = within.create_ci("BusinessService", NAME, {}, by).ci
    within.update_ci(ci, None, {"condition": "down"}, by)
    within.update_ci(ci, None, {"condition": None}, by)


def _step(within: Store, *, kind: RecordType, now: str, linked: bool, note: str | None) -> None:
    ci = within.create_ci("BusinessService", NAME, {}, By("epicentre", now, NAME)).ci
    links, cis = ((RecordLink("IMPACTS", ci),), (ci,)) if linked else ((), None)
    command = Command("rehearse", "Nothing, to be ready.", kind.name, (), frozenset(), True, _nothing, system=True)
    decision = Decision(kind.models[0].current.initial, {}, NAME, cis=cis, links=links, note=note)
    within.move(opened(kind, command, decision, "epicentre", now), now)


def _nothing() -> Decision:
    raise AssertionError("it is decided already")
