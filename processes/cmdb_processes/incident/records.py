"""What an incident and a service request hold, as data: the fields that the rules of this package read and write."""

from cmdb.words import Attribute, Category, Model, Notice, PartType, RecordType, Role
from cmdb_processes import approvals
from cmdb_processes.incident.lifecycle import INCIDENT as INCIDENT_LIFE
from cmdb_processes.incident.lifecycle import REQUEST as REQUEST_LIFE
from cmdb_processes.lifecycle import Lifecycle, State

TITLE = Attribute("title", "string", "What it is about, in one line.")
DESCRIPTION = Attribute("description", "string", "What was reported, in full.")
GROUP = Attribute("group", "string", "The support group that has it.")
GROUP_WHY = Attribute("group_because", "string", "Why that group: which CI or service it supports.")
PRIORITY = (
    Attribute("priority", "int", "The priority that holds, in the numbers of its matrix."),
    Attribute("rank", "int", "The same as a rank: 1 presses most."),
    Attribute("computed_priority", "int", "What impact and urgency make it, also when somebody set another."),
    Attribute("impact", "string", "The level of impact, from the services that the graph says are reached."),
    Attribute("impact_because", "string", "Which service made it that, and how many users."),
    Attribute("urgency", "string", "The level of urgency, from what is left of the target."),
    Attribute("urgency_because", "string", "How much is left."),
    Attribute("override_by", "string", "Who set another priority than the computed one."),
    Attribute("override_reason", "string", "Why they did."),
)
ESCALATED = Attribute("escalated", "strings", "The keys of the escalations that were carried out.")
CLOSED_HOW = Attribute("closed_how", "string", "Confirmed, auto-closed, or with which parent.")
CANCELLED = Attribute("cancelled_because", "string", "Why it was cancelled.")


def _tasks(type_: str) -> PartType:
    return PartType(
        "tasks",
        type_,
        "A piece of work that must be done or skipped before it ends.",
        (
            Attribute("name", "string", "What is to be done.", required=True),
            Attribute("group", "string", "The group that does it."),
            Attribute("state", "string", "Open, done or skipped.", required=True),
            Attribute("by", "string", "Who did or skipped it."),
            Attribute("at", "datetime", "When they did."),
        ),
    )


CALENDAR = Attribute("calendar", "string", "The calendar by which its clocks run.")
EVENT_KEY = Attribute("event_key", "string", "What makes two events the same thing, of the rule that opened it.")
LAST_EVENT = Attribute("last_event_at", "datetime", "When the last of them came.")
SERVICES = PartType(
    "services",
    "HitService",
    "A business service that is hit, as the graph said when it was ranked last.",
    (
        Attribute("ci", "string", "The id of the service.", required=True),
        Attribute("name", "string", "What it is called.", required=True),
        Attribute("criticality", "string", "How much hangs on it."),
        Attribute("degree", "string", "Down or degraded.", required=True),
        Attribute("hops", "int", "How many dependencies away.", required=True),
        Attribute("reason", "string", "Why it is hit."),
        Attribute("users", "int", "How many people use it."),
    ),
)

INCIDENT = RecordType(
    name="Incident",
    plural="incidents",
    prefix="INC",
    sentence="Something does not work as promised: what, for whom, how soon it must be restored, and what was done.",
    models=(Model("incident", "Restore it, then hear whether it works.", (INCIDENT_LIFE,)),),
    attributes=(
        TITLE,
        DESCRIPTION,
        Attribute("event_category", "string", "The branch of the category tree it belongs to."),
        Attribute("source", "string", "Where the report came from: monitor, mail, portal, API."),
        EVENT_KEY,
        Attribute("events", "int", "How many events said it."),
        LAST_EVENT,
        GROUP,
        GROUP_WHY,
        *PRIORITY,
        CALENDAR,
        ESCALATED,
        Attribute("urgency_said", "string", "The urgency that somebody named."),
        Attribute("radius", "string", "What its CIs take along, in one sentence."),
        Attribute("strategy", "string", "The number of the strategy that was in force when it was ranked last."),
        Attribute("condition", "string", "What it says of its CIs: down or degraded."),
        Attribute("outage_since", "datetime", "Since when that is confirmed, so that it counts as an outage."),
        Attribute("workaround", "string", "What helps meanwhile."),
        Attribute("resolution_code", "string", "How it was restored, as a code."),
        Attribute("resolution", "string", "What was done to it."),
        Attribute("cause", "string", "What kind of cause it had."),
        Attribute("by_parent", "string", "The parent that resolved it, if one did."),
        CLOSED_HOW,
        CANCELLED,
        Attribute("major", "string", "As a major incident: candidate, accepted, rejected or demoted."),
        Attribute("major_because", "string", "Why it is, or is not."),
        Attribute("major_since", "datetime", "When it was accepted as one."),
        Attribute("told", "strings", "The last word to each audience: audience and time each."),
        Attribute("reviewed_at", "datetime", "When its review was held."),
    ),
    parts=(_tasks("IncidentTask"), SERVICES),
    notices=(
        Notice(tell=("requester", "watchers"), states=("resolved", "closed", "cancelled")),
        Notice(tell=("owner", "watchers", "role:change-manager"), commands=("escalate_incident", "major_incident")),
    ),
    noted_by=frozenset({Role.VIEWER}),
)

REQUEST = RecordType(
    name="ServiceRequest",
    plural="service_requests",
    prefix="REQ",
    sentence="Somebody asks for an item of the catalogue: what they answered, who approved, what is to be done.",
    models=(Model("request", "Approve where needed, fulfil, then hear whether it is right.", (REQUEST_LIFE,)),),
    attributes=(
        TITLE,
        Attribute("item", "string", "The catalogue item that is asked for."),
        Attribute("asked_for", "string", "The person it is for."),
        GROUP,
        GROUP_WHY,
        *PRIORITY,
        CALENDAR,
        ESCALATED,
        EVENT_KEY,
        Attribute("events", "int", "How many events said it."),
        LAST_EVENT,
        Attribute("form_hash", "string", "The hash of the answers: approvals bind to it."),
        Attribute("fulfilment", "string", "What was done to it."),
        CLOSED_HOW,
        CANCELLED,
        Attribute("rejected_because", "string", "Why it was rejected."),
    ),
    parts=(
        _tasks("RequestTask"),
        approvals.PART,
        PartType(
            "answers",
            "RequestAnswer",
            "An answer of the form.",
            (
                Attribute("question", "string", "The name of the question.", required=True),
                Attribute("answer", "string", "What was answered.", required=True),
            ),
        ),
    ),
    notices=(
        Notice(tell=("requester", "watchers"), states=("fulfilled", "closed", "rejected", "cancelled")),
        Notice(tell=("owner", "watchers"), commands=("escalate_request",)),
        Notice(tell=("role:approver-business",), states=("approval",)),
    ),
    noted_by=frozenset({Role.VIEWER}),
)

EVENT = RecordType(
    name="Event",
    plural="events",
    prefix="EVT",
    sentence="What a source said, what the event catalogue made of it, and why; never edited.",
    models=(
        Model(
            "event",
            "Recorded with what follows from it.",
            (Lifecycle((State("recorded", Category.DONE),), "recorded", ()),),
        ),
    ),
    attributes=(
        Attribute("source", "string", "Who said it: monitor, mail, portal, API."),
        Attribute("text", "string", "What it said."),
        Attribute("severity", "string", "How bad: critical, major, minor, warning or information."),
        Attribute("rule", "string", "The rule of the event catalogue that fits; null where none does."),
        Attribute("event_class", "string", "What kind of event that is."),
        Attribute("event_category", "string", "The branch of the category tree."),
        Attribute("outcome", "string", "What was done: log, resolve, reopen, incident or request."),
        Attribute("because", "string", "Why it was done."),
        Attribute("bound_because", "string", "How its CI was found, or why not."),
        EVENT_KEY,
    ),
    parts=(
        PartType(
            "facts",
            "EventFact",
            "A field that the source sent.",
            (
                Attribute("name", "string", "What it is called.", required=True),
                Attribute("value", "string", "Its value.", required=True),
            ),
        ),
    ),
)
