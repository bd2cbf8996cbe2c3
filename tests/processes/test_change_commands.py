"""What the commands of a change decide, alone and in any sequence."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cmdb.errors import EpicentreError, Forbidden, Invalid, Refused, UnknownName
from cmdb.words import Command, Decision, Principal, Record, Role, Value
from cmdb_processes.change import PROCESS, RECORD, rules
from cmdb_processes.change.answers import impact as read
from cmdb_processes.change.evidence import thawed
from cmdb_processes.change.gather import thawed_impact
from cmdb_processes.change.moved import differences
from cmdb_processes.change.questions import IMPACT, LIVE, OPEN

NOW = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
TEXTS: dict[str, Value] = {"title": "Upgrade db", "plan": "stop, start", "backout": "old jars", "test": "ask it"}
PROPOSAL: dict[str, Value] = {**TEXTS, "window": "2026-12-01T22:00Z/PT2H", "cis": ("ci_db",)}
COMMANDS = {command.name: command for command in PROCESS.commands}


class Graph:
    """What the commands see of the graph: the CIs that live, and who goes down with the db."""

    def __init__(self) -> None:
        self.live = {"ci_db", "ci_api"}
        self.hit: dict[str, str] = {"api": "DOWN"}
        self.truncated: str | None = None
        self.others: list[dict[str, Any]] = []

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Answers the questions the process asks, and no other."""
        if document == OPEN:
            return {"changeRequests": {"nodes": self.others, "pageInfo": {"hasNextPage": False, "endCursor": None}}}
        if document == LIVE:
            return {"cis": {"nodes": [{"id": ci} for ci in variables["ids"] if ci in self.live]}}
        assert document == IMPACT
        if gone := set(variables["of"]) - self.live:
            raise UnknownName(f"there is no CI {gone.pop()!r}", where="of")
        return {"impact": self.impact()}

    def impact(self) -> dict[str, Any]:
        """The answer now."""
        return {
            "hash": json.dumps(sorted(self.hit.items())), "sequence": 7, "verdict": "If db stops, api goes down.",
            "truncated": self.truncated, "edges": [], "of": [{"id": "ci_db", "name": "db", "class": "Database"}],
            "items": [{"ci": {"id": name, "name": name}, "degree": how} for name, how in self.hit.items()],
        }  # fmt: skip


def person(name: str, *roles: Role) -> Principal:
    """Somebody who holds these roles and what they imply."""
    return Principal(name, frozenset(r for role in roles for r in role.implies))


RITA = person("rita", Role.ENGINEER)
ANNA = person("anna", Role.APPROVER_TECHNICAL)


def do(
    name: str, graph: Graph, record: Record | None, actor: Principal, now: datetime = NOW, **arguments: Value
) -> Record:
    """Give a command as the server does: its policy first, then its decision, then what the store would keep."""
    command: Command = COMMANDS[name]
    if not command.roles & actor.roles:
        raise Forbidden("the policy says no")
    decision: Decision = command.decide(graph.ask, record, arguments, actor, now.isoformat())
    assert decision.state in RECORD.states
    assert set(decision.fields) <= {a.name for a in RECORD.attributes}
    if record is None:
        assert decision.cis is not None
        return Record("rec_1", "CHG-1", RECORD.name, decision.state, 1, actor.name, "", decision.cis, decision.fields)
    fields: Mapping[str, Value] = {**record.fields, **decision.fields}
    return replace(record, state=decision.state, rev=record.rev + 1, fields=fields)


def assessed(graph: Graph) -> Record:
    """Rita's change, assessed."""
    return do("assess_change", graph, do("propose_change", graph, None, RITA, **PROPOSAL), RITA)


def test_a_proposal_keeps_what_was_said_and_when() -> None:
    """The window is stored as two moments, the CIs as named, the texts without their edges' spaces."""
    record = do("propose_change", Graph(), None, RITA, **{**PROPOSAL, "title": "  Upgrade db "})
    assert (record.state, record.cis, record.fields["title"]) == ("proposed", ("ci_db",), "Upgrade db")
    assert record.fields["window_start"] == "2026-12-01T22:00:00+00:00"
    assert record.fields["window_end"] == "2026-12-02T00:00:00+00:00"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"cis": ()}, "1 to 100 CIs"),
        ({"cis": tuple(f"ci_{n}" for n in range(101))}, "1 to 100 CIs"),
        ({"cis": ("ci_db", "ci_gone")}, "no live CI 'ci_gone'"),
        ({"plan": " "}, "plan: is missing"),
        ({"window": "tonight"}, "window: "),
    ],
)
def test_a_proposal_with_something_missing_is_refused(wrong: dict[str, Value], why: str) -> None:
    """Nothing half-said enters the list."""
    with pytest.raises(Invalid, match=why):
        do("propose_change", Graph(), None, RITA, **{**PROPOSAL, **wrong})


def test_an_assessment_freezes_the_whole_answer() -> None:
    """Evidence, hash, sequence and verdict are what the graph said."""
    graph = Graph()
    fields = assessed(graph).fields
    evidence = thawed(str(fields["evidence"]), str(fields["evidence_hash"])).content
    assert evidence["answers"]["impact"] == graph.impact()
    assert (evidence["inputs"]["sequence"], fields["evidence_sequence"]) == (7, 7)
    assert fields["radius"] == "If db stops, api goes down."
    assert str(fields["verdict"]).startswith("CHG-1 is approvable; risk is high: novelty: never done before")
    assert (fields["risk"], fields["blocked_by"]) == ("high", ())


def other(state: str, **more: Any) -> dict[str, Any]:
    """Another change at the same CI and time."""
    return {
        "number": "CHG-2", "title": "Move db", "state": state, "model": "normal",
        "cis": [{"id": "ci_db", "name": "db"}],
        "windowStart": "2026-12-01T23:00:00+00:00", "windowEnd": "2026-12-02T01:00:00+00:00", **more,
    }  # fmt: skip


def test_a_change_that_is_blocked_says_by_what_and_cannot_be_approved() -> None:
    """An approved neighbour blocks, one that is merely assessed does not; one at another time is none."""
    graph = Graph()
    graph.others = [other("assessed"), other("approved", number="CHG-3", windowStart="2026-12-02T00:00:00+00:00")]
    free = assessed(graph)
    assert free.fields["blocked_by"] == ()
    graph.others = [other("approved"), other("approved", number="CHG-1")]
    blocked = assessed(graph)
    assert blocked.fields["blocked_by"] == ("same CI: CHG-2 works on db too",)
    for record in (free, blocked):  # also the one that was free when it was assessed
        with pytest.raises(Refused, match="CHG-1 is blocked by same CI: CHG-2 works on db too"):
            do("approve_change", graph, record, ANNA, as_role="technical")


def test_evidence_that_was_tampered_with_is_refused() -> None:
    """An approval binds to what is stored, so what is stored must be what was hashed."""
    graph = Graph()
    record = assessed(graph)
    fields = {**record.fields, "evidence": str(record.fields["evidence"]).replace("api goes", "nothing goes")}
    with pytest.raises(Invalid, match="is not what was frozen"):
        do("approve_change", graph, replace(record, fields=fields), ANNA, as_role="technical")


def test_half_a_radius_is_no_evidence() -> None:
    """An answer cut short is refused, not approved unseen."""
    graph = Graph()
    graph.truncated = "more than 50000 CIs"
    with pytest.raises(Refused, match="cannot be taken whole: more than 50000"):
        assessed(graph)


def test_a_new_assessment_voids_approvals_and_says_so() -> None:
    """Who approved saw something else; the history tells whose approval fell."""
    graph = Graph()
    record = do("approve_change", graph, assessed(graph), ANNA, as_role="technical")
    assert len(record.fields["approvals"] or ()) == 1  # type: ignore[arg-type]  # a tuple, as stored
    decision = COMMANDS["assess_change"].decide(graph.ask, record, {}, RITA, NOW.isoformat())
    assert decision.fields["approvals"] == ()
    assert decision.reason.endswith("; earlier approvals fell: technical by anna")


def test_an_approval_needs_an_assessment() -> None:
    """A proposed change says what is missing first."""
    graph = Graph()
    record = do("propose_change", graph, None, RITA, **PROPOSAL)
    with pytest.raises(Refused, match="assess it first"):
        do("approve_change", graph, record, ANNA, as_role="technical")


def test_an_approval_is_refused_when_the_graph_has_moved() -> None:
    """Each difference is a reason of its own, in words."""
    graph = Graph()
    record = assessed(graph)
    graph.hit = {"api": "DEGRADED", "web-1": "DOWN"}
    with pytest.raises(Refused, match="web-1 is now reached") as refused:
        do("approve_change", graph, record, ANNA, as_role="technical")
    assert refused.value.reasons == ("api: down → degraded", "web-1 is now reached (down)")
    graph.hit = {"api": "DOWN"}
    assert do("approve_change", graph, record, ANNA, as_role="technical").state == "assessed"


def test_a_refusal_stays_readable_however_much_has_moved() -> None:
    """The sentence names ten differences and counts the rest; programs get every one as a reason."""
    graph = Graph()
    record = assessed(graph)
    graph.hit |= {f"web-{n:03}": "DOWN" for n in range(500)}
    with pytest.raises(Refused) as refused:
        do("approve_change", graph, record, ANNA, as_role="technical")
    assert "web-009 is now reached (down); and 490 more. Assess it again" in refused.value.message
    assert "web-010" not in refused.value.message
    assert len(refused.value.reasons) == 500


def test_an_approval_is_refused_when_its_ci_is_gone_or_its_window_over() -> None:
    """What cannot be carried out is not approved."""
    graph = Graph()
    record = assessed(graph)
    late = datetime.fromisoformat(str(record.fields["window_end"]))
    with pytest.raises(Refused, match="window of CHG-1 is over"):
        do("approve_change", graph, record, ANNA, late, as_role="technical")
    graph.live.clear()
    with pytest.raises(Refused, match="about a CI that is gone"):
        do("approve_change", graph, record, ANNA, as_role="technical")


def test_a_rejection_has_a_reason() -> None:
    """The requester wants to know why."""
    graph = Graph()
    with pytest.raises(Invalid, match="reason: is missing"):
        do("reject_change", graph, assessed(graph), ANNA, reason=" ")
    record = do("reject_change", graph, assessed(graph), ANNA, reason="quarter end")
    assert (record.state, record.fields["rejection"]) == ("rejected", "quarter end")


def test_only_the_requester_or_a_change_manager_withdraws() -> None:
    """Another engineer may not end somebody's change."""
    graph = Graph()
    record = assessed(graph)
    with pytest.raises(Forbidden, match="proposed by rita"):
        do("withdraw_change", graph, record, person("emil", Role.ENGINEER))
    assert do("withdraw_change", graph, record, RITA).state == "withdrawn"
    assert do("withdraw_change", graph, record, person("mia", Role.CHANGE_MANAGER)).state == "withdrawn"


NAMES = st.sampled_from(["rita", "anna", "ben", "cleo", "dan"])
ROLES = st.lists(st.sampled_from([*rules.ROLES.values(), Role.ENGINEER, Role.ADMIN]), max_size=3)
ACTORS = st.one_of(st.builds(lambda n, r: person(n, *r), NAMES, ROLES), NAMES.map(lambda n: person(n, Role.ADMIN)))


class AnyOrder(RuleBasedStateMachine):
    """People give commands in any order while the graph moves and time passes."""

    @initialize(requester=NAMES)
    def propose(self, requester: str) -> None:
        """One change, by one of them."""
        self.graph, self.now, self.requester = Graph(), NOW, requester
        self.record = do("propose_change", self.graph, None, person(requester, Role.ADMIN), **PROPOSAL)
        self.approved_on = ""

    @rule(actor=ACTORS, name=st.sampled_from(["assess_change", "reject_change", "withdraw_change"]))
    def other(self, actor: Principal, name: str) -> None:
        """Anything but an approval; a rejection ends most runs, so few of them."""
        if name == "assess_change" or actor.name == "dan":
            self._try(name, actor, reason="because")

    @rule(actor=ACTORS, role=st.sampled_from([*rules.ROLES, "king"]))
    def approve(self, actor: Principal, role: str) -> None:
        """An approval by anybody in any role."""
        before = self.record
        self._try("approve_change", actor, as_role=role)
        if self.record is not before:
            assert actor.may(rules.ROLES[role])
            evidence = thawed(str(self.record.fields["evidence"]), str(self.record.fields["evidence_hash"]))
            assert differences(thawed_impact(evidence.content), read(self.graph.impact())) == ()
            assert self.now < datetime.fromisoformat(str(self.record.fields["window_end"]))

    @rule(roles=st.permutations(list(rules.ROLES)), people=st.permutations(["rita", "anna", "ben", "cleo"]))
    def all_approve(self, roles: list[str], people: list[str]) -> None:
        """Three in a row, so that many runs get there."""
        for role, name in zip(roles, people, strict=False):
            self.approve(person(name, rules.ROLES[role]), role)

    @rule(who=st.sampled_from(["api", "web", "cart"]), degree=st.sampled_from(["DOWN", "DEGRADED", ""]))
    def move(self, who: str, degree: str) -> None:
        """The graph changes, or changes back."""
        self.graph.hit = {k: v for k, v in {**self.graph.hit, who: degree}.items() if v}

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        """Time passes, towards and beyond the window."""
        self.now += timedelta(days=days)

    def _try(self, name: str, actor: Principal, **arguments: Value) -> None:
        try:
            self.record = do(name, self.graph, self.record, actor, self.now, **arguments)
        except EpicentreError as refused:
            assert refused.message

    @invariant()
    def nothing_is_approved_without_three_others(self) -> None:
        """Three roles, three persons, none of them the requester; fewer approvals never make it approved."""
        given = [rules.Approval.parse(text) for text in self.record.fields.get("approvals") or ()]  # type: ignore[union-attr]  # a tuple, as stored
        people = {one.by for one in given}
        assert len(people) == len({one.role for one in given}) == len(given)
        assert self.requester not in people
        assert (self.record.state == "approved") == (len(given) == 3 and self.record.state not in {"withdrawn"})


AnyOrder.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)


class TestAnyOrder(AnyOrder.TestCase):  # type: ignore[misc]  # made by hypothesis at run time
    """No sequence of commands reaches approved without three others who saw the graph as it was then."""
