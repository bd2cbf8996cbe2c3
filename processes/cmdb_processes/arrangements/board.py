"""The change advisory board: called, its agenda frozen as things stand, then held with a ruling on every item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.errors import Invalid, Refused
from cmdb.words import Attribute, Command, Decision, Effect, Principal, Record
from cmdb.words.process import Ask
from cmdb_processes.arrangements import checks, delegating, records
from cmdb_processes.arrangements.life import CIS, MANAGERS, REASON, Draft
from cmdb_processes.arrangements.nouns import Ruling
from cmdb_processes.steps import leads_to
from cmdb_processes.timing.spans import Span, moment, text
from cmdb_processes.timing.windows import duration

WAITING = """
query WaitingChanges($filter: RecordFilter!, $after: String) {
  changeRequests(filter: $filter, order: OLDEST, first: 100, after: $after) {
    nodes {
      number title state version verdict risk evidenceHash openedBy windowStart cis { id } services { ci }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
MOST = 50
"""Changes that one meeting can speak about."""
_NAME = Attribute("name", "string", "What it is called.")
_START = Attribute("start", "string", "When it begins, ISO 8601 with a zone: 2026-12-01T10:00+01:00.")
_END = Attribute("end", "string", "When it is over, or how long it takes: PT1H.")
_PLACE = Attribute("place", "string", "Where it is.")
_MEMBERS = Attribute("members", "strings", "The accounts that are invited.")
"""Declared once for the commands below."""


def call(ask: Ask, _record: None, given: Mapping[str, Any], who: Principal, now: str) -> Decision:
    """A meeting to come, about everything or about some services and CIs."""
    cis = tuple(dict.fromkeys(given.get("cis") or ()))
    checks.live(ask, cis, "cis")
    return Decision("called", _checked(ask, dict(given), now), f"called by {who.name}", cis=cis)


def change(ask: Ask, record: Record, given: Mapping[str, Any], who: Principal, now: str) -> Decision:
    """Another time, place or circle."""
    said = {name: value for name, value in given.items() if value is not None}
    if "start" in said and "end" not in said:  # it takes as long as before
        lasts = moment(str(record.fields["end"])) - moment(str(record.fields["start"]))
        said["end"] = text(moment(said["start"]) + lasts)
    cis = None if given.get("cis") is None else tuple(dict.fromkeys(given["cis"]))
    checks.live(ask, cis or (), "cis")
    fields = _checked(ask, {**record.fields, **said}, now)
    return Decision(record.state, fields, f"changed by {who.name}", cis=cis)


def _checked(ask: Ask, given: Mapping[str, Any], now: str) -> dict[str, Any]:
    draft = Draft(given, {}, ())
    name = checks.line(draft, "name", needed=True)
    start = moment(checks.line(draft, "start", needed=True))
    end = checks.line(draft, "end", needed=True)
    span = Span(start, start + duration(end) if end.startswith("P") else moment(end))
    if span.end <= moment(now):
        raise Invalid("is over already", where="end")
    if span.seconds > 86_400:
        raise Invalid("is more than a day: a meeting that long is several", where="end")
    members = checks.names(draft, "members")
    if not members:
        raise Invalid("are missing: say who is invited", where="members")
    delegating.accounts(ask, members, "members")
    fields = {"name": name, "start": text(span.start), "end": text(span.end), "members": members}
    return {**fields, "place": checks.line(draft, "place") or None}


def freeze(ask: Ask, record: Record, given: Mapping[str, Any], who: Principal, _now: str) -> Decision:
    """The changes that are named, else all in its scope that wait for approval; as they stand, the nearest first."""
    rows = _chosen(_open(ask), tuple(given.get("changes") or ()), frozenset(record.cis))
    if not rows:
        scope = " of what it is about" if record.cis else ""
        raise Refused(f"no change{scope} waits for approval: {record.number} has nothing to speak about")
    if len(rows) > MOST:
        raise Invalid(f"{len(rows)} changes wait, at most {MOST} go on one agenda: name them", where="changes")
    agenda = tuple(
        {
            "number": row["number"], "title": row["title"] or row["number"], "verdict": row["verdict"],
            "risk": row["risk"], "evidence": row["evidenceHash"], "requester": row["openedBy"],
            "window_start": row["windowStart"],
        }
        for row in sorted(rows, key=_nearest)
    )  # fmt: skip
    return Decision("agenda frozen", {}, f"agenda of {len(agenda)} frozen by {who.name}", parts={"agenda": agenda})


Rows = list[Mapping[str, Any]]


def _open(ask: Ask) -> Rows:
    """The open changes, one question for each hundred."""
    rows: Rows = []
    after = None
    while True:
        page = ask(WAITING, filter={"categories": ["TO_DO", "WAITING", "IN_PROGRESS"]}, after=after)["changeRequests"]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


def _chosen(rows: Rows, numbers: tuple[str, ...], scope: frozenset[str]) -> Rows:
    if not numbers:
        return [row for row in rows if _waits(row) and (not scope or scope & _concerned(row))]
    by_number = {row["number"]: row for row in rows}
    if strange := [number for number in numbers if number not in by_number]:
        raise Invalid(f"{strange[0]} is no open change", where="changes")
    return [by_number[number] for number in dict.fromkeys(numbers)]


def _waits(row: Mapping[str, Any]) -> bool:
    """Whether it waits for votes; in the first version of its lifecycle that was called assessed."""
    return str(row["state"]) == ("assessed" if row["version"] == 1 else "awaiting approval")


def _concerned(row: Mapping[str, Any]) -> set[str]:
    """What it works on, and the services that would feel it."""
    return {*(ci["id"] for ci in row["cis"]), *(one["ci"] for one in row["services"])}


def _nearest(row: Mapping[str, Any]) -> tuple[bool, int, str]:
    begins = row["windowStart"]
    return begins is None, moment(begins) if begins else 0, row["number"]


def hold(ask: Ask, record: Record, given: Mapping[str, Any], who: Principal, _now: str) -> Decision:
    """Who was there, what was said, and a ruling on each item, on the evidence of the agenda."""
    present = checks.names(Draft(given, {}, ()), "present")
    if not present:
        raise Invalid("is empty: nobody was there", where="present")
    delegating.accounts(ask, present, "present")
    rulings = ruled(record, tuple(given.get("rulings") or ()))
    said = {"present": present, "minutes": str(given.get("minutes") or "").strip() or None}
    counts = ", ".join(f"{sum(r.decision == word for r in rulings)} {word}" for word in ("approve", "reject", "defer"))
    rows = tuple({n: v for n in _RULING if (v := getattr(ruling, n))} for ruling in rulings)
    open_ = {row["number"] for row in _open(ask)}
    effects = tuple(
        Effect(MINUTE, row["number"], {**row, "meeting": record.number, "by": who.name})
        for row in rows
        if row["number"] in open_  # what is over meanwhile has it in the minutes alone
    )
    said_so = f"held, minuted by {who.name}: {counts}"
    return Decision("held", said, said_so, parts={"rulings": rows}, effects=effects)


MINUTE = "minute_change"
"""What the process of changes is told of each ruling: it is written down there too."""


_RULING = ("number", "decision", "reason", "evidence")


def ruled(record: Record, given: tuple[Mapping[str, Any], ...]) -> tuple[Ruling, ...]:
    """One ruling for each item, in the order of the agenda; Invalid names what is missing, twice, strange or stale."""
    agenda = {str(item["number"]): str(item.get("evidence") or "") for item in record.part("agenda")}
    found: dict[str, Ruling] = {}
    for row in given:
        number = str(row["number"])
        if number not in agenda:
            raise Invalid(f"{number} is not on the agenda", where="rulings")
        if number in found:
            raise Invalid(f"{number} is decided twice", where="rulings")
        if (evidence := row.get("evidence") or agenda[number]) != agenda[number]:
            table = agenda[number][:16]
            raise Invalid(f"{number} lay on the table with evidence {table}, not {evidence[:16]}", where="rulings")
        found[number] = Ruling(number, str(row["decision"]), str(row.get("reason") or "").strip(), evidence)
    if open_ := [number for number in agenda if number not in found]:
        raise Invalid(f"{open_[0]} has no ruling: approve, reject or defer it", where="rulings")
    return tuple(found[number] for number in agenda)


def _needed(one: Attribute) -> Attribute:
    return Attribute(one.name, one.type, one.sentence, required=True)


_KIND = records.MEETING.name
COMMANDS = (
    Command(
        "call_cab", "Call the change advisory board to a meeting.", _KIND,
        (_needed(_NAME), _needed(_START), _needed(_END), _needed(_MEMBERS), _PLACE), MANAGERS, True, call,
        cis_optional=True,
    ),
    Command(
        "change_cab", "Change time, place or circle of a meeting; what is left out stays.", _KIND,
        (_NAME, _START, _END, _MEMBERS, _PLACE, CIS), MANAGERS, False, change,
    ),
    Command(
        "freeze_cab", "Freeze the agenda of a meeting: from now on everybody prepares the same.", _KIND,
        (Attribute("changes", "strings", "The changes to speak about; left out: all that wait for approval."),),
        MANAGERS, False, freeze, stimulus="freeze",
    ),
    Command(
        "hold_cab", "Write down what a meeting decided: a ruling on each change of its agenda.", _KIND,
        (
            Attribute("present", "strings", "The accounts that were there.", required=True),
            Attribute("minutes", "string", "What was said."),
        ),
        MANAGERS, False, hold, stimulus="hold", parts=("rulings",),
    ),
    Command(
        "cancel_cab", "Call a meeting off.", _KIND, (REASON,), MANAGERS, False,
        leads_to("cancelled", command="called off"), stimulus="cancel",
    ),
)  # fmt: skip
