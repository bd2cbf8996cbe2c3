"""Approvals: who may vote, what counts, and when it falls. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import DeclarationError, EpicentreError, Forbidden, Invalid, Refused
from cmdb.words import Principal, Role
from cmdb_processes.approvals import (
    PART,
    Ballot,
    Delegation,
    Panel,
    Quorum,
    Seat,
    Vote,
    cast,
    fallen,
    outcome,
    rows,
    votes,
)

NOW = "2026-11-01T12:00:00.000Z"
GROUPS = {"network": ("nils", "nora", "ned"), "approver-technical": ("tina",)}
MONEY, TECH = Seat("financial", frozenset({"fay", "fred"})), Seat("technical", right=Role.APPROVER_TECHNICAL)
BOARD = Seat("board", frozenset({"@network"}), quorum=Quorum("60%"), veto=False)
PANEL = Panel((MONEY, TECH, BOARD))
BALLOT = Ballot("rita", "hash-1", NOW, groups=GROUPS)


def who(name: str, *roles: Role) -> Principal:
    """Somebody with these roles, and what everybody has."""
    return Principal(name, frozenset({Role.VIEWER, Role.READER, *roles}))


TINA = who("tina", Role.APPROVER_TECHNICAL)


def voted(ballot: Ballot, name: str, role: str, yes: bool = True, panel: Panel = PANEL) -> Ballot:
    """The ballot with one vote more."""
    person = TINA if name == "tina" else who(name)
    return replace(ballot, votes=(*ballot.votes, cast(panel, ballot, person, role, yes, "because")))


@pytest.mark.parametrize(
    ("text", "members", "needed"),
    [("any", 5, 1), ("all", 5, 5), ("3", 5, 3), ("60%", 5, 3), ("61%", 5, 4), ("1%", 5, 1), ("100%", 3, 3),
     ("50%", 0, 1)],
)  # fmt: skip
def test_a_quorum_is_exact(text: str, members: int, needed: int) -> None:
    """A share is never rounded down."""
    assert Quorum(text).needed(members) == needed


@pytest.mark.parametrize("text", ["", "some", "0", "0%", "101%", "2.5", "-1"])
def test_a_quorum_nobody_can_count_is_refused(text: str) -> None:
    """When it is declared."""
    with pytest.raises(DeclarationError, match="is not any, all"):
        Quorum(text)


@pytest.mark.parametrize(
    "declare",
    [lambda: Seat("x"), lambda: Seat("x", right=Role.ADMIN, quorum=Quorum("all")), lambda: Panel(()),
     lambda: Panel((MONEY, MONEY))],
)  # fmt: skip
def test_a_panel_nobody_can_fill_is_refused(declare: Any) -> None:
    """No seat without people, no share of an unknown number, no role twice."""
    with pytest.raises(DeclarationError):
        declare()


def test_all_seats_say_yes_and_it_is_approved() -> None:
    """By name, by right, and by a group's share, in any order."""
    ballot = voted(voted(BALLOT, "nora", "board"), "tina", "technical")
    found = outcome(PANEL, ballot)
    assert (found.state, found.missing) == ("open", ("financial", "board"))
    ballot = voted(voted(ballot, "fred", "financial"), "ned", "board")
    assert (outcome(PANEL, ballot).state, outcome(PANEL, ballot).missing) == ("approved", ())
    with pytest.raises(Refused, match="it is approved"):
        voted(ballot, "nils", "board")


@pytest.mark.parametrize(
    ("name", "role", "error", "why"),
    [
        ("rita", "financial", Forbidden, "may not approve as financial"),
        ("zoe", "technical", Forbidden, "may not approve as technical"),
        ("fay", "king", Invalid, "'king' is none of"),
        ("fred", "financial", Refused, "approved already by fay"),
        ("nora", "board", Refused, "nora has voted as board already"),
    ],
)
def test_a_vote_that_may_not_be_is_refused(name: str, role: str, error: type[Exception], why: str) -> None:
    """Who is not entitled, what is no seat, what is complete, who has voted."""
    ballot = voted(voted(BALLOT, "fay", "financial"), "nora", "board")
    if name == "rita":
        ballot = BALLOT
    with pytest.raises(error, match=why):
        voted(ballot, name, role)


def test_duties_are_separate_also_by_a_stand_in() -> None:
    """The requester neither votes nor is stood in for; nobody fills two roles, as themselves or for another."""
    everything = Seat("extra", frozenset({"rita", "fay", "ned"}))
    panel = Panel((MONEY, everything, replace(BOARD, quorum=Quorum("all"))))
    with pytest.raises(Forbidden, match="rita requested it"):
        cast(panel, BALLOT, who("rita"), "extra", True)
    acting = replace(BALLOT, delegations=(Delegation("rita", "sam", "2027-01-01T00:00:00Z", frozenset({"extra"})),))
    with pytest.raises(Forbidden, match="rita requested it"):
        cast(panel, acting, who("sam"), "extra", True)
    once = voted(BALLOT, "fay", "financial", panel=panel)
    with pytest.raises(Refused, match="voted as financial already: one person, one role"):
        cast(panel, once, who("fay"), "extra", True)
    twice = replace(once, delegations=(Delegation("ned", "fay", "2027-01-01T00:00:00Z"),))
    with pytest.raises(Refused, match="one person, one role"):
        cast(panel, twice, who("fay"), "board", True)


def test_a_delegation_ends_and_holds_for_its_roles_only() -> None:
    """Until its moment a stand-in votes for who is away; the vote is that person's."""
    until = Delegation("fay", "sam", "2026-11-01T13:00:00+01:00", frozenset({"financial"}))
    with pytest.raises(Forbidden, match="sam may not approve"):
        voted(replace(BALLOT, delegations=(until,)), "sam", "financial")  # 13:00+01:00 is now
    longer = replace(until, until="2026-11-01T14:00:00+01:00")
    vote = voted(replace(BALLOT, delegations=(longer,)), "sam", "financial").votes[0]
    assert (vote.by, vote.instead_of, vote.person) == ("sam", "fay", "fay")
    with pytest.raises(Forbidden, match="sam may not approve as board"):
        voted(replace(BALLOT, delegations=(longer,)), "sam", "board")


def test_a_no_needs_a_reason_and_ends_it_where_it_is_a_veto() -> None:
    """Without veto it ends when the quorum is out of reach."""
    with pytest.raises(Invalid, match="reason: is missing"):
        cast(PANEL, BALLOT, who("fay"), "financial", False, " ")
    found = outcome(PANEL, voted(BALLOT, "fay", "financial", yes=False))
    assert (found.state, found.reason) == ("rejected", "fay said no as financial: because")
    once = voted(BALLOT, "ned", "board", yes=False)
    assert outcome(PANEL, once).state == "open"
    assert outcome(PANEL, voted(once, "nora", "board", yes=False)).state == "rejected"


def test_in_order_each_seat_waits_for_those_before() -> None:
    """A sequential panel says whose turn it is."""
    panel = replace(PANEL, sequential=True)
    assert outcome(panel, BALLOT).next == ("financial",)
    with pytest.raises(Refused, match="technical comes after financial"):
        voted(BALLOT, "tina", "technical", panel=panel)
    assert outcome(panel, voted(BALLOT, "fay", "financial", panel=panel)).next == ("technical",)


def test_votes_fall_with_their_evidence_with_time_and_for_a_reason() -> None:
    """They stay in the ballot with why, and the seat is free again, for the same person too."""
    ballot = voted(BALLOT, "fay", "financial")
    other = replace(ballot, evidence="hash-2")
    assert [why for _, why in outcome(PANEL, other).fell] == ["it was given on other evidence"]
    again = voted(other, "fay", "financial")
    assert "financial" not in outcome(PANEL, again).missing
    short = replace(PANEL, valid_for=timedelta(hours=1))
    assert outcome(short, replace(ballot, now="2026-11-01T12:59:59Z")).fell == ()
    assert [w for _, w in outcome(short, replace(ballot, now="2026-11-01T13:00:00Z")).fell] == ["it has expired"]
    void = fallen(ballot.votes, "db-22 lost its replica")
    assert outcome(PANEL, replace(ballot, votes=void)).fell[0][1] == "db-22 lost its replica"
    assert fallen(void, "something else") == void


def test_a_request_that_nobody_completes_expires() -> None:
    """One that is complete by then does not."""
    late = replace(BALLOT, expires="2026-11-01T12:00:00Z")
    assert outcome(PANEL, late).state == "expired"
    with pytest.raises(Refused, match="it is expired"):
        voted(late, "fay", "financial")


def test_votes_are_kept_as_a_part_and_come_back_the_same() -> None:
    """As objects of declared attributes."""
    given = (*voted(BALLOT, "fay", "financial").votes, Vote("a", "b", NOW, False, "h", "why", "c", "it fell"))
    assert votes(PART.checked(rows(given))) == given


PEOPLE = st.sampled_from(["rita", "fay", "fred", "tina", "nils", "nora", "ned", "sam"])
TRIES = st.lists(st.tuples(PEOPLE, st.sampled_from(["financial", "technical", "board"]), st.booleans()), max_size=20)


@given(TRIES, st.booleans(), st.booleans())
def test_nothing_is_approved_but_by_enough_different_others(
    tries: list[tuple[str, str, bool]], sequential: bool, away: bool
) -> None:
    """Whoever tries what in whatever order: persons are distinct, none the requester, every quorum is met."""
    panel = replace(PANEL, sequential=sequential)
    ballot = replace(BALLOT, delegations=(Delegation("nora", "sam", "2027-01-01T00:00:00Z"),) if away else ())
    for name, role, yes in tries:
        before = outcome(panel, ballot)
        try:
            ballot = voted(ballot, name, role, yes, panel)
        except EpicentreError as no:
            assert no.message
            assert outcome(panel, ballot) == before
    found = outcome(panel, ballot)
    persons = [vote.person for vote in found.given]
    assert len(set(persons)) == len(persons)
    assert not {"rita"} & ({v.by for v in found.given} | set(persons))
    yes = {seat.role: {v.person for v in found.given if v.role == seat.role and v.yes} for seat in panel.seats}
    if found.state == "approved":
        assert yes["financial"] <= {"fay", "fred"} and len(yes["financial"]) == 1
        assert yes["technical"] == {"tina"} and len(yes["board"]) == 2
        assert all(v.yes or v.role == "board" for v in found.given)
