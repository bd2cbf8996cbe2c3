"""The seven outcomes on the real graph: events, classification, requests, priority, escalation, status, closing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, parts, person

from cmdb import replay
from cmdb.moments import after
from cmdb.store import By, Store
from cmdb.words import Role
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.arrangements import PROCESS as ARRANGEMENTS
from cmdb_processes.incident import PROCESS

pytestmark = pytest.mark.neo4j
BY = By("ann", "2026-11-01T00:00:00.000Z", "as the test needs it")
ERIN, IVY, VERA = (
    person(Role.ENGINEER, name="erin"),
    person(Role.ENGINEER, name="ivy"),
    person(Role.VIEWER, name="vera"),
)
BOSS = person(Role.APPROVER_BUSINESS, name="boss")
FACTS = [{"name": "status", "value": "down"}, {"name": "host", "value": "db-1"}]
REPORT = """
mutation R($facts: [EventFactInput!]!) {
  reportEvent(source: "monitor", text: "db-1 does not answer", facts: $facts) { number outcome because rule }
}
"""


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[tuple[Services, dict[str, str]]]:
    """Selling needs the shop, which needs db-1."""
    ids = {
        name: store.create_ci(cls, name, given, BY).ci
        for cls, name, given in (
            ("BusinessService", "selling", {"criticality": "critical", "users": 1200, "recovery_time_min": 30}),
            ("Application", "shop", {}),
            ("Database", "db-1", {}),
        )
    }
    store.link_cis("DEPENDS_ON", ids["selling"], ids["shop"], BY)
    store.link_cis("DEPENDS_ON", ids["shop"], ids["db-1"], BY)
    with parts(tmp_path, store, [ARRANGEMENTS, PROCESS]) as of:
        yield of, ids


def give(of: Services, call: str, fields: str = "state", who: Any = ERIN) -> dict[str, Any]:
    """A mutation, written out."""
    (found,) = ask(of, f"mutation {{ {call} {{ {fields} }} }}", who).values()
    row: dict[str, Any] = found
    return row


def refused(of: Services, call: str, who: Any = ERIN) -> str:
    """What is said to a mutation that is refused."""
    return str(answer(of, f"mutation {{ {call} {{ state }} }}", who)["errors"][0]["message"])


def condition(of: Services, ci: str) -> str | None:
    """What the graph says of a CI."""
    found: str | None = ask(of, "query C($id: ID!) { ci(id: $id) { condition } }", id=ci)["ci"]["condition"]
    return found


def test_an_incident_from_its_event_to_its_close_and_back(served: tuple[Services, dict[str, str]]) -> None:
    """INC.1 and INC.2 events, INC.4 priority, INC.5 escalation, INC.6 status and INC.7 closing, in one life."""
    of, ids = served
    # INC.1, INC.2: eight at once, of two accounts, are one incident, bound to its CI by its name
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda n: ask(of, REPORT, (ERIN, IVY)[n % 2], facts=FACTS)["reportEvent"], range(8)))
    assert sorted(one["outcome"] for one in said) == ["incident", *["log"] * 7]
    odd = give(of, 'reportEvent(source: "toaster", text: "hot")', "outcome because rule")
    assert odd == {"outcome": "log", "because": "no rule fits", "rule": None}
    fields = (
        "number events category cis { name } impact urgency priority computedPriority rank major radius group owner"
        ' services { name degree hops } links(types: ["IMPACTS"], first: 2) { nodes { ci { name } path { name } } }'
    )
    (one,) = ask(of, f"{{ incidents(first: 3) {{ nodes {{ {fields} }} }} }}", VERA)["incidents"]["nodes"]
    # INC.4: computed from what is reached, and the path is kept
    assert (one["number"], one["events"], one["cis"]) == ("INC-1", 8, [{"name": "db-1"}])
    assert (one["impact"], one["urgency"], one["priority"], one["rank"]) == ("high", "high", 1, 1)
    assert one["services"] == [{"name": "selling", "degree": "down", "hops": 2}]
    assert one["links"]["nodes"][0]["ci"] == {"name": "selling"}
    assert (one["major"], one["group"], one["owner"]) == ("candidate", "service desk", one["owner"])
    assert one["owner"] in ("erin", "ivy")
    # the monitor is trusted: a present outage, from which the incident is not computed away
    assert condition(of, ids["db-1"]) == "down"
    again = give(of, 'classifyIncident(number: "INC-1", eventCategory: "database")', "priority eventCategory")
    assert again == {"priority": 1, "eventCategory": "database"}
    assert "say why it is 3" in refused(of, 'prioritiseIncident(number: "INC-1", priority: 3)')
    over = give(
        of, 'prioritiseIncident(number: "INC-1", priority: 3, reason: "it is night")',
        "priority computedPriority overrideBy overrideReason",
    )  # fmt: skip
    assert list(over.values()) == [3, 1, "erin", "it is night"]
    give(of, 'prioritiseIncident(number: "INC-1", priority: 1)')
    # INC.5: by clock, once; to another group with what was found
    give(of, 'beginIncident(number: "INC-1")')
    levels = ask(of, '{ serviceLevels(number: "INC-1") { calendar readings { kind state left breachAt } } }', VERA)
    states = {one["kind"]: one["state"] for one in levels["serviceLevels"]["readings"]}
    assert states == {"response": "complete", "resolution": "running", "update": "running"}
    opened = of.store.record("Incident", "INC-1").opened_at
    late = Timers(of, lambda: after(opened, 5))
    assert (late.step() > 0, late.step()) == (True, 0)
    keys = of.store.record("Incident", "INC-1").fields["escalated"]
    assert {(str(k).split()[0], str(k).split()[1]) for k in keys} >= {("resolution", "75"), ("resolution", "100")}  # type: ignore[union-attr]
    give(of, 'assignIncident(number: "INC-1", group: "dba", owner: "dora", reason: "disk is full")')
    # a second incident about the same CI goes under the first
    give(of, f'openIncident(cis: ["{ids["db-1"]}"], title: "shop is slow", condition: "degraded")', who=VERA)
    give(of, 'confirmOutage(number: "INC-2")')
    assert condition(of, ids["db-1"]) == "down"
    give(of, 'linkIncident(number: "INC-2", type: "CHILD_OF", to: "INC-1")')
    assert "below INC-1 already" not in refused(of, 'linkIncident(number: "INC-1", type: "CHILD_OF", to: "INC-1")')
    # INC.6: an illegal step names the legal ones
    assert "legal now: assign, put on hold, resolve, cancel" in refused(of, 'confirmIncident(number: "INC-1")')
    assert "needs a reason to wait" in refused(of, 'holdIncident(number: "INC-1", waiting: "coffee")')
    assert give(of, 'holdIncident(number: "INC-1", waiting: "supplier")', "waiting owner") == {
        "waiting": "supplier", "owner": "dora",
    }  # fmt: skip
    # INC.7: resolved with its child and its outage, closed only when all is said
    call = 'resolveIncident(number: "INC-1", resolutionCode: "fixed", resolution: "more disk")'
    assert give(of, call, "state waiting") == {"state": "resolved", "waiting": "confirmation"}
    child = of.store.record("Incident", "INC-2")
    assert (child.state, child.fields["by_parent"]) == ("resolved", "INC-1")
    assert condition(of, ids["db-1"]) is None
    why = refused(of, 'confirmIncident(number: "INC-1")')
    assert "its cause is missing" in why and "whether it is a major incident is not decided" in why
    give(of, 'majorIncident(number: "INC-1", step: "reject", reason: "short")')
    done = give(of, 'confirmIncident(number: "INC-1", cause: "capacity")', "state closedHow closedAt", VERA)
    assert (done["state"], done["closedHow"]) == ("closed", "confirmed")
    give(of, 'reopenIncident(number: "INC-1", reason: "down again")', who=VERA)
    assert condition(of, ids["db-1"]) == "down"
    over_ = [{"name": "status", "value": "up"}, {"name": "host", "value": "db-1"}]
    assert ask(of, REPORT, ERIN, facts=over_)["reportEvent"]["outcome"] == "resolve"
    assert (of.store.record("Incident", "INC-1").state, condition(of, ids["db-1"])) == ("resolved", None)
    assert replay.lines(of.store.graph()) == replay.lines(replay.replay(of.store.entries_after(0, 999)))


def test_silence_closes_and_the_graph_moves_the_priority(served: tuple[Services, dict[str, str]]) -> None:
    """INC.7 auto-close after working days with a cause; INC.4 recomputed when the graph is otherwise."""
    of, ids = served
    give(of, f'openIncident(cis: ["{ids["shop"]}"], title: "shop errors", condition: "degraded")')
    assert of.store.record("Incident", "INC-1").fields["impact"] == "high"
    of.store.unlink_cis("DEPENDS_ON", ids["selling"], ids["shop"], BY)
    opened = of.store.record("Incident", "INC-1").opened_at
    Timers(of, lambda: after(opened, 0.01)).step()
    record = of.store.record("Incident", "INC-1")
    assert (record.fields["impact"], record.part("services")) == ("low", ())
    give(of, 'majorIncident(number: "INC-1", step: "reject", reason: "nobody is hit")')
    call = 'resolveIncident(number: "INC-1", resolutionCode: "fixed", resolution: "restarted", cause: "software")'
    give(of, call)
    Timers(of, lambda: after(opened, 2)).step()
    assert of.store.record("Incident", "INC-1").state == "resolved"
    Timers(of, lambda: after(opened, 24 * 7)).step()
    record = of.store.record("Incident", "INC-1")
    assert (record.state, record.fields["closed_how"]) == ("closed", "auto-closed")


def test_a_request_is_approved_and_fulfilled(served: tuple[Services, dict[str, str]]) -> None:
    """INC.3: only from the catalogue, with its form whole; approved by another; tasks in their order; then silence."""
    of, _ = served
    form = 'answers: [{question: "person", answer: "vera"}, {question: "service", answer: "shop"}%s]'
    assert "right is missing" in refused(of, f'requestItem(item: "access", {form % ""})', VERA)
    assert "no catalogue item" in refused(of, 'requestItem(item: "yacht")', VERA)
    more = ', {question: "right", answer: "read"}, {question: "why", answer: "on call"}'
    made = give(of, f'requestItem(item: "access", {form % more})', "number state tasks { name state }", VERA)
    assert (made["number"], [t["name"] for t in made["tasks"]]) == ("REQ-1", ["grant", "tell"])
    assert "needs an approval first" in refused(of, 'beginRequest(number: "REQ-1")')
    Timers(of).step()
    assert of.store.record("ServiceRequest", "REQ-1").state == "approval"
    assert "may not approve" in refused(of, 'approveRequest(number: "REQ-1")', VERA)
    assert give(of, 'approveRequest(number: "REQ-1")', who=BOSS) == {"state": "in progress"}
    assert "comes after grant" in refused(of, 'doRequestTask(number: "REQ-1", task: "tell")')
    give(of, 'doRequestTask(number: "REQ-1", task: "grant")')
    assert "tasks are done" in refused(of, 'fulfilRequest(number: "REQ-1", fulfilment: "may read")')
    give(of, 'doRequestTask(number: "REQ-1", task: "tell")')
    give(of, 'fulfilRequest(number: "REQ-1", fulfilment: "may read")')
    done = give(of, 'confirmRequest(number: "REQ-1")', "state closedHow owner", VERA)
    assert (done["state"], done["closedHow"]) == ("closed", "confirmed")
    facts = '[{name: "wants", value: "password"}, {name: "person", value: "vic"}, {name: "service", value: "shop"}]'
    event = give(of, f'reportEvent(source: "portal", text: "locked out", facts: {facts})', "outcome")
    assert event == {"outcome": "request"}
    assert of.store.record("ServiceRequest", "REQ-2").fields["item"] == "password"
    why = 'rejectRequest(number: "REQ-2", reason: "left the company")'
    assert give(of, why, "state rejectedBecause") == {"state": "rejected", "rejectedBecause": "left the company"}
