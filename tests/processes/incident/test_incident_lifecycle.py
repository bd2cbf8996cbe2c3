"""Incidents, requests and major incidents move by their tables; escalation by clock and by group."""

import itertools
from dataclasses import replace

import pytest

from cmdb.errors import Invalid, Refused
from cmdb.words.record import Record
from cmdb_processes.incident import escalation, lifecycle, targets
from cmdb_processes.lifecycle import Category, Lifecycle
from cmdb_processes.priority import SERVICENOW
from cmdb_processes.timing.clock import State, read, shortest
from cmdb_processes.timing.hours import ALWAYS, Calendar, workdays
from cmdb_processes.timing.spans import moment, text

INCIDENT = {
    "new": {"assign", "begin", "put on hold", "resolve", "cancel"},
    "in progress": {"assign", "put on hold", "resolve", "cancel"},
    "waiting": {"assign", "begin", "put on hold", "resolve", "cancel"},
    "resolved": {"confirm", "auto-close", "reopen"},
    "closed": {"reopen"},
    "cancelled": set(),
}
REQUEST = {
    "new": {"assign", "ask approval", "reject", "begin", "cancel"},
    "approval": {"approve", "reject", "cancel"},
    "in progress": {"assign", "put on hold", "fulfil", "cancel"},
    "pending": {"assign", "begin", "put on hold", "fulfil", "cancel"},
    "fulfilled": {"confirm", "auto-close", "reopen"},
    "closed": set(),
    "rejected": set(),
    "cancelled": set(),
}
MAJOR = {
    "candidate": {"accept", "reject"},
    "accepted": {"demote"},
    "rejected": {"propose"},
    "demoted": {"propose"},
}
H = 3600
OPENED = moment("2026-11-24T08:00Z")


@pytest.mark.parametrize(
    ("table", "legal"),
    [(lifecycle.INCIDENT, INCIDENT), (lifecycle.REQUEST, REQUEST), (lifecycle.MAJOR, MAJOR)],
    ids=["incident", "request", "major"],
)
def test_every_step_is_legal_or_refused_with_the_legal_ones(table: Lifecycle, legal: dict[str, set[str]]) -> None:
    """All states times all stimuli: exactly the table above is legal."""
    stimuli = set().union(*legal.values())
    assert {state.name for state in table.states} == set(legal)
    for state, stimulus in itertools.product(legal, stimuli):
        if stimulus in legal[state]:
            assert set(table.check("INC-1", state, stimulus)) <= set(legal)
        else:
            with pytest.raises(Refused, match=f"INC-1 is {state}"):
                table.check("INC-1", state, stimulus)


def test_nothing_closes_but_by_confirmation_or_silence() -> None:
    """Closed is reached only from what waits for confirmation, and needs code, words, cause, how and a CI."""
    for table in (lifecycle.INCIDENT, lifecycle.REQUEST):
        into = {(s.state, s.stimulus) for s in table.steps if "closed" in s.to}
        assert {stimulus for _, stimulus in into} == {"confirm", "auto-close"}
        (state,) = {table.state(name) for name, _ in into}
        assert [reason.name for reason in state.reasons] == ["confirmation"]
    needs = set(lifecycle.INCIDENT.state("closed").required)
    assert needs == {"resolution_code", "resolution", "cause", "closed_how", "cis"}


def _incident(**fields: str) -> Record:
    return Record("rec_1", "INC-1", "Incident", "resolved", 3, "ben", "2026-11-24T08:00:00.000Z", ("ci_1",), fields)


def test_open_tasks_and_major_incidents_stop_what_closes_by_itself() -> None:
    """The guards of auto-close: every task done or skipped, and no major incident."""
    step = lifecycle.INCIDENT.step("INC-1", "resolved", "auto-close")
    tasks = ({"name": "a", "state": "done"}, {"name": "b", "state": "skipped"})

    def holds(record: Record) -> bool:
        return all(guard.holds(record) for guard in step.guards)

    assert holds(replace(_incident(), parts={"tasks": tasks}))
    assert holds(_incident(major="demoted"))
    assert not holds(replace(_incident(), parts={"tasks": (*tasks, {"name": "c", "state": "open"})}))
    assert not holds(_incident(major="accepted"))
    assert all(g.holds(_incident(major="accepted")) for g in lifecycle.INCIDENT.step("I", "resolved", "confirm").guards)


def row(after: float, event: str, category: Category, **more: str | int | None) -> dict[str, str | int | None]:
    """A line of a history, so many hours after it was opened."""
    when = OPENED + int(after * H)
    return {"at": text(when), "event": event, "category": category.value, **more}


def test_the_three_promises_are_read_from_a_history() -> None:
    """Response ends with work, resolution with restoration, update with each note; waiting for a customer pauses."""
    history = targets.entries(
        [
            row(0, "open", Category.TO_DO, rank=2, waiting=None),
            row(0.5, "begin", Category.IN_PROGRESS),
            row(1, "put on hold", Category.WAITING, waiting="customer"),
            row(3, "begin", Category.IN_PROGRESS, waiting=None),
            row(4, "note", Category.IN_PROGRESS),
            row(6, "resolve", Category.WAITING, waiting="confirmation"),
        ]
    )
    all_ = targets.targets(ALWAYS)
    found = shortest(all_, history, OPENED + 5 * H)
    assert {kind: (r.state.value, r.elapsed) for kind, r in found.items()} == {
        "response": ("complete", H // 2),
        "resolution": ("running", 3 * H),
        "update": ("running", H),
    }
    assert found["resolution"].breach_at == OPENED + 10 * H
    done = shortest(all_, history, OPENED + 20 * H)
    assert {r.state for r in done.values()} == {State.COMPLETE}
    assert not any(r.breached for r in done.values())


def test_a_history_of_graphql_is_read_with_the_present_rank() -> None:
    """Commands become the steps they are, categories what they mean."""
    rows = [
        ("2026-11-24T08:00:00.000Z", "open_incident", "new", "TO_DO", None),
        ("2026-11-24T09:00:00.500Z", "hold_incident", "waiting", "WAITING", "customer"),
        ("2026-11-24T10:00:00.000Z", "begin_incident", "in progress", "IN_PROGRESS", None),
    ]
    names = ("at", "command", "toState", "toCategory", "waiting")
    history = [dict(zip(names, row, strict=True)) for row in rows]
    found = targets.of_transitions(history, {"hold_incident": "put on hold", "begin_incident": "begin"}, 1)
    assert [one.fields["event"] for one in found] == ["open_incident", "put on hold", "begin"]
    reading = shortest(targets.targets(ALWAYS), found, OPENED + 3 * H)["resolution"]
    assert (reading.target.name, reading.elapsed, dict(reading.paused)) == (
        "resolve priority 1",
        2 * H,
        {"customer": H},
    )


def test_waiting_for_a_colleague_is_our_time() -> None:
    """Only reasons that say so pause; approval of a request does, before anybody has responded."""
    (response, resolution, _) = targets.targets(ALWAYS, {3: (H, 8 * H, H)})
    history = targets.entries(
        [row(0, "open", Category.TO_DO, rank=3), row(1, "put on hold", Category.WAITING, waiting="colleague")]
    )
    assert read(resolution, history, OPENED + 4 * H).elapsed == 4 * H
    asked = targets.entries(
        [row(0, "open", Category.TO_DO, rank=3), row(1, "ask approval", Category.WAITING, waiting="approval")]
    )
    assert read(resolution, asked, OPENED + 4 * H).elapsed == H
    assert read(response, asked, OPENED + 4 * H).state is State.RUNNING


def test_a_reopened_incident_counts_anew_and_a_cancelled_one_no_more() -> None:
    """Reopening resets the resolution; cancelling ends all clocks without a breach."""
    history = [
        row(0, "open", Category.TO_DO, rank=1),
        row(1, "resolve", Category.WAITING, waiting="confirmation"),
        row(3, "reopen", Category.IN_PROGRESS, waiting=None),
    ]
    (_, resolution, _) = targets.targets(ALWAYS, {1: targets.DEFAULT[1]})
    assert read(resolution, targets.entries(history), OPENED + 5 * H).elapsed == 2 * H
    ended = targets.entries([*history, row(4, "cancel", Category.DONE)])
    assert read(resolution, ended, OPENED + 99 * H).state is State.CANCELLED
    assert not read(resolution, ended, OPENED + 99 * H).breached


def test_escalations_are_due_once_each() -> None:
    """At 75 and at 100 percent; what was carried out is not due again, what is restored not at all."""
    everything = targets.targets(ALWAYS, {1: (1000 * H, 4 * H, 1000 * H)})
    history = targets.entries([row(0, "open", Category.TO_DO, rank=1)])
    assert escalation.due(shortest(everything, history, OPENED + 3 * H - 1).values(), ()) == ()
    (warn,) = escalation.due(shortest(everything, history, OPENED + 3 * H).values(), ())
    assert (warn.percent, warn.action, warn.at) == (75, "warn", OPENED + 3 * H)
    assert warn.sentence == "resolve priority 1: 75 % of the time is used up"
    late = shortest(everything, history, OPENED + 50 * H).values()
    assert [one.percent for one in escalation.due(late, {warn.key})] == [100]
    assert escalation.due(late, {one.key for one in escalation.due(late, ())}) == ()
    restored = targets.entries(
        [row(0, "open", Category.TO_DO, rank=1), row(5, "resolve", Category.WAITING, waiting="confirmation")]
    )
    assert escalation.due(shortest(everything, restored, OPENED + 50 * H).values(), ()) == ()


def test_a_reopened_record_escalates_anew() -> None:
    """Its clock runs again from zero, so its thresholds are others."""
    everything = targets.targets(ALWAYS, {1: (1000 * H, 4 * H, 1000 * H)})
    rows = [
        row(0, "open", Category.TO_DO, rank=1),
        row(5, "resolve", Category.WAITING, waiting="confirmation"),
        row(6, "reopen", Category.IN_PROGRESS, waiting=None),
    ]
    first = escalation.due(shortest(everything, targets.entries(rows[:1]), OPENED + 5 * H).values(), ())
    again = shortest(everything, targets.entries(rows), OPENED + 9 * H).values()
    assert [one.percent for one in escalation.due(again, {one.key for one in first})] == [75]
    assert escalation.next_at(again) == OPENED + 10 * H
    assert escalation.next_at([]) is None


def test_the_group_is_that_of_the_ci_else_of_the_nearest_service() -> None:
    """With the reason; two services as near are told apart by id."""
    support = {"ci_db": "databases", "ci_shop": "shop", "ci_pay": "payments"}
    near = [("ci_shop", 2), ("ci_pay", 1)]
    assert escalation.group_for(support, ["ci_web", "ci_db"], near, "service desk")[0] == "databases"
    assert escalation.group_for(support, ["ci_web"], near, "service desk") == (
        "payments",
        "supports ci_pay, which is reached in 1 hops",
    )
    assert escalation.group_for({}, ["ci_web"], near, "service desk")[0] == "service desk"


def test_handing_over_says_what_was_found() -> None:
    """To a known group, to another than now, with a reason."""
    groups = {"service desk", "network"}
    assert escalation.hand_over("service desk", "network", groups, "loss on sw-3") == (
        "from service desk to network: loss on sw-3"
    )
    with pytest.raises(Invalid, match="no support group 'netwrok'; known are network, service desk"):
        escalation.hand_over("service desk", "netwrok", groups, "x")
    with pytest.raises(Refused, match="with network already"):
        escalation.hand_over("network", "network", groups, "loss")
    with pytest.raises(Invalid, match="what was found so far"):
        escalation.hand_over("service desk", "network", groups, " ")


def test_ranks_fit_every_matrix() -> None:
    """The default promises know each rank that the presets give."""
    office = Calendar("office", "Europe/Berlin", workdays("08:00-17:00"))
    known = {one.name for one in targets.targets(office)}
    assert {f"resolve priority {SERVICENOW.rank(p)}" for p in SERVICENOW.priorities} <= known
