"""The lifecycle that changes of the first version were opened under: their open records end, their history stays."""

from cmdb.errors import Refused
from cmdb.words import Record
from cmdb_processes.lifecycle import Category, Lifecycle, State, Step, WaitingReason

_APPROVAL = WaitingReason("approval", "Three people have to approve it.", pauses=False)

FIRST = Lifecycle(
    states=(
        State("proposed", Category.TO_DO),
        State("assessed", Category.WAITING, (_APPROVAL,)),
        State("approved", Category.IN_PROGRESS),
        State("rejected", Category.DONE),
        State("withdrawn", Category.DONE),
    ),
    initial="proposed",
    steps=(
        Step("proposed", "assess", ("assessed",)),
        Step("proposed", "reject", ("rejected",)),
        Step("proposed", "cancel", ("withdrawn",)),
        Step("assessed", "assess", ("assessed",)),
        Step("assessed", "approve", ("assessed", "approved")),
        Step("assessed", "reject", ("rejected",)),
        Step("assessed", "cancel", ("withdrawn",)),
        Step("approved", "assess", ("assessed",)),
        Step("approved", "cancel", ("withdrawn",)),
    ),
)


def current(record: Record) -> Record:
    """The record, unless it is one of the first version: its approvals and evidence are of another shape."""
    if record.version == FIRST.version:
        raise Refused(f"{record.number} is of the first version of this process: cancel it and propose it anew")
    return record
