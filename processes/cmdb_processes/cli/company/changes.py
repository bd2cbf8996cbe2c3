"""The example's changes: past ones with their history, and open ones written by those whose they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cmdb.moments import iso
from cmdb_processes.cli.company.desk import Desk, Step

_PROPOSE = """
mutation Propose($cis: [ID!]!, $title: String!, $window: String!, $reason: String!, $plan: String!, $backout: String!,
                 $test: String!, $model: String!, $proposed: String, $by: [String!]!) {
  proposeChange(cis: $cis, title: $title, window: $window, reason: $reason, plan: $plan, backout: $backout,
                backoutTested: true, test: $test, model: $model, proposed: $proposed, implementers: $by) { number }
}
"""
_ROAD = ("draft", "submitted", "assessed", "awaiting approval", "approved", "scheduled", "implementing")


@dataclass(frozen=True, slots=True)
class Past:
    """A change that is closed: done `days` before today by whom, at what, with which outcome."""

    days: float
    by: str
    title: str
    ci: str
    outcome: str = "success"
    lessons: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """A change that is on its way. It begins `days` after today at an hour (UTC), and takes some hours."""

    by: str
    title: str
    ci: str
    reason: str
    plan: str
    backout: str
    test: str
    days: int
    hour: int
    hours: int
    model: str = "normal"
    add: tuple[tuple[str, str, str], ...] = ()
    approved: tuple[tuple[str, str], ...] = ()


PAST = (
    Past(72, "hugo", "Firmware of the firewalls in Vienna", "vie-fw-1"),
    Past(57, "cleo", "PostgreSQL's quarterly release for catalog", "pg-catalog"),
    Past(46, "cleo", "PostgreSQL's quarterly release for payments", "pg-payments"),
    Past(31, "hugo", "Firmware of grz-lb-2", "grz-lb-2", "failed", "The watchdog still resets it: replace the unit."),
    Past(19, "gita", "Release of warehouse", "app warehouse"),
    Past(5.7, "ada", "A new board for vie-hv-3", "vie-hv-3"),
)
OPEN = (
    Open(
        "cleo", "PostgreSQL minor release for payments", "pg-payments-1", "Security fixes of the quarter.",
        "Stop, upgrade, start; the replica serves meanwhile.", "Start the version before.", "A payment goes through.",
        9, 1, 2,
    ),
    Open(
        "hugo", "A new shelf under grz-lun-4", "grz-lun-4", "The shelf reports failing disks.",
        "Take the LUN offline, move it, bring it back.", "Bring the old shelf back.", "The LUN is whole.", 9, 2, 3,
    ),
    Open(
        "cleo", "Rebuild the indexes of orders", "pg-orders-1", "Queries have become slow.",
        "Rebuild one index after the other.", "Stop; the old indexes are kept.", "Listing orders takes 50 ms.",
        16, 1, 2, approved=(("technical", "finn"), ("financial", "eva")),
    ),
    Open(
        "ada", "Full-text search in reports", "metabase on reporting-1", "The auditors come on Monday.",
        "Point it at search.", "Take the setting back.", "A word is found.", 0, 0, 168, "emergency",
        add=(("metabase on reporting-1", "USES", "opensearch on search-1"),),
    ),
)  # fmt: skip


def write(desk: Desk, today: date) -> None:
    """All of them, the past ones first, so that their numbers come first."""
    for done in PAST:
        _past(desk, done, today)
    for one in OPEN:
        _open(desk, one, today)


def _past(desk: Desk, done: Past, today: date) -> None:
    start = datetime.combine(today, time(1), UTC) - timedelta(days=done.days)
    last = len(_ROAD) - 1
    road = [Step(iso(start - timedelta(days=last - n)), done.by, state, state) for n, state in enumerate(_ROAD)]
    road += [
        Step(iso(start + timedelta(hours=1)), done.by, "review", "finished"),
        Step(iso(start + timedelta(hours=9)), "gita", "closed", f"closed: {done.outcome}"),
    ]
    fields = {
        "title": done.title, "window_start": iso(start), "window_end": iso(start + timedelta(hours=2)),
        "started_at": iso(start), "finished_at": iso(start + timedelta(hours=1)), "outcome": done.outcome,
        "implementers": [done.by], **({"lessons": done.lessons} if done.lessons else {}),
    }  # fmt: skip
    desk.take_over("ChangeRequest", "normal", road, fields, done.ci, done.by)


def _open(desk: Desk, one: Open, today: date) -> None:
    start = datetime.combine(today, time(one.hour), UTC) + timedelta(days=one.days)
    edges = [{"from": desk.ids[source], "type": kind, "to": desk.ids[to]} for source, kind, to in one.add]
    given = {
        "cis": [desk.ids[one.ci]], "title": one.title, "reason": one.reason, "plan": one.plan, "backout": one.backout,
        "test": one.test, "model": one.model, "by": [one.by],
        "window": f"{start.isoformat()}/{(start + timedelta(hours=one.hours)).isoformat()}",
        "proposed": json.dumps({"add": edges}) if edges else None,
    }  # fmt: skip
    number = desk.ask(one.by, _PROPOSE, **given)["proposeChange"]["number"]
    desk.do(one.by, "submitChange", number)
    if one.approved:
        desk.do(one.by, "assessChange", number)
        desk.do(one.by, "requestChangeApproval", number)
    for role, who in one.approved:
        desk.do(who, "approveChange", number, asRole=role)
