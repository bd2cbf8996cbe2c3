"""The lifecycle of a change, as data."""

from cmdb_processes.lifecycle import Category, Lifecycle, State, Step, WaitingReason

_APPROVAL = WaitingReason("approval", "Three people have to approve it.", pauses=False)

LIFECYCLE = Lifecycle(
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
        Step("proposed", "withdraw", ("withdrawn",)),
        Step("assessed", "assess", ("assessed",)),
        Step("assessed", "approve", ("assessed", "approved")),
        Step("assessed", "reject", ("rejected",)),
        Step("assessed", "withdraw", ("withdrawn",)),
        Step("approved", "assess", ("assessed",)),
        Step("approved", "withdraw", ("withdrawn",)),
    ),
)
