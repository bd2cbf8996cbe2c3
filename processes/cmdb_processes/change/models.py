"""The three models of change, each a lifecycle as data: standard, normal and emergency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmdb.errors import DeclarationError
from cmdb_processes.lifecycle import Category, Lifecycle, State, Step, WaitingReason

_DECISION = WaitingReason("decision", "The requester has to ask for approval, or to mend it.", pauses=False)
_VOTES = WaitingReason("approval", "Those who have to approve it have not all done so.", pauses=False)
_SCHEDULE = WaitingReason("schedule", "It is approved and has to be put into the calendar.", pauses=False)
_WINDOW = WaitingReason("window", "Its window has not begun.", pauses=False)

WHOLE = ("title", "reason", "plan", "backout", "test", "window_start", "window_end", "cis")
"""What every change has once it is submitted."""
_SAID = (*WHOLE, "template", "implementers", "proposed")
"""What approvers look at: it does not change while they do, but by an edit that leads back to the draft."""


def _bound(name: str, category: Category, *reasons: WaitingReason) -> State:
    return State(name, category, reasons, required=(*WHOLE, "evidence_hash"), frozen=_SAID)


STATES = (
    State("draft", Category.TO_DO),
    State("submitted", Category.TO_DO, required=WHOLE),
    State("assessed", Category.WAITING, (_DECISION,), required=WHOLE),
    _bound("awaiting approval", Category.WAITING, _VOTES),
    _bound("approved", Category.WAITING, _SCHEDULE),
    _bound("scheduled", Category.WAITING, _WINDOW),
    _bound("implementing", Category.IN_PROGRESS),
    _bound("backed out", Category.IN_PROGRESS),
    _bound("review", Category.IN_PROGRESS),
    State("closed", Category.DONE, required=("outcome",), frozen=("*",)),
    State("rejected", Category.DONE),
    State("cancelled", Category.DONE),
)
VERSION = 2
"""Of these lifecycles; the first is in lifecycle.py."""
_BEFORE_WORK = ("draft", "submitted", "assessed", "awaiting approval", "approved", "scheduled")
COMMITTED = frozenset({"approved", "scheduled", "implementing", "backed out"})
"""Changes in these states will touch, touch, or have just touched what they name; the others may yet be refused."""
_AFTER_START = ("implementing", "backed out", "review")
_AFTERWARDS = ("approve", "reject", "request_approval")
"""What approvers and requester still do once the work on an emergency change has begun; its state stays as it is."""

_ROAD = (
    Step("draft", "submit", ("submitted",)),
    Step("draft", "revise", ("draft",)),
    Step("submitted", "revise", ("draft",)),
    Step("assessed", "revise", ("draft",)),
    Step("approved", "schedule", ("scheduled",)),
    Step("implementing", "finish", ("review",)),
    Step("implementing", "back_out", ("backed out",)),
    Step("implementing", "window_ended", ("review",)),  # by the clock: what was not seen by then is incomplete
    Step("backed out", "finish", ("review",)),
    Step("review", "close", ("closed",)),
    *(Step(state, "cancel", ("cancelled",)) for state in _BEFORE_WORK),
)
"""What is the same for every model."""

_APPROVAL = (
    Step("assessed", "assess", ("assessed",)),
    Step("assessed", "request_approval", ("awaiting approval",)),
    Step("assessed", "reject", ("rejected",)),
    Step("awaiting approval", "approve", ("awaiting approval", "approved")),
    Step("awaiting approval", "reject", ("rejected",)),
    Step("awaiting approval", "revise", ("draft",)),
    Step("awaiting approval", "assess", ("awaiting approval", "assessed")),  # assessed: other evidence, approvals fall
    Step("awaiting approval", "expire", ("assessed",)),  # by the clock
    Step("approved", "revise", ("draft",)),
    Step("approved", "assess", ("approved", "assessed")),
    Step("scheduled", "revise", ("draft",)),
    Step("scheduled", "assess", ("scheduled", "assessed")),
    Step("scheduled", "start", ("implementing",)),
)
"""Approval before work. Whatever is assessed anew with another result, or edited, loses its approvals."""


def _lifecycle(*steps: Step) -> Lifecycle:
    return Lifecycle(STATES, "draft", (*_ROAD, *_APPROVAL, *steps), version=VERSION)


@dataclass(frozen=True, slots=True)
class Model:
    """How changes of one kind go. `approve_within`: work may start first, and approval follows in that time.

    `risk_at_most` is the highest level of risk (see risk.py) this model may carry; `templated`: it needs a template.
    """

    name: str
    sentence: str
    lifecycle: Lifecycle
    risk_at_most: int = 3
    templated: bool = False
    approve_within: timedelta | None = None

    def __post_init__(self) -> None:
        starts = any(s.stimulus == "start" and s.state == "assessed" for s in self.lifecycle.steps)
        if starts != (self.approve_within is not None):
            raise DeclarationError(f"model {self.name}: work before approval needs a time in which approval follows")


STANDARD = Model(
    "standard",
    "From a template that is approved as a whole: assessed, then approved at once unless something is in its way.",
    _lifecycle(Step("submitted", "assess", ("approved", "assessed"))),
    risk_at_most=1,
    templated=True,
)
NORMAL = Model(
    "normal",
    "Assessed, then approved in three roles before it is scheduled.",
    _lifecycle(Step("submitted", "assess", ("assessed",))),
)
EMERGENCY = Model(
    "emergency",
    "Work may start as soon as it is assessed; approval follows within a day, and without a word it is not closed.",
    _lifecycle(
        Step("submitted", "assess", ("assessed",)),
        Step("assessed", "start", ("implementing",)),
        Step("awaiting approval", "start", ("implementing",)),
        *(Step(state, stimulus, (state,)) for state in _AFTER_START for stimulus in _AFTERWARDS),
    ),
    approve_within=timedelta(days=1),
)
MODELS: Mapping[str, Model] = {model.name: model for model in (STANDARD, NORMAL, EMERGENCY)}


def approval_due(model: Model, started: datetime | None) -> datetime | None:
    """Until when approval must have followed; None: it comes first, or work has not started."""
    if model.approve_within is None or started is None:
        return None
    return started + model.approve_within
