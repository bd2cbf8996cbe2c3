"""Approvals that every process shares: who must say yes, to what exactly, and what has come of it. Pure.

A `Panel` says which seats there are; a `Ballot` is one request for approval with the votes so far. `cast` adds a vote
or says why not; `outcome` counts. Votes bind to the hash of the evidence that was looked at: those on other evidence,
expired ones, and those that fell for a reason are kept for the audit and count no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from cmdb.errors import DeclarationError, Forbidden, Invalid, Refused
from cmdb.words import Attribute, PartType, Principal, Role
from cmdb.words.record import Row

Groups = Mapping[str, Collection[str]]
"""Members by the name of a group; under a role's name, the accounts that hold it."""

PART = PartType(
    name="approvals",
    type="Approval",
    sentence="One vote on a request for approval, kept also when it counts no more.",
    attributes=(
        Attribute("role", "string", "The seat it is for.", required=True),
        Attribute("by", "string", "Who voted.", required=True),
        Attribute("at", "datetime", "When, ISO 8601 UTC.", required=True),
        Attribute("yes", "boolean", "Whether they approve.", required=True),
        Attribute("evidence", "string", "The hash of the evidence it binds to.", required=True),
        Attribute("reason", "string", "Why, in their words."),
        Attribute("instead_of", "string", "For whom they stood in, if for somebody."),
        Attribute("fell", "string", "Why it counts no more."),
    ),
)
"""The part of a record that keeps votes: `rows(votes)` and `votes(rows)` translate."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of a seat's members must say yes: "any", "all", a number, or a share such as "60%" (never less)."""

    text: str = "any"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"any|all|[1-9][0-9]{0,3}|(100|[1-9][0-9]?)%", self.text):
            raise DeclarationError(f"quorum {self.text!r} is not any, all, a number or a share like 60%")

    @property
    def of_members(self) -> bool:
        """Whether one must know who the members are to count."""
        return self.text == "all" or self.text.endswith("%")

    def needed(self, members: int) -> int:
        """Votes needed out of so many members, at least one: ceil(members · share / 100) for a share."""
        if self.text == "any":
            return 1
        if self.text == "all":
            return max(members, 1)
        if self.text.endswith("%"):
            return max(-(-members * int(self.text[:-1]) // 100), 1)
        return int(self.text)


@dataclass(frozen=True, slots=True)
class Seat:
    """One required role: who may vote for it (by name, by group "@network", or by an account's `right`).

    With `veto`, one no ends everything; without, it ends when the quorum cannot be reached any more.
    """

    role: str
    members: frozenset[str] = frozenset()
    right: Role | None = None
    quorum: Quorum = Quorum()
    veto: bool = True

    def __post_init__(self) -> None:
        if not self.members and self.right is None:
            raise DeclarationError(f"nobody can approve as {self.role}: name members or a right")
        if self.quorum.of_members and not self.members:
            raise DeclarationError(f"a quorum of {self.quorum.text} as {self.role} needs named members")

    def people(self, groups: Groups) -> frozenset[str]:
        """The accounts known to sit here, groups unfolded."""
        names = {name for name in self.members if not name.startswith("@")}
        for group in self.members - names:
            names |= set(groups.get(group[1:], ()))
        return frozenset(names if self.right is None else names | set(groups.get(self.right.value, ())))


@dataclass(frozen=True, slots=True)
class Panel:
    """All seats of a request; in order when `sequential`. Votes count for `valid_for` when that is given."""

    seats: tuple[Seat, ...]
    sequential: bool = False
    valid_for: timedelta | None = None

    def __post_init__(self) -> None:
        roles = [seat.role for seat in self.seats]
        if not roles or len(set(roles)) != len(roles):
            raise DeclarationError("a panel has at least one seat, and each role once")

    def seat(self, role: str) -> Seat:
        """The seat of that role."""
        found = next((seat for seat in self.seats if seat.role == role), None)
        if found is None:
            raise Invalid(f"{role!r} is none of {', '.join(seat.role for seat in self.seats)}", where="role")
        return found


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody stands in for another until a moment (ISO 8601), in these roles, or in all."""

    by: str
    to: str
    until: str
    roles: frozenset[str] = frozenset()

    def covers(self, role: str, now: str) -> bool:
        """Whether it holds now for a role."""
        return _moment(now) < _moment(self.until) and (not self.roles or role in self.roles)


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote; `evidence` is the hash it binds to, `fell` says why it counts no more."""

    role: str
    by: str
    at: str
    yes: bool
    evidence: str
    reason: str = ""
    instead_of: str | None = None
    fell: str | None = None

    @property
    def person(self) -> str:
        """Whose vote it is: who was stood in for, else who gave it."""
        return self.instead_of or self.by


@dataclass(frozen=True, slots=True)
class Ballot:
    """A request for approval as it stands at `now` (ISO 8601): by whom, on which evidence, and the votes so far."""

    requester: str
    evidence: str
    now: str
    votes: tuple[Vote, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    groups: Groups = field(default_factory=dict)
    expires: str | None = None  # when the request itself lapses


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has come of it. `missing`: roles still needed; `next`: those that may vote now; `fell`: reasons by vote."""

    state: Literal["open", "approved", "rejected", "expired"]
    missing: tuple[str, ...]
    next: tuple[str, ...]
    given: tuple[Vote, ...]
    fell: tuple[tuple[Vote, str], ...]
    reason: str


def why_fallen(panel: Panel, ballot: Ballot, vote: Vote) -> str | None:
    """Why a vote counts no more, or None."""
    if vote.fell is not None:
        return vote.fell
    if vote.evidence != ballot.evidence:
        return "it was given on other evidence"
    if panel.valid_for is not None and _moment(vote.at) + panel.valid_for <= _moment(ballot.now):
        return "it has expired"
    return None


def outcome(panel: Panel, ballot: Ballot) -> Outcome:
    """Count the votes."""
    fell = tuple((v, why) for v in ballot.votes if (why := why_fallen(panel, ballot, v)) is not None)
    gone = {id(vote) for vote, _ in fell}
    given = tuple(v for v in ballot.votes if id(v) not in gone)
    missing = tuple(seat.role for seat in panel.seats if not _complete(seat, given, ballot.groups))
    state, reason = _state(panel, ballot, given, missing)
    following = (missing[:1] if panel.sequential else missing) if state == "open" else ()
    return Outcome(state, missing, following, given, fell, reason)


def cast(panel: Panel, ballot: Ballot, who: Principal, role: str, yes: bool, reason: str = "") -> Vote:
    """The vote of `who` in a role, to be added to the ballot's; refused with the rule that says no.

    Nobody votes on what they requested, nobody in two roles, nobody twice, also not by or as a stand-in.
    """
    seat = panel.seat(role)
    counted = outcome(panel, ballot)
    if counted.state != "open":
        raise Refused(f"nothing is left to vote on: it is {counted.state} ({counted.reason})")
    if not yes and not reason.strip():
        raise Invalid("is missing: the requester wants to know why", where="reason")
    if role not in counted.missing:
        names = ", ".join(v.by for v in counted.given if v.role == role and v.yes)
        raise Refused(f"{role} has been approved already by {names}")
    if role not in counted.next:
        raise Refused(f"{role} comes after {counted.next[0]}, which is still missing")
    person = _entitled(seat, ballot, who)
    _separate(ballot, counted.given, who.name, person, role)
    instead = None if person == who.name else person
    return Vote(role, who.name, ballot.now, yes, ballot.evidence, reason.strip(), instead)


def seats(panel: Panel, ballot: Ballot, who: Principal) -> tuple[str, ...]:
    """The seats that are missing and that `who` may vote on, for themselves or for somebody else."""
    counted = outcome(panel, ballot)
    return tuple(role for role in counted.next if _may(panel.seat(role), ballot, counted, who))


def _may(seat: Seat, ballot: Ballot, counted: Outcome, who: Principal) -> bool:
    try:
        _separate(ballot, counted.given, who.name, _entitled(seat, ballot, who), seat.role)
    except (Forbidden, Refused):
        return False
    return True


def fallen(votes: Collection[Vote], why: str) -> tuple[Vote, ...]:
    """All votes with the reason why they count no more; one that fell before keeps its own."""
    return tuple(vote if vote.fell is not None else replace(vote, fell=why) for vote in votes)


def rows(votes: Collection[Vote]) -> tuple[Row, ...]:
    """Votes as the part of a record."""
    names = [attribute.name for attribute in PART.attributes]
    return tuple({name: getattr(vote, name) for name in names if getattr(vote, name) is not None} for vote in votes)


def votes(part: Collection[Row]) -> tuple[Vote, ...]:
    """Votes from the part of a record."""
    return tuple(Vote(**row) for row in part)  # type: ignore[arg-type]  # checked when they were stored


# --- rules -----------------------------------------------------------------------------------------------


def _complete(seat: Seat, given: Collection[Vote], groups: Groups) -> bool:
    yes = {vote.person for vote in given if vote.role == seat.role and vote.yes}
    return len(yes) >= seat.quorum.needed(len(seat.people(groups)))


def _state(
    panel: Panel, ballot: Ballot, given: tuple[Vote, ...], missing: tuple[str, ...]
) -> tuple[Literal["open", "approved", "rejected", "expired"], str]:
    for seat in panel.seats:
        against = [vote for vote in given if vote.role == seat.role and not vote.yes]
        if against and (seat.veto or _hopeless(seat, len(against), ballot.groups)):
            return "rejected", f"{against[-1].by} said no as {seat.role}: {against[-1].reason}"
    if not missing:
        return "approved", "everybody needed said yes"
    if ballot.expires is not None and _moment(ballot.expires) <= _moment(ballot.now):
        return "expired", f"not everybody had said yes by {ballot.expires}; missing: {', '.join(missing)}"
    return "open", f"still needed: {', '.join(missing)}"


def _hopeless(seat: Seat, against: int, groups: Groups) -> bool:
    """Whether the quorum cannot be reached by those who are left; never so while they are not known by name."""
    members = len(seat.people(groups))
    return seat.right is None and members - against < seat.quorum.needed(members)


def _entitled(seat: Seat, ballot: Ballot, who: Principal) -> str:
    """Whose vote `who` may give: their own, or that of a member they stand in for, themselves first."""
    people = seat.people(ballot.groups)
    if who.name in people or (seat.right is not None and who.may(seat.right)):
        return who.name
    voted = {vote.person for vote in ballot.votes if vote.role == seat.role and vote.fell is None}
    standing = [d.by for d in ballot.delegations if d.to == who.name and d.covers(seat.role, ballot.now)]
    free = [name for name in standing if name in people and name not in voted]
    if not free:
        raise Forbidden(f"{who.name} may not approve as {seat.role}")
    return min(free)


def _separate(ballot: Ballot, given: Collection[Vote], by: str, person: str, role: str) -> None:
    if ballot.requester in {by, person}:
        raise Forbidden(f"{ballot.requester} requested it: somebody else must approve")
    for vote in given:
        if {by, person} & {vote.by, vote.person}:
            if vote.role == role:
                raise Refused(f"{vote.by} has voted as {role} already")
            raise Refused(f"{vote.by} has voted as {vote.role} already: one person, one role")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
