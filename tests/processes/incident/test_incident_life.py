"""An incident and a request, from the first event to the close, by the engine's own pure moves and these rules."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import Refused
from cmdb.records import moved, opened
from cmdb.words import Command, Decision, Record, RecordLink, RecordType, Role
from cmdb_processes.incident import catalogue, closing, escalation, events, records, targets
from cmdb_processes.incident.events import Do, Event, EventRule
from cmdb_processes.incident.items import catalogue as items
from cmdb_processes.priority import SERVICENOW, Reached, decide, impact, urgency
from cmdb_processes.timing.clock import State, shortest
from cmdb_processes.timing.conditions import when
from cmdb_processes.timing.hours import ALWAYS
from cmdb_processes.timing.spans import moment, text

H = 3600
START = moment("2026-11-24T08:00Z")


class Life:
    """One record under test, moved by the engine; its history is what the clocks read."""

    def __init__(self, kind: RecordType, state: str, cis: tuple[str, ...], **fields: Any) -> None:
        self.kind, self.history = kind, [{}]
        move = opened(kind, self._command("open", None), Decision(state, fields, "opened", cis=cis), "ben", text(START))
        self.record: Record = move.after
        self.history = [self._row(START, "open")]

    def do(self, hours: float, stimulus: str, state: str, more: dict[str, Any] | None = None, **fields: Any) -> None:
        """One step, so many hours after the start."""
        at = START + int(hours * H)
        decision = Decision(state, fields, stimulus, **(more or {}))
        self.record = moved(self.kind, self.record, self._command(stimulus, stimulus), decision, "ben", text(at)).after
        self.history.append(self._row(at, stimulus))

    def _row(self, at: int, event: str) -> dict[str, Any]:
        return {
            "at": text(at),
            "event": event,
            "state": self.record.state,
            "category": self.record.category.value,
            "waiting": self.record.waiting,
            "rank": self.record.fields.get("rank"),
        }

    def _command(self, name: str, stimulus: str | None) -> Command:
        roles = frozenset({Role.ENGINEER})
        return Command(
            name, "A step of a life.", self.kind.name, (), roles, stimulus is None, lambda *_: None, stimulus
        )


def test_an_incident_from_event_to_close_and_back() -> None:
    """Classified, ranked by what the graph reaches, worked on, escalated, restored, closed only when all is said."""
    down = EventRule(
        "down", "A service is down.", "monitor", "availability", "critical", Do.INCIDENT, "web", when(status="down")
    )
    found = events.classify([down], Event("monitor", START, {"status": "down"}, "ci_pay"))
    assert events.act([], found).do is Do.INCIDENT
    bad = impact(SERVICENOW.impacts, [Reached("pay", "critical", "down")])
    urgent = urgency(SERVICENOW.urgencies, 4 * H)
    priority = decide(SERVICENOW, bad, urgent)
    rank = SERVICENOW.rank(priority.value)
    assert (priority.value, rank) == (2, 2)

    life = Life(records.INCIDENT, "new", ("ci_pay",), title="pay is down", priority=2, rank=rank)
    life.do(0.5, "begin", "in progress")
    life.do(1, "put on hold", "waiting", {"waiting": "customer"})
    life.do(3, "begin", "in progress")
    promises = targets.targets(ALWAYS)
    readings = shortest(promises, targets.entries(life.history), START + 9 * H)
    assert {kind: r.state for kind, r in readings.items()} == {
        "response": State.COMPLETE,
        "resolution": State.RUNNING,
        "update": State.RUNNING,
    }
    assert [(e.target, e.percent) for e in escalation.due(readings.values(), ())] == [
        ("update priority 2", 75),
        ("update priority 2", 100),
        ("resolve priority 2", 75),
    ]
    with pytest.raises(Refused, match="resolution_code, resolution missing"):
        life.do(9, "resolve", "resolved")
    link = (RecordLink("FOLLOWS", "CHG-7"),)
    life.do(9, "resolve", "resolved", {"links": link}, **closing.check_resolution("by change", "rolled back", link))
    blocked = closing.blockers(life.record.fields, life.record.cis, (), ())
    assert blocked == ("its cause is missing",)
    with pytest.raises(Refused, match="cause missing"):
        life.do(10, "confirm", "closed", closed_how="confirmed")
    life.do(10, "confirm", "closed", closed_how="confirmed", cause="change")
    done = shortest(promises, targets.entries(life.history), START + 99 * H)["resolution"]
    assert (done.state, done.elapsed, done.breached) == (State.COMPLETE, 7 * H, False)

    back = closing.check_reopen("INC-1", closing.Policy(), ALWAYS, START + 10 * H, START + 20 * H, "down again")
    life.do(20, "reopen", "in progress", **back)
    assert (life.record.closed_at, life.record.fields["resolution"]) == (None, None)
    again = shortest(promises, targets.entries(life.history), START + 21 * H)["resolution"]
    assert (again.state, again.elapsed) == (State.RUNNING, H)


def test_a_request_from_the_catalogue_is_approved_and_fulfilled() -> None:
    """Its form is checked, approval pauses the clock, tasks stand in the way of fulfilment."""
    item = catalogue.find(items(), "access")
    given = {"person": "ben", "service": "shop", "right": "read", "why": "on call"}
    answers = tuple({"question": q, "answer": a} for q, a in catalogue.answers(item, given).items())
    tasks = tuple(catalogue.rows(item))
    life = Life(records.REQUEST, "new", (), title="access to shop", item=item.name, rank=item.rank)
    life.do(1, "ask approval", "approval", {"parts": {"answers": answers, "tasks": tasks}})
    life.do(9, "approve", "in progress")
    found = shortest(targets.targets(ALWAYS), targets.entries(life.history), START + 10 * H)["resolution"]
    assert (found.elapsed, dict(found.paused)) == (2 * H, {"approval": 8 * H})
    with pytest.raises(Refused, match="tasks are done"):
        life.do(10, "fulfil", "fulfilled", fulfilment="may read")
    done = tuple({**row, "state": "done"} for row in tasks)
    life.do(11, "fulfil", "fulfilled", {"parts": {"tasks": done}}, fulfilment="may read")
    life.do(12, "auto-close", "closed", closed_how="auto-closed")
    assert life.record.category.value == "done"


def test_a_request_that_is_rejected_says_why() -> None:
    """Rejection without a reason is refused."""
    life = Life(records.REQUEST, "new", (), title="access to shop", item="access", rank=4)
    life.do(1, "ask approval", "approval")
    with pytest.raises(Refused, match="rejected_because missing"):
        life.do(2, "reject", "rejected")
    life.do(2, "reject", "rejected", rejected_because="not needed")
    readings = shortest(targets.targets(ALWAYS), targets.entries(life.history), START + 99 * H)
    assert readings["resolution"].state is State.COMPLETE
