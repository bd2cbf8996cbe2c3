"""What the records of arrangements are: in force from the moment they are declared until they end."""

from __future__ import annotations

from cmdb.words import Attribute, Category, Model, Notice, PartType, RecordLifecycle, RecordType, State, Step

IN_FORCE, ENDED = "in force", "ended"
LIFE = RecordLifecycle(
    states=(State(IN_FORCE, Category.IN_PROGRESS), State(ENDED, Category.DONE, frozen=("*",))),
    initial=IN_FORCE,
    steps=(Step(IN_FORCE, "end", (ENDED,)),),
)
BOARD = RecordLifecycle(
    states=(
        State("called", Category.TO_DO),
        State("agenda frozen", Category.IN_PROGRESS, frozen=("agenda",)),
        State("held", Category.DONE, required=("present",), frozen=("*",)),
        State("cancelled", Category.DONE, frozen=("*",)),
    ),
    initial="called",
    steps=(
        Step("called", "freeze", ("agenda frozen",)),
        Step("agenda frozen", "hold", ("held",)),
        Step("called", "cancel", ("cancelled",)),
        Step("agenda frozen", "cancel", ("cancelled",)),
    ),
)
_MODELS = (Model("plain", "In force until it ends.", (LIFE,)),)


def _text(name: str, sentence: str) -> Attribute:
    return Attribute(name, "string", sentence)


NAME = _text("name", "What people call it.")
ZONE = _text("zone", "The time zone of its times, such as Europe/Berlin.")
WHY = _text("why", "Why it is there, in one line.")
UNTIL = Attribute("until", "datetime", "When it ends by itself, ISO 8601 UTC; null: when somebody ends it.")
WINDOW = (
    ZONE,
    _text("start", "When the first begins, a local time of its zone, such as 2026-12-01T22:00."),
    _text("end", "When the first is over: a local time, or how long each is, such as PT2H."),
    _text("rule", "How it recurs, as in calendars: FREQ=WEEKLY;BYDAY=SU. Null: it is once."),
    WHY,
)
"""The times of a window, as they were declared."""
SCOPE = (
    Attribute("everything", "boolean", "Whether it holds for every CI."),
    Attribute("classes", "strings", "The classes it holds for, with all that are a kind of them."),
    Attribute("tags", "strings", "The tags it holds for."),
    Attribute("sites", "strings", "The ids of the sites, rooms and racks it holds for, with all that stands in them."),
)
"""What it holds for, beside the CIs it is about."""
HOLIDAYS = PartType(
    "holidays",
    "CalendarHoliday",
    "A day off.",
    (
        Attribute("day", "string", "The day, such as 2026-12-24.", required=True),
        Attribute("name", "string", "What it is called.", required=True),
    ),
)
EXCEPTIONS = PartType(
    "exceptions",
    "CalendarException",
    "A day with other hours than its weekday's.",
    (
        Attribute("day", "string", "The day, such as 2026-12-31.", required=True),
        Attribute("hours", "string", "Its hours, such as 08:00-12:00; null: none."),
        Attribute("why", "string", "Why it has.", required=True),
    ),
)
AGENDA = PartType(
    "agenda",
    "AgendaItem",
    "A change on the agenda of a board, as it stood when the agenda was frozen.",
    (
        Attribute("number", "string", "The change.", required=True),
        Attribute("title", "string", "What is to be changed.", required=True),
        Attribute("verdict", "string", "Its verdict."),
        Attribute("risk", "string", "Its risk."),
        Attribute("evidence", "string", "The hash of the evidence it was assessed on."),
        Attribute("requester", "string", "Who asks for it."),
        Attribute("window_start", "datetime", "When its work is to begin."),
    ),
)
RULINGS = PartType(
    "rulings",
    "BoardRuling",
    "What a board decided of a change on its agenda.",
    (
        Attribute("number", "string", "The change.", required=True),
        Attribute("decision", "string", "Approve, reject or defer.", required=True),
        Attribute("reason", "string", "Why; needed but to approve."),
        Attribute("evidence", "string", "The hash of the evidence that lay on the table; taken from the agenda."),
    ),
)

CALENDAR = RecordType(
    name="Calendar",
    plural="calendars",
    prefix="CAL",
    sentence="Business hours in a time zone, with holidays and exceptions.",
    models=_MODELS,
    attributes=(
        NAME,
        ZONE,
        Attribute("weekly", "strings", "The hours of each weekday that has any, such as mon 08:00-12:00 13:00-17:00."),
    ),
    parts=(HOLIDAYS, EXCEPTIONS),
)
MAINTENANCE = RecordType(
    name="MaintenanceWindow",
    plural="maintenance_windows",
    prefix="MW",
    sentence="When work on some CIs is expected: changes belong there, and alarms are no incidents then.",
    models=_MODELS,
    attributes=(NAME, *WINDOW, UNTIL),
)
FREEZE = RecordType(
    name="Freeze",
    plural="freezes",
    prefix="FRZ",
    sentence="A time in which nothing is changed: of everything, or of what it names.",
    models=_MODELS,
    attributes=(
        NAME,
        *WINDOW,
        *SCOPE,
        Attribute("override_by", "strings", "Who may override it: accounts, @teams, or names of roles."),
        UNTIL,
    ),
)
TEAM = RecordType(
    name="SupportGroup",
    plural="support_groups",
    prefix="SUP",
    sentence="A team, and what it supports.",
    models=_MODELS,
    attributes=(
        NAME,
        Attribute("members", "strings", "The accounts in it."),
        _text("calendar", "The name of the calendar they work by; null: at any time."),
        _text("contact", "How to reach them."),
        *SCOPE,
    ),
    notices=(Notice(tell=("members",), commands=("declare_support_group", "change_support_group")),),
)
DELEGATION = RecordType(
    name="Delegation",
    plural="delegations",
    prefix="DLG",
    sentence="Somebody stands in for somebody else in a role until a moment; it ends by itself.",
    models=_MODELS,
    attributes=(
        _text("by", "Who is stood in for."),
        _text("to", "Who stands in."),
        _text("role", "As what: financial, technical or business approver, or a member of a @team."),
        Attribute("start", "datetime", "From when, ISO 8601 UTC."),
        Attribute("until", "datetime", "Until when, ISO 8601 UTC."),
        WHY,
    ),
    notices=(Notice(tell=("by", "to"), states=(IN_FORCE, ENDED), commands=("change_delegation",)),),
)
MEETING = RecordType(
    name="CabMeeting",
    plural="cab_meetings",
    prefix="CAB",
    sentence="A meeting of the change advisory board: who, when, about what, and what was decided.",
    models=(Model("plain", "Called, its agenda frozen, held.", (BOARD,)),),
    attributes=(
        NAME,
        Attribute("start", "datetime", "When it begins, ISO 8601."),
        Attribute("end", "datetime", "When it is over, ISO 8601."),
        _text("place", "Where it is."),
        Attribute("members", "strings", "Who is invited."),
        Attribute("present", "strings", "Who was there."),
        _text("minutes", "What was said."),
    ),
    parts=(AGENDA, RULINGS),
    notices=(
        Notice(tell=("members",), states=("called", "agenda frozen", "held", "cancelled"), commands=("change_cab",)),
    ),
)
RECORDS = (CALENDAR, MAINTENANCE, FREEZE, TEAM, DELEGATION, MEETING)
