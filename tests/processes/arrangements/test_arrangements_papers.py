"""The board's papers: what is on the agenda, and what the minutes say of each."""

from typing import Any

import pytest

from cmdb.errors import Invalid
from cmdb.words import Category, Record
from cmdb_processes.arrangements import board, papers

HASH = "0123456789abcdef" * 4
POINTS = [
    {"number": "CHG-2", "title": "Patch web", "verdict": "CHG-2 is approvable", "evidence": HASH, "requester": "rita",
     "windowStart": "2126-12-01T22:00:00Z"},
    {"number": "CHG-1", "title": "Upgrade db", "verdict": None, "evidence": None, "requester": "emil",
     "windowStart": None},
]  # fmt: skip
MEETING: dict[str, Any] = {
    "number": "CAB-1", "name": "weekly", "state": "agenda frozen", "start": "2126-11-30T09:00:00Z",
    "end": "2126-11-30T10:00:00Z", "place": "room 4", "cis": [{"name": "webshop"}], "members": ["tina", "fred"],
    "present": None, "minutes": None, "agenda": POINTS, "rulings": [],
}  # fmt: skip


def test_the_agenda_says_who_wants_what_and_how_it_stands() -> None:
    """In the order it was frozen, with verdict and evidence where there are any; one not frozen yet says so."""
    assert papers.agenda(MEETING) == [
        "Agenda of CAB-1 weekly, about webshop: 2126-11-30T09:00:00Z to 2126-11-30T10:00:00Z, room 4",
        "Invited: tina, fred",
        "1. CHG-2 Patch web, asked for by rita, work begins 2126-12-01T22:00:00Z",
        "   CHG-2 is approvable",
        "   evidence 0123456789abcdef",
        "2. CHG-1 Upgrade db, asked for by emil",
    ]
    bare = {**MEETING, "place": None, "cis": [], "agenda": []}
    assert papers.agenda(bare) == [
        "Agenda of CAB-1 weekly: 2126-11-30T09:00:00Z to 2126-11-30T10:00:00Z",
        "Invited: tina, fred",
        "It is not frozen yet.",
    ]


def test_the_minutes_say_what_was_decided_and_why() -> None:
    """A ruling on each, on which evidence, and what was said; of a meeting that was not held there are none."""
    assert papers.minutes(MEETING)[-1] == "There are none: it is agenda frozen."
    rulings = [
        {"number": "CHG-2", "decision": "approve", "reason": None, "evidence": HASH},
        {"number": "CHG-1", "decision": "defer", "reason": "not assessed", "evidence": None},
    ]
    held = {**MEETING, "state": "held", "present": ["tina"], "minutes": "Short.\nWe met.", "rulings": rulings}
    assert papers.minutes(held)[1:] == [
        "Present: tina",
        "1. CHG-2 approved: Patch web",
        "   on evidence 0123456789abcdef",
        "2. CHG-1 deferred: Upgrade db",
        "   because not assessed",
        "Short.",
        "We met.",
    ]


RECORD = Record(
    "rec_1", "CAB-1", "CabMeeting", "agenda frozen", 1, "clara", "2126-11-01T00:00:00Z", (), {},
    category=Category.IN_PROGRESS, parts={"agenda": ({"number": "CHG-1", "evidence": HASH}, {"number": "CHG-2"})},
)  # fmt: skip


@pytest.mark.parametrize(
    ("rulings", "why"),
    [
        ([{"number": "CHG-1", "decision": "approve"}], "CHG-2 has no ruling: approve, reject or defer it"),
        ([{"number": "CHG-7", "decision": "approve"}], "CHG-7 is not on the agenda"),
        ([{"number": "CHG-1", "decision": "approve"}] * 2, "CHG-1 is decided twice"),
        ([{"number": "CHG-1", "decision": "reject"}], "say why to reject CHG-1"),
        ([{"number": "CHG-1", "decision": "defer", "reason": " "}], "say why to defer CHG-1"),
        ([{"number": "CHG-1", "decision": "maybe"}], "'maybe' is none of approve, reject, defer"),
        ([{"number": "CHG-1", "decision": "approve", "evidence": "ffff"}], "lay on the table with evidence 0123"),
    ],
)
def test_minutes_that_are_not_whole_are_refused(rulings: list[dict[str, Any]], why: str) -> None:
    """One ruling on each change of the agenda, on the evidence that was there, and a no has its reason."""
    with pytest.raises(Invalid, match=why):
        board.ruled(RECORD, tuple(rulings))


def test_whole_minutes_follow_the_order_of_the_agenda() -> None:
    """However they were given; evidence is taken from the agenda."""
    given = ({"number": "CHG-2", "decision": "defer", "reason": "no"}, {"number": "CHG-1", "decision": "approve"})
    assert [(one.number, one.evidence) for one in board.ruled(RECORD, given)] == [("CHG-1", HASH), ("CHG-2", "")]
