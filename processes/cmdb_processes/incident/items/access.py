"""Access to a service, approved by whoever answers for it."""

from cmdb.words.people import Role
from cmdb_processes.approvals import Panel, Seat
from cmdb_processes.incident.catalogue import Item, Kind, Question, Task

ITEM = Item(
    name="access",
    sentence="Access to a service for a person, for as long as it is needed.",
    kind=Kind.ACCESS,
    form=(
        Question("person", "Who needs it?"),
        Question("service", "To which service?"),
        Question("right", "May they read or change?", choices=("read", "change")),
        Question("until", "Until which day, if not for good?", required=False),
        Question("why", "What for?"),
    ),
    tasks=(
        Task("grant", "Give the right and no more than that.", "access"),
        Task("tell", "Tell the person how to use it.", "service desk", after=("grant",)),
    ),
    approval=Panel((Seat("business", right=Role.APPROVER_BUSINESS),)),
)
