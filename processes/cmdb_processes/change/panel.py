"""Who has to approve a change, and how a change's votes stand: the shared rules of approvals, with this panel."""

from __future__ import annotations

from datetime import datetime, timedelta

from cmdb.errors import Refused
from cmdb.words import Record, Role
from cmdb.words.record import Row
from cmdb_processes import approvals
from cmdb_processes.approvals import Ballot, Outcome, Panel, Seat
from cmdb_processes.arrangements.nouns import SEAT_OF_TEAM
from cmdb_processes.change.arranged import Voters
from cmdb_processes.change.models import MODELS, NORMAL, approval_due

ROLES = {
    "financial": Role.APPROVER_FINANCIAL,
    "technical": Role.APPROVER_TECHNICAL,
    "business": Role.APPROVER_BUSINESS,
}
"""Who must approve a change: three roles, three persons, none of them the requester."""
_TEAMS = {seat: frozenset({f"@{team}"}) for team, seat in SEAT_OF_TEAM.items()}
PANEL = Panel(tuple(Seat(name, _TEAMS[name], right) for name, right in ROLES.items()), valid_for=timedelta(days=30))
_NOBODY = Voters()
OPEN_FOR = timedelta(days=14)
"""So long a request for approval stands, at most: it lapses when its window begins."""


def expires(record: Record, now: str) -> str:
    """Until when everybody has to have voted. Refused when that has passed: work would begin unapproved."""
    model, started = MODELS.get(record.model, NORMAL), record.fields.get("started_at")
    due = approval_due(model, datetime.fromisoformat(str(started))) if started else None
    begins = datetime.fromisoformat(str(record.fields["window_start"]))
    at = datetime.fromisoformat(now)
    if due is None and model.approve_within is not None:
        begins = max(begins, at + model.approve_within)
    until = due or min(begins, at + OPEN_FOR)
    if until <= at:
        raise Refused(f"the window of {record.number} has begun: edit it and choose a later one")
    return until.isoformat()


def ballot(record: Record, now: str, voters: Voters = _NOBODY) -> Ballot:
    """The votes on a change as they stand; who is stood in for holds the roles the delegation names."""
    delegations = voters.delegations
    groups = {name: set(members) for name, members in voters.teams.items()}
    for one in delegations:
        for role in one.roles or ROLES:
            groups.setdefault(ROLES[role].value, set()).add(one.by)
    return Ballot(
        requester=record.opened_by,
        evidence=str(record.fields.get("evidence_hash") or ""),
        now=now,
        votes=approvals.votes(record.part(approvals.PART.name)),
        delegations=delegations,
        groups=groups,
        expires=_text(record.fields.get("approval_expires")),
    )


def counted(record: Record, now: str) -> Outcome:
    """What has come of the votes so far."""
    return approvals.outcome(PANEL, ballot(record, now))


def fallen(record: Record, why: str) -> dict[str, tuple[Row, ...]]:
    """The votes as a part in which all that counted fell, with the reason."""
    return {approvals.PART.name: approvals.rows(approvals.fallen(ballot(record, record.changed_at).votes, why))}


def counting(record: Record) -> tuple[approvals.Vote, ...]:
    """The votes that have not fallen."""
    votes = approvals.votes(record.part(approvals.PART.name))
    return tuple(vote for vote in votes if vote.fell is None and vote.evidence == record.fields.get("evidence_hash"))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
