"""What change and incident arrange by, as their rules read it: each noun knows the number of its record. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.errors import Invalid
from cmdb.words import Principal, Role
from cmdb_processes import approvals
from cmdb_processes.arrangements.scope import Scope
from cmdb_processes.timing.spans import Span, moment, text
from cmdb_processes.timing.windows import Window

SEATS = {
    "financial": Role.APPROVER_FINANCIAL, "technical": Role.APPROVER_TECHNICAL, "business": Role.APPROVER_BUSINESS,
}  # fmt: skip
"""The seats of an approval that somebody may hand over for a while, with the right that each takes."""
SEAT_OF_TEAM = {f"{seat}-approvers": seat for seat in SEATS}
"""Teams whose members sit on a seat, whatever their accounts may do: so only an admin says who is in them."""


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When work on some CIs is expected: alarms are no incidents then, and changes belong there."""

    number: str
    window: Window
    cis: frozenset[str]


@dataclass(frozen=True, slots=True)
class Freeze:
    """When nothing is changed in a scope, but by who may override it: accounts, "@team", or names of roles."""

    number: str
    window: Window
    scope: Scope
    override: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.window.name


@dataclass(frozen=True, slots=True)
class Work:
    """An open change, as its record says when it is."""

    number: str
    title: str
    span: Span


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze that meets a span: `span` is the freeze's own, whole, `cis` are those of the asked that it holds for."""

    freeze: Freeze
    span: Span
    cis: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """ "freeze Year end (the books are closed) until 2027-01-02T05:00:00Z"."""
        why = f" ({self.freeze.window.why})" if self.freeze.window.why else ""
        return f"freeze {self.freeze.name}{why} until {text(self.span.end)}"


@dataclass(frozen=True, slots=True)
class Team:
    """A support group: who stands by for what; `calendar` is the name of the one they work by, "" for always."""

    number: str
    name: str
    members: frozenset[str]
    scope: Scope
    calendar: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class StandIn:
    """`to` stands in for `by` in a role from a moment until another (seconds): a seat, or "@team"."""

    number: str
    by: str
    to: str
    role: str
    span: Span

    def __post_init__(self) -> None:
        if self.by == self.to:
            raise Invalid(f"{self.by} cannot stand in for themselves", where="to")
        if self.role not in SEATS and not self.role.startswith("@"):
            raise Invalid(f"{self.role!r} is none of {', '.join(SEATS)} or a team like @network", where="role")

    def holds(self, at: int) -> bool:
        """Whether it holds at a moment."""
        return self.span.start <= at < self.span.end

    @property
    def as_approval(self) -> approvals.Delegation:
        """As the shared approvals take it."""
        return approvals.Delegation(self.by, self.to, text(self.span.end), frozenset({self.role}))


@dataclass(frozen=True, slots=True)
class Point:
    """A change on the agenda of a board, as it was when the agenda was frozen."""

    number: str
    title: str
    verdict: str = ""
    risk: str = ""
    evidence: str = ""
    requester: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a board decided of a change, on which evidence."""

    number: str
    decision: str
    reason: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise Invalid(f"{self.decision!r} is none of {', '.join(DECISIONS)}", where="decision")
        if self.decision != "approve" and not self.reason.strip():
            raise Invalid(f"is missing: say why to {self.decision} {self.number}", where="reason")


DECISIONS = ("approve", "reject", "defer")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of the change advisory board: `state` is called, frozen (its agenda), held or cancelled."""

    number: str
    name: str
    span: Span
    state: str
    members: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    agenda: tuple[Point, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    place: str = ""


def may_override(freeze: Freeze, who: Principal, teams: tuple[Team, ...] = ()) -> bool:
    """Whether a person may have a change done in spite of a freeze; an admin may always."""
    if who.may(Role.ADMIN) or who.name in freeze.override or freeze.override & {role.value for role in who.roles}:
        return True
    return any(f"@{team.name}" in freeze.override for team in teams if who.name in team.members)


def stand_in(number: str, by: str, to: str, role: str, start: str, until: str) -> StandIn:
    """From moments as ISO 8601 with a zone."""
    return StandIn(number, by, to, role, Span(moment(start), moment(until)))
