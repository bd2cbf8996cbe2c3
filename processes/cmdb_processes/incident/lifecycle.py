"""The lifecycles of incidents, service requests and major incidents, as data."""

from cmdb.words.record import Record
from cmdb_processes.lifecycle import Category, Guard, Lifecycle, State, Step, WaitingReason

CUSTOMER = WaitingReason("customer", "Whoever reported it has to answer.", pauses=True)
SUPPLIER = WaitingReason(
    "supplier", "A supplier has to act, and the agreement lets the clock stand still.", pauses=True
)
APPOINTMENT = WaitingReason("appointment", "The customer wants it done at an agreed time.", pauses=True)
COLLEAGUE = WaitingReason("colleague", "Another group of ours has to act: that is our time.", pauses=False)
CHANGE = WaitingReason("change", "A change has to be carried out first.", pauses=False)
CONFIRMATION = WaitingReason("confirmation", "Whoever reported it may say whether it works.", pauses=True)
APPROVAL = WaitingReason("approval", "Somebody has to approve it.", pauses=True)
WAITS = (CUSTOMER, SUPPLIER, APPOINTMENT, COLLEAGUE, CHANGE)


def tasks_done(record: Record) -> bool:
    """Whether no task of a record is open."""
    return all(row.get("state") in ("done", "skipped") for row in record.part("tasks"))


def _not_major(record: Record) -> bool:
    taken_along = str(record.fields.get("closed_how") or "").startswith("with ")
    return taken_along or record.fields.get("major") not in ("candidate", "accepted")


TASKS_DONE = Guard("All its tasks are done or skipped.", tasks_done)
NOT_MAJOR = Guard("It is no major incident: those are closed by a person.", _not_major)
RESOLUTION = ("resolution_code", "resolution")
CLOSING = (*RESOLUTION, "cause", "closed_how", "cis")

INCIDENT = Lifecycle(
    states=(
        State("new", Category.TO_DO),
        State("in progress", Category.IN_PROGRESS),
        State("waiting", Category.WAITING, WAITS),
        State("resolved", Category.WAITING, (CONFIRMATION,), required=RESOLUTION),
        State("closed", Category.DONE, required=CLOSING, frozen=CLOSING),
        State("cancelled", Category.DONE, required=("cancelled_because",)),
    ),
    initial="new",
    steps=(
        *(Step(state, "assign", (state,)) for state in ("new", "in progress", "waiting")),
        Step("new", "begin", ("in progress",)),
        Step("waiting", "begin", ("in progress",)),
        *(Step(state, "put on hold", ("waiting",)) for state in ("new", "in progress", "waiting")),
        *(Step(state, "resolve", ("resolved",)) for state in ("new", "in progress", "waiting")),
        *(Step(state, "cancel", ("cancelled",)) for state in ("new", "in progress", "waiting")),
        Step("resolved", "confirm", ("closed",), guards=(TASKS_DONE,)),
        Step("resolved", "auto-close", ("closed",), guards=(TASKS_DONE, NOT_MAJOR)),
        Step("resolved", "reopen", ("in progress",)),
        Step("closed", "reopen", ("in progress",), reopens=True),
    ),
)
"""Restored is resolved; whether it stays so the reporter says, or their silence."""

REQUEST = Lifecycle(
    states=(
        State("new", Category.TO_DO),
        State("approval", Category.WAITING, (APPROVAL,)),
        State("in progress", Category.IN_PROGRESS),
        State("pending", Category.WAITING, WAITS),
        State("fulfilled", Category.WAITING, (CONFIRMATION,), required=("fulfilment",)),
        State("closed", Category.DONE, required=("fulfilment", "closed_how"), frozen=("fulfilment", "closed_how")),
        State("rejected", Category.DONE, required=("rejected_because",)),
        State("cancelled", Category.DONE, required=("cancelled_because",)),
    ),
    initial="new",
    steps=(
        *(Step(state, "assign", (state,)) for state in ("new", "in progress", "pending")),
        Step("new", "ask approval", ("approval",)),
        Step("approval", "approve", ("approval", "in progress")),
        *(Step(state, "reject", ("rejected",)) for state in ("new", "approval")),
        Step("new", "begin", ("in progress",)),
        Step("pending", "begin", ("in progress",)),
        *(Step(state, "put on hold", ("pending",)) for state in ("in progress", "pending")),
        *(Step(state, "fulfil", ("fulfilled",), guards=(TASKS_DONE,)) for state in ("in progress", "pending")),
        *(Step(state, "cancel", ("cancelled",)) for state in ("new", "approval", "in progress", "pending")),
        Step("fulfilled", "confirm", ("closed",)),
        Step("fulfilled", "auto-close", ("closed",)),
        Step("fulfilled", "reopen", ("in progress",)),
    ),
)
"""Nothing is fulfilled without a catalogue item; what needs approval waits for it."""

MAJOR = Lifecycle(
    states=(
        State("candidate", Category.TO_DO),
        State("accepted", Category.IN_PROGRESS),
        State("rejected", Category.DONE),
        State("demoted", Category.DONE),
    ),
    initial="candidate",
    steps=(
        Step("candidate", "accept", ("accepted",)),
        Step("candidate", "reject", ("rejected",)),
        Step("accepted", "demote", ("demoted",)),
        Step("rejected", "propose", ("candidate",), reopens=True),
        Step("demoted", "propose", ("candidate",), reopens=True),
    ),
)
"""The flag of an incident, beside its own state."""
