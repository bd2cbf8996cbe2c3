"""A change among what is arranged, on the real graph: freezes, windows, people, teams, stand-ins and the board."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.questions import ADMIN, answer, ask, parts, person
from support.round_trips import counting

from cmdb.applier import utc_now
from cmdb.moments import after
from cmdb.store import Store
from cmdb.words import Principal, Role
from cmdb_graphql.client import LocalClient
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.change import free
from cmdb_processes.change.gather import take
from cmdb_processes.cli.changes import text
from cmdb_processes.cli.server.processes import processes

pytestmark = pytest.mark.neo4j

RITA = person(Role.ENGINEER, name="rita")
CLARA = person(Role.CHANGE_MANAGER, name="clara")
TINA = person(Role.APPROVER_TECHNICAL, name="tina")
FRED = person(Role.APPROVER_FINANCIAL, name="fred")
VIC = person(Role.VIEWER, name="vic")
WALT = person(Role.VIEWER, name="walt")
PEOPLE = (ADMIN, RITA, CLARA, TINA, FRED, VIC, WALT)
MAKE = """
mutation M {
  shop: createCi(class: "BusinessService", name: "webshop", attributes: { criticality: "high" }) { ci { id } }
  app: createCi(class: "Application", name: "app") { ci { id } }
  db: createCi(class: "Database", name: "db") { ci { id } }
}
"""
LINK = 'mutation L($s: ID!, $t: ID!) { linkCis(type: "DEPENDS_ON", from: $s, to: $t) { sequence } }'
PROPOSE = """
mutation P($cis: [ID!]!, $title: String!, $window: String!, $by: [String!]) {
  proposeChange(cis: $cis, title: $title, window: $window, reason: "it ends", plan: "stop, start",
                backout: "old jars", test: "ask it", implementers: $by) { number }
}
"""
JUDGED = "state verdict blockedBy evidence clashes { kind others blocks sentence } riskTerms { name figure }"
WINDOW = "2126-12-01T22:00Z/PT2H"


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[tuple[Services, dict[str, str]]]:
    """All processes, seven accounts, and a web shop on an application on a database."""
    with parts(tmp_path, store, processes().values()) as of:
        for who in PEOPLE:
            of.accounts.create_user(who.name, sorted(who.roles - {Role.READER}))
        ids = {name: one["ci"]["id"] for name, one in ask(of, MAKE, RITA).items()}
        for source, target in (("shop", "app"), ("app", "db")):
            ask(of, LINK, RITA, s=ids[source], t=ids[target])
        yield of, ids


def proposed(of: Services, cis: list[str], window: str = WINDOW, by: list[str] | None = None) -> str:
    """Rita's change, handed in."""
    number: str = ask(of, PROPOSE, RITA, cis=cis, title=f"Upgrade in {window}", window=window, by=by)["proposeChange"][
        "number"
    ]
    ask(of, f'mutation {{ submitChange(number: "{number}") {{ state }} }}', RITA)
    return number


def judged(of: Services, number: str) -> dict[str, Any]:
    """The same, assessed now."""
    found: dict[str, Any] = ask(of, f'mutation {{ assessChange(number: "{number}") {{ {JUDGED} }} }}', RITA)
    return dict(found["assessChange"])


def waiting(of: Services, cis: list[str], **more: Any) -> str:
    """A change that waits for approval."""
    number = proposed(of, cis, **more)
    assert judged(of, number)["blockedBy"] == []
    ask(of, f'mutation {{ requestChangeApproval(number: "{number}") {{ state }} }}', RITA)
    return number


def lone(of: Services) -> str:
    """An application that nothing depends on."""
    made = ask(of, 'mutation { createCi(class: "Application", name: "lone") { ci { id } } }', RITA)
    return str(made["createCi"]["ci"]["id"])


def refused(of: Services, document: str, who: Principal, **given: Any) -> str:
    """What a command was refused with."""
    (error,) = answer(of, document, who, **given)["errors"]
    return str(error["message"])


def approve(number: str, role: str) -> str:
    """The command."""
    return (
        f'mutation {{ approveChange(number: "{number}", asRole: "{role}") {{ state approvals {{ by insteadOf }} }} }}'
    )


FREEZE = """
mutation F($cis: [ID!], $by: [String!]) {
  declareFreeze(cis: $cis, name: "Sale", zone: "Europe/Berlin", start: "2126-11-20T00:00", end: "2127-01-10T00:00",
                why: "everybody shops", overrideBy: $by) { number }
}
"""
NIGHTS = """
mutation W($cis: [ID!]) {
  declareMaintenanceWindow(cis: $cis, name: "nights", zone: "Europe/Berlin", start: "2126-11-01T22:00", end: "PT2H",
                           rule: "FREQ=DAILY") { number }
}
"""


def test_a_freeze_of_a_service_blocks_a_change_below_it(served: tuple[Services, dict[str, str]]) -> None:
    """The shop is frozen, the database worked on: said, named in the evidence, overridden by whom the freeze names."""
    of, ids = served
    assert "there is no account 'nobody'" in refused(of, FREEZE, CLARA, cis=[ids["shop"]], by=["nobody"])
    assert "there is no team @none" in refused(of, FREEZE, CLARA, cis=[ids["shop"]], by=["@none"])
    ask(of, FREEZE, CLARA, cis=[ids["shop"]], by=["walt"])
    number = proposed(of, [ids["db"]])
    told = judged(of, number)
    sentence = "webshop: Sale (everybody shops) freezes it until 2127-01-09 23:00 UTC"
    assert told["clashes"] == [{"kind": "freeze", "others": ["FRZ-1"], "blocks": True, "sentence": sentence}]
    assert told["blockedBy"] == [f"freeze: {sentence}"]
    named = json.loads(told["evidence"])["inputs"]["context"]["arrangements"]
    assert named["freezes"] == [
        {"number": "FRZ-1", "name": "Sale", "cis": [ids["shop"]], "from": "2126-11-19T23:00:00Z",
         "until": "2127-01-09T23:00:00Z"}
    ]  # fmt: skip
    request = f'mutation {{ requestChangeApproval(number: "{number}") {{ state }} }}'
    assert "is blocked by freeze" in refused(of, request, RITA)
    accept = """mutation A($n: String!, $s: String!) {
      acceptChangeConflict(number: $n, sentence: $s, reason: "the old one leaks") { acceptedConflicts { by } } }"""
    no = refused(of, accept, CLARA, n=number, s=sentence)
    assert no == "FRZ-1 (Sale) may be overridden by walt, an admin, not by clara"
    assert ask(of, accept, WALT, n=number, s=sentence)["acceptChangeConflict"]["acceptedConflicts"] == [{"by": "walt"}]
    assert judged(of, number)["blockedBy"] == []
    assert ask(of, request, RITA)["requestChangeApproval"]["state"] == "awaiting approval"


def test_approvals_fall_when_a_freeze_or_window_is_declared_after_them(served: tuple[Services, dict[str, str]]) -> None:
    """By the clock, with the freeze as the reason, also at a service that feels the change; what it keeps to, what was
    known and accepted, and what is elsewhere lets nothing fall. All changes are looked at in one question more."""
    of, ids = served
    first, other = waiting(of, [ids["db"]]), waiting(of, [lone(of)], window="2126-12-03T22:00Z/PT2H")
    ask(of, approve(first, "technical"), TINA)
    sweep = Timers(of, utc_now).step
    assert sweep() == 0
    ask(of, NIGHTS, CLARA, cis=[lone(of)])  # of neither
    assert sweep() == 0
    ask(of, FREEZE, CLARA, cis=[ids["shop"]], by=["walt"])
    assert [sweep(), sweep()] == [1, 0]
    sentence = "webshop: Sale (everybody shops) freezes it until 2127-01-09 23:00 UTC"
    asked = "state blockedBy approvals { role fell } history { by reason }"
    fallen = ask(of, f'{{ changeRequest(number: "{first}") {{ {asked} }} }}', RITA)["changeRequest"]
    assert (fallen["state"], fallen["blockedBy"]) == ("assessed", [f"freeze: {sentence}"])
    assert fallen["approvals"] == [{"role": "technical", "fell": f"it is blocked now: freeze: {sentence}"}]
    last = fallen["history"][-1]
    assert (last["by"], f"approvals fell (technical by tina): freeze: {sentence}" in last["reason"]) == (
        "epicentre:change", True,
    )  # fmt: skip
    accept = """mutation A($n: String!, $s: String!) {
      acceptChangeConflict(number: $n, sentence: $s, reason: "the old one leaks") { state } }"""
    ask(of, accept, WALT, n=first, s=sentence)
    judged(of, first)
    ask(of, f'mutation {{ requestChangeApproval(number: "{first}") {{ state }} }}', RITA)
    assert sweep() == 0  # known, and taken upon somebody
    ask(of, NIGHTS, CLARA, cis=[ids["db"]])  # its two hours are an hour later
    assert [sweep(), sweep()] == [1, 0]
    fallen = ask(of, f'{{ changeRequest(number: "{first}") {{ {asked} }} }}', RITA)["changeRequest"]
    assert fallen["blockedBy"] == [
        "outside maintenance window: 60 of 120 min are outside the maintenance windows of db"
    ]
    assert ask(of, f'{{ changeRequest(number: "{other}") {{ state }} }}', RITA)["changeRequest"] == {
        "state": "awaiting approval"
    }


def test_work_outside_a_maintenance_window_is_counted_in_minutes(served: tuple[Services, dict[str, str]]) -> None:
    """22:00 UTC is 23:00 in Berlin in December: an hour is inside; the same wall time in summer is inside whole."""
    of, ids = served
    ask(of, NIGHTS, CLARA, cis=[ids["db"]])
    told = judged(of, proposed(of, [ids["db"]]))
    sentence = "60 of 120 min are outside the maintenance windows of db"
    assert told["blockedBy"] == [f"outside maintenance window: {sentence}"]
    assert next(term["figure"] for term in told["riskTerms"] if term["name"] == "window") == 60
    windows = json.loads(told["evidence"])["inputs"]["context"]["arrangements"]["windows"]
    assert windows == {
        ids["db"]: [{"number": "MW-1", "name": "nights", "times": [["2126-12-01T21:00:00Z", "2126-12-01T23:00:00Z"]]}]
    }
    assert judged(of, proposed(of, [ids["db"]], window="2126-12-03T21:00Z/PT2H"))["blockedBy"] == []
    assert judged(of, proposed(of, [ids["db"]], window="2127-07-01T20:00Z/PT2H"))["blockedBy"] == []


def test_an_implementer_is_not_at_two_places(served: tuple[Services, dict[str, str]]) -> None:
    """Two changes that share nothing but who does them: the later is blocked once the first is approved."""
    of, ids = served
    ask(
        of,
        'mutation { declareSupportGroup(name: "technical-approvers", members: ["ada"], everything: true) { number } }',
    )
    first = waiting(of, [ids["shop"]], by=["erin", "rita"])
    for role, who in (("financial", FRED), ("technical", TINA), ("business", ADMIN)):
        ask(of, approve(first, role), who)
    other = lone(of)
    told = judged(of, proposed(of, [other], window="2126-12-01T23:00Z/PT2H", by=["erin", "olaf"]))
    assert told["blockedBy"] == [f"implementer booked twice: erin works on {first} at the same time"]
    assert judged(of, proposed(of, [other], window="2126-12-02T00:00Z/PT2H", by=["erin"]))["blockedBy"] == []


STAND_IN = """
mutation D($by: String, $to: String!, $role: String!, $until: String!) {
  declareDelegation(by: $by, to: $to, role: $role, until: $until) { number }
}
"""
TEAM = """
mutation T($m: [String!]!) { declareSupportGroup(name: "business-approvers", members: $m, everything: true) { number } }
"""


def test_teams_and_stand_ins_vote_and_nobody_votes_on_their_own(served: tuple[Services, dict[str, str]]) -> None:
    """By right, by team, by stand-in until it ends; never who asked for it, be it for somebody else."""
    of, ids = served
    until = after(utc_now(), 24)
    assert "an admin says who is in them" in refused(of, TEAM, CLARA, m=["clara"])
    ask(of, TEAM, ADMIN, m=["walt"])
    number = waiting(of, [ids["db"]])
    assert refused(of, approve(number, "technical"), VIC) == "vic may not approve as technical"
    ask(of, STAND_IN, TINA, to="rita", role="technical", until=until)
    assert refused(of, approve(number, "technical"), RITA) == "rita requested it: somebody else must approve"
    ask(of, 'mutation { endDelegation(number: "DLG-1") { state } }', TINA)
    assert "rita may not approve as technical" in refused(of, approve(number, "technical"), RITA)
    ask(of, STAND_IN, TINA, to="vic", role="technical", until=until)
    ask(of, STAND_IN, FRED, to="vic", role="financial", until=until)
    voted = ask(of, approve(number, "technical"), VIC)["approveChange"]
    assert voted["approvals"] == [{"by": "vic", "insteadOf": "tina"}]
    assert "one person, one role" in refused(of, approve(number, "financial"), VIC)
    assert ask(of, approve(number, "business"), WALT)["approveChange"]["state"] == "awaiting approval"
    assert ask(of, approve(number, "financial"), FRED)["approveChange"]["state"] == "approved"


def test_who_lost_the_right_is_stood_in_for_no_more(served: tuple[Services, dict[str, str]]) -> None:
    """A stand-in may say no with the reason; when the approver's role is taken away, the stand-in has none either."""
    of, ids = served
    ask(of, STAND_IN, TINA, to="vic", role="technical", until=after(utc_now(), 24))
    number = waiting(of, [ids["db"]])
    of.accounts.set_roles("tina", [Role.VIEWER])
    assert "vic may not approve as technical" in refused(of, approve(number, "technical"), VIC)
    reject = f'mutation {{ rejectChange(number: "{number}", reason: "too soon") {{ state approvals {{ by yes }} }} }}'
    assert "vic may not reject CHG-1" in refused(of, reject, VIC)
    of.accounts.set_roles("tina", [Role.APPROVER_TECHNICAL])
    assert ask(of, reject, VIC)["rejectChange"] == {"state": "rejected", "approvals": [{"by": "vic", "yes": False}]}


CALL = """
mutation C($cis: [ID!]) {
  callCab(name: "weekly", cis: $cis, start: "2126-11-30T10:00+01:00", end: "PT1H", members: ["tina", "fred"]) {
    number cis { name }
  }
}
"""
AGENDA = "mutation { freezeCab(number: %s) { agenda { number evidence requester } } }"
HOLD = """
mutation H($n: String!, $rulings: [BoardRulingInput!]!) {
  holdCab(number: $n, present: ["tina", "fred"], minutes: "short", rulings: $rulings) { state }
}
"""


def test_a_board_decides_what_is_in_its_scope_and_the_change_remembers(served: tuple[Services, dict[str, str]]) -> None:
    """Of the shop's board are changes that the shop feels; what was deferred is not approved until it decides anew."""
    of, ids = served
    other = lone(of)
    felt, apart = waiting(of, [ids["db"]]), waiting(of, [other], window="2126-12-05T22:00Z/PT2H")
    assert ask(of, CALL, CLARA, cis=[ids["shop"]])["callCab"]["cis"] == [{"name": "webshop"}]
    (point,) = ask(of, AGENDA % '"CAB-1"', CLARA)["freezeCab"]["agenda"]
    assert (point["number"], point["requester"]) == (felt, "rita")
    rulings = [{"number": felt, "decision": "defer", "reason": "the vendor is away"}]
    ask(of, HOLD, CLARA, n="CAB-1", rulings=rulings)
    asked = (
        f'{{ changeRequest(number: "{felt}") {{ history {{ by reason }} boardRulings {{ meeting decision by }} }} }}'
    )
    change = ask(of, asked, RITA)["changeRequest"]
    assert change["boardRulings"] == [{"meeting": "CAB-1", "decision": "defer", "by": "clara"}]
    assert change["history"][-1]["reason"] == "deferred by CAB-1: the vendor is away; minuted by clara"
    assert "was deferred by CAB-1: the vendor is away" in refused(of, approve(felt, "technical"), TINA)
    ask(of, CALL, CLARA, cis=[])
    assert [one["number"] for one in ask(of, AGENDA % '"CAB-2"', CLARA)["freezeCab"]["agenda"]] == [felt, apart]
    ask(of, f'mutation {{ cancelChange(number: "{apart}") {{ state }} }}', RITA)
    rulings = [{"number": felt, "decision": "approve"}, {"number": apart, "decision": "reject", "reason": "no need"}]
    ask(of, HOLD, CLARA, n="CAB-2", rulings=rulings)
    assert ask(of, approve(felt, "technical"), TINA)["approveChange"]["state"] == "awaiting approval"


def test_slots_of_a_change_keep_out_of_freezes_and_inside_windows(served: tuple[Services, dict[str, str]]) -> None:
    """Its own CIs and the services that feel them: the first night after the freeze, by the window's wall clock."""
    of, ids = served
    ask(of, NIGHTS, CLARA, cis=[ids["db"]])
    ask(of, FREEZE, CLARA, cis=[ids["shop"]])
    number = proposed(of, [ids["db"]], window="2127-01-20T21:00Z/PT1H")
    asking = LocalClient(of, RITA).ask
    record = text.record_of(asking(text.SHOW, number=number)["changeRequest"])
    found = free.slots(asking, record, datetime.fromisoformat("2127-01-07T00:00:00+00:00"), 5, 2)
    assert [(one.window.start.isoformat(), one.blocked_by) for one in found] == [
        ("2127-01-10T21:00:00+00:00", ()), ("2127-01-10T22:00:00+00:00", ()),
    ]  # fmt: skip
    (late, *_) = free.slots(asking, record, datetime.fromisoformat("2127-01-01T00:00:00+00:00"), 5, 1)
    assert late.blocked_by[0] == "freeze Sale (everybody shops) until 2127-01-09T23:00:00Z"


def test_what_is_arranged_costs_an_assessment_one_question_however_much_it_is(tmp_path: Path, store: Store) -> None:
    """As many questions with a window, a freeze and ten more as with none; and no more statements but for the rows."""
    counted, sent = counting(store)
    with parts(tmp_path, counted, processes().values()) as of:
        for who in PEOPLE:
            of.accounts.create_user(who.name, sorted(who.roles - {Role.READER}))
        ids = {name: one["ci"]["id"] for name, one in ask(of, MAKE, RITA).items()}
        number = proposed(of, [ids["db"]])
        client = LocalClient(of, RITA)
        record = text.record_of(client.ask(text.SHOW, number=number)["changeRequest"])

        def cost() -> tuple[int, int]:
            asked: list[str] = []

            def ask_(document: str, **given: Any) -> dict[str, Any]:
                asked.append(document)
                return client.ask(document, **given)

            before = len(sent)
            take(ask_, record)
            return len(asked), len(sent) - before

        bare = cost()
        ask(of, NIGHTS, CLARA, cis=[ids["db"]])
        for _ in range(9):
            ask(of, FREEZE, CLARA, cis=[ids["shop"]])
        assert cost()[0] == bare[0]
        assert cost()[1] <= bare[1] + 2
