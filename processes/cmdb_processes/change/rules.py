"""The pure rules of the change process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cmdb.errors import Forbidden, Invalid, Refused
from cmdb.words import Principal, Role
from cmdb_processes.change.gather import Taken
from cmdb_processes.change.lifecycle import LIFECYCLE
from cmdb_processes.change.moved import differences
from cmdb_processes.change.nouns import Impact
from cmdb_processes.change.window import over
from cmdb_processes.lifecycle import Category

ROLES = {
    "financial": Role.APPROVER_FINANCIAL,
    "technical": Role.APPROVER_TECHNICAL,
    "business": Role.APPROVER_BUSINESS,
}
"""Who must approve a change: three roles, three persons, none of them the requester."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval, kept as "technical anna 2026-11-01T12:00:00Z"."""

    role: str
    by: str
    at: str

    @classmethod
    def parse(cls, text: str) -> Approval:
        """From its stored form; names hold no spaces."""
        return cls(*text.split(" "))

    def __str__(self) -> str:
        return f"{self.role} {self.by} {self.at}"


def check_texts(title: str, plan: str, backout: str, test: str) -> None:
    """A change without a plan, a way back or a test is not taken."""
    for name, text in (("title", title), ("plan", plan), ("backout", backout), ("test", test)):
        if len(text.strip()) < 3:
            raise Invalid("is missing: say it in a sentence", where=name)
        if len(text) > 10_000:
            raise Invalid("is longer than 10,000 characters", where=name)


def check_approval(role: str, actor: Principal, opened_by: str, given: Sequence[Approval]) -> None:
    """Whether `actor` may approve in `role` now; every rule that says no is named."""
    if role not in ROLES:
        raise Invalid(f"there is no approver role {role!r}; known are {', '.join(ROLES)}", where="as_role")
    if not actor.may(ROLES[role]):
        raise Forbidden(f"{actor.name} does not hold the role {ROLES[role].value}")
    reasons = []
    if actor.name == opened_by:
        reasons.append("it was proposed by you; somebody else must approve it")
    if any(a.role == role for a in given):
        reasons.append(f"the {role} approval is given already")
    if mine := [a.role for a in given if a.by == actor.name]:
        reasons.append(f"you approved it as {mine[0]}; each role needs another person")
    if reasons:
        raise Refused(f"this approval is refused: {'; '.join(reasons)}", reasons=reasons)


def missing(given: Sequence[Approval]) -> list[str]:
    """The roles whose approval is still needed."""
    return [role for role in ROLES if role not in {a.role for a in given}]


def in_short(reasons: Sequence[str], most: int = 10) -> str:
    """The reasons as one readable line; how many are left out is said."""
    left = len(reasons) - most
    return "; ".join(reasons[:most]) + (f"; and {left} more" if left > 0 else "")


def blockers(state: str, window_end: str, assessed: Impact | None, current: Taken | None, now: str) -> list[str]:
    """Why a change may not be approved or carried out now; `current` is what is assessed now, None if a CI is gone."""
    if LIFECYCLE.state(state).category is Category.DONE:
        return [f"it is {state}"]
    found = ["its window is over"] if over(window_end, now) else []
    if assessed is None:
        return [*found, "it is not assessed"]
    if current is None:
        return [*found, "a CI it is about is gone"]
    return [*found, *differences(assessed, current.impact), *current.assessment.blocked_by]
