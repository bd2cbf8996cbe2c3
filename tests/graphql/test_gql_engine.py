"""The engine on the real store: effects in one transaction, links, notes, votes at once, filters, and round trips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, estate, parts, person
from support.round_trips import counting

from cmdb import replay
from cmdb.errors import EpicentreError
from cmdb.store import Store
from cmdb.words import (
    Attribute,
    Category,
    Command,
    Decision,
    Effect,
    GraphEffect,
    Model,
    Process,
    Record,
    RecordLifecycle,
    RecordLink,
    RecordType,
    Role,
    State,
    Step,
)
from cmdb_graphql.records.carry import Carrying
from cmdb_graphql.services import Services
from cmdb_processes.approvals import PART, Ballot, Panel, Quorum, Seat, cast, outcome, rows, votes
from cmdb_processes.steps import opens

pytestmark = pytest.mark.neo4j
ERIN = person(Role.ENGINEER, name="erin")
ROLES = frozenset({Role.ENGINEER})
PANEL = Panel((
    Seat("money", right=Role.ENGINEER), Seat("skill", right=Role.ENGINEER, quorum=Quorum("2")),
))  # fmt: skip


def _vote(_ask: Any, record: Record, given: Mapping[str, Any], who: Any, now: str) -> Decision:
    ballot = Ballot(record.opened_by, "hash", now, votes(record.part("approvals")))
    cast_ = (*ballot.votes, cast(PANEL, ballot, who, given["seat"], True))
    found = outcome(PANEL, Ballot(record.opened_by, "hash", now, cast_))
    state = "agreed" if found.state == "approved" else "open"
    return Decision(state, {}, f"{given['seat']} by {who.name}", parts={"approvals": rows(cast_)})


def _spawn(_ask: Any, record: Record, given: Mapping[str, Any], _who: Any, _now: str) -> Decision:
    child = Effect("open_case", None, {"title": given["title"]}, record.cis, link="CHILD_OF")
    return Decision(record.state, {}, "split", effects=(child, child), note="See the children.")


def _end(ask: Callable[..., Any], record: Record, given: Mapping[str, Any], _who: Any, _now: str) -> Decision:
    children = ask(
        'query C($n: String!) { case(number: $n) { linkedFrom(types: ["CHILD_OF"]) { nodes { record { number } } } } }',
        n=record.number,
    )["case"]["linkedFrom"]["nodes"]
    effects: list[Effect | GraphEffect] = [Effect("end_case", c["record"]["number"], {}) for c in children]
    if given.get("retire"):
        effects.append(GraphEffect("retire_ci", {"ci": given["retire"], "rev": None}, "its case is closed"))
    return Decision("ended", {}, "ended", effects=tuple(effects))


def _tie(_ask: Any, record: Record, given: Mapping[str, Any], _who: Any, _now: str) -> Decision:
    links = tuple(RecordLink(given["link"], to, path=tuple(given.get("path") or ())) for to in given["to"])
    return Decision(record.state, {}, "tied", links=links, clear=tuple(given.get("clear") or ()))


LIFE = RecordLifecycle(
    (State("open", Category.TO_DO), State("agreed", Category.IN_PROGRESS), State("ended", Category.DONE)), "open",
    (Step("open", "vote", ("open", "agreed")), Step("open", "end", ("ended",)), Step("agreed", "end", ("ended",))),
)  # fmt: skip
CASE = RecordType(
    "Case", "cases", "CAS", "A case of the tests.", (Attribute("title", "string", "What it is about."),),
    (Model("plain", "As it comes.", (LIFE,)),), parts=(PART,),
)  # fmt: skip
TITLE, SEAT = Attribute("title", "string", "Its title.", required=True), Attribute("seat", "string", "As which one.")
RETIRE = Attribute("retire", "string", "A CI to retire.")
TO = Attribute("to", "strings", "The other ends.", required=True)
CASES = Process(
    "cases", "Cases of the tests.", (CASE,),
    (
        Command("open_case", "Open a case.", "Case", (TITLE,), ROLES, True, opens("open", fields=("title",))),
        Command("vote_case", "Vote on it.", "Case", (SEAT,), ROLES, False, _vote, "vote"),
        Command("split_case", "Split a case.", "Case", (TITLE,), ROLES, False, _spawn),
        Command("end_case", "End a case.", "Case", (RETIRE,), ROLES, False, _end, "end"),
        Command("tie_case", "Link a case.", "Case", (
            TO, Attribute("link", "string", "The type of link."), Attribute("path", "strings", "The way there."),
            Attribute("clear", "strings", "Link types that go."),
        ), ROLES, False, _tie),
    ),
)  # fmt: skip
OPEN = "mutation O($cis: [ID!]!, $t: String!) { openCase(cis: $cis, title: $t) { number rev } }"
TIE = """
mutation T($n: String!, $link: String!, $to: [String!]!, $path: [String!], $clear: [String!]) {
  tieCase(number: $n, link: $link, to: $to, path: $path, clear: $clear) {
    links { nodes { type by ci { name } record { number state } path { name } } }
  }
}
"""


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts with the cases of the tests, on a clean store."""
    with parts(tmp_path / "home", store, [CASES]) as made:
        yield made


@pytest.fixture
def ids(served: Services) -> dict[str, str]:
    """The small estate, ids by name."""
    return estate(served.store)


def case(served: Services, ids: Mapping[str, str], title: str = "one") -> str:
    """The number of a new case about web1."""
    number: str = ask(served, OPEN, ERIN, cis=[ids["web1"]], t=title)["openCase"]["number"]
    return number


def do(served: Services, text: str) -> dict[str, Any]:
    """A mutation of Erin's."""
    return ask(served, f"mutation {{ {text} }}", ERIN)


def said(served: Services, text: str) -> str:
    """What a mutation of Erin's is refused with."""
    return str(answer(served, f"mutation {{ {text} }}", ERIN)["errors"][0]["message"])


def test_a_hundred_votes_at_once_fill_each_seat_exactly(served: Services, ids: dict[str, str]) -> None:
    """One winner for money, two for skill, by three persons; all others are told why; the history names the three."""
    number = case(served, ids)

    def vote(n: int) -> str:
        who = person(Role.ENGINEER, name=f"p{n}")
        try:
            Carrying(served, who).give("vote_case", number, {"seat": "skill" if n % 2 else "money"})
        except EpicentreError as no:
            return no.message
        return ""

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(vote, range(100)))
    assert Counter(told)[""] == 3
    why = ("has been approved already by p", "nothing is left to vote on: it is approved", "so it cannot be voted")
    assert all(any(w in one for w in why) for one in told if one), set(told)
    record = served.store.record("Case", number)
    seats = Counter(row["role"] for row in record.part("approvals"))
    assert (record.state, record.rev, seats) == ("agreed", 4, Counter(money=1, skill=2))
    winners = {f"p{n}" for n, one in enumerate(told) if not one}
    history = served.store.history(record.id)[1:]
    assert {event["by"] for event in history} == winners == {row["by"] for row in record.part("approvals")}
    entries = [e for e in served.store.entries_after(0, 999) if e["kind"] == "Case"]
    assert len(entries) == 4


def test_effects_are_written_with_their_cause_or_not_at_all(served: Services, ids: dict[str, str]) -> None:
    """Children are opened and closed with their parent, a CI is retired with it; one no undoes everything."""
    number = case(served, ids)
    do(served, f'splitCase(number: "{number}", title: "part") {{ rev }}')
    children = "query C($n: String!) {case(number: $n) {notes {by text} linkedFrom {nodes {record {number category}}}}}"
    found = ask(served, children, n=number)["case"]
    assert found["notes"] == [{"by": "erin", "text": "See the children."}]
    assert [n["record"]["number"] for n in found["linkedFrom"]["nodes"]] == ["CAS-2", "CAS-3"]
    before, seq = served.store.lines(), served.store.sequence()
    assert "there is no CI 'ci_none'" in said(served, f'endCase(number: "{number}", retire: "ci_none") {{ rev }}')
    assert (served.store.lines(), served.store.sequence()) == (before, seq)
    assert ask(served, '{cases(state: "open") {total}}')["cases"]["total"] == 3
    do(served, f'endCase(number: "{number}", retire: "{ids["shop"]}") {{ state }}')
    ends = ask(served, children, n=number)["case"]["linkedFrom"]["nodes"]
    assert [n["record"]["category"] for n in ends] == ["DONE", "DONE"]
    assert served.store.cis([ids["shop"]])[ids["shop"]]["status"] == "retired"
    assert replay.lines(served.store.graph()) == replay.lines(replay.replay(served.store.entries_after(0, 999)))


def test_an_effect_needs_the_role_of_its_command(served: Services, ids: dict[str, str]) -> None:
    """Who may end a case but not change the graph does not change it by ending the case."""
    number = case(served, ids)
    viewer = Carrying(served, person(Role.VIEWER, name="vera"))
    with pytest.raises(EpicentreError, match="retire_ci needs the role engineer"):
        viewer.give("end_case", number, {"retire": ids["shop"]})


def test_links_are_typed_and_lead_to_what_exists(served: Services, ids: dict[str, str]) -> None:
    """To CIs with the way there, to records by number; cleared by type; what is wrong is named and nothing written."""
    one, two = case(served, ids), case(served, ids, "two")
    way = {"n": one, "link": "IMPACTS", "to": [ids["shop"]], "path": [ids["web1"], ids["shop"]]}
    links = ask(served, TIE, ERIN, **way)["tieCase"]["links"]["nodes"]
    assert links[1] == {
        "type": "IMPACTS", "by": "erin", "ci": {"name": "shop"}, "record": None,
        "path": [{"name": "web1"}, {"name": "shop"}],
    }  # fmt: skip
    links = ask(served, TIE, ERIN, n=one, link="DUPLICATES", to=[two], clear=["IMPACTS"])["tieCase"]["links"]["nodes"]
    assert [(n["type"], n["record"] and n["record"]["number"]) for n in links] == [
        ("AFFECTS", None),
        ("DUPLICATES", two),
    ]
    assert "'CAS-9' to link to" in said(served, f'tieCase(number: "{one}", link: "FOLLOWS", to: ["CAS-9"]) {{ rev }}')
    wrong = f'tieCase(number: "{one}", link: "FOLLOWS", to: ["{ids["shop"]}"]) {{ rev }}'
    assert "FOLLOWS does not lead to a ci" in said(served, wrong)
    assert replay.lines(served.store.graph()) == replay.lines(replay.replay(served.store.entries_after(0, 999)))


def test_who_names_a_revision_is_told_when_somebody_was_faster(served: Services, ids: dict[str, str]) -> None:
    """Without one the command is decided on what is true now."""
    number = case(served, ids)
    do(served, f'noteCase(number: "{number}", rev: 1, text: "first") {{ rev }}')
    assert "changed by somebody else" in said(served, f'noteCase(number: "{number}", rev: 1, text: "second") {{ rev }}')
    assert do(served, f'watchCase(number: "{number}") {{ watchers }}')["watchCase"]["watchers"] == ["erin"]
    assert do(served, f'unwatchCase(number: "{number}") {{ watchers rev }}')["unwatchCase"] == {
        "watchers": [],
        "rev": 4,
    }


def test_lists_are_filtered_ordered_and_counted(served: Services, ids: dict[str, str]) -> None:
    """All parts of a filter hold together; each order goes on behind its cursor."""
    for title in ("red door", "red car", "blue car"):
        case(served, ids, title)
    do(served, 'endCase(number: "CAS-2") { rev }')
    do(served, 'noteCase(number: "CAS-1", text: "x") { rev }')

    def listed(arguments: str) -> list[str]:
        return [n["title"] for n in ask(served, f"{{cases({arguments}) {{nodes {{title}}}}}}")["cases"]["nodes"]]

    assert listed('filter: {text: "CAR red"}') == ["red car"]
    assert listed('filter: {categories: [TO_DO], text: "car"}') == ["blue car"]
    assert listed('filter: {owner: "erin", openedBy: "erin", model: "plain", states: ["ended"]}') == ["red car"]
    assert listed('filter: {openedFrom: "2020-01-01T00:00:00Z", openedBefore: "2020-01-02T00:00:00Z"}') == []
    closed = 'filter: {closedFrom: "2020-01-01T01:00:00+01:00", closedBefore: "2999-01-01T00:00:00Z"}'
    assert listed(closed) == ["red car"]
    assert listed("order: OLDEST, first: 2") == ["red door", "red car"]
    assert listed('order: OLDEST, first: 2, after: "CAS-2"') == ["blue car"]
    page = ask(served, "{cases(order: CHANGED, first: 1) {total nodes {title} pageInfo {endCursor}}}")["cases"]
    assert (page["total"], page["nodes"][0]["title"]) == (3, "red door")
    assert listed(f'order: CHANGED, after: "{page["pageInfo"]["endCursor"]}"') == ["red car", "blue car"]
    bad = answer(served, '{cases(after: "x") {total}}')["errors"][0]["message"]
    assert bad == "after: this is no number of a record"


@pytest.mark.one_way
def test_a_page_costs_the_same_however_many_records_it_has(served: Services, ids: dict[str, str]) -> None:
    """History, notes, links and CIs of a page are one round trip each."""
    from dataclasses import replace as but

    text = (
        "{cases(first: 6) {total nodes {title history {by} notes {text} approvals {role} cis {name}"
        " links(first: 9) {nodes {type ci {name}}} linkedFrom(first: 9) {nodes {type}}}}}"
    )
    spent = []
    for _ in range(2):
        for _ in range(3):
            case(served, ids)
        store, sent = counting(served.store)
        ask(but(served, store=store), text)
        spent.append(len(sent))
    assert spent == [7, 7], sent


IMPORT = """
mutation I($history: JSON!, $fields: JSON, $cis: [ID!], $closed: String) {
  importRecord(type: "Case", history: $history, fields: $fields, cis: $cis, owner: "olga", closedAt: $closed) {
    number state flags
  }
}
"""
PAST = [
    {"at": "2020-01-01T10:00:00+01:00", "by": "ann", "toState": "open", "reason": "called"},
    {"at": "2020-01-02T10:00:00Z", "by": "ben", "fromState": "open", "toState": "parked"},
    {"at": "2020-01-03T10:00:00Z", "by": "ben", "fromState": "parked", "toState": "ended", "reason": "done"},
]


def test_an_imported_history_is_kept_whole_and_its_illegal_steps_are_flagged(
    served: Services, ids: dict[str, str]
) -> None:
    """Times, people and unknown states are kept; the record says which steps no lifecycle of ours allows."""
    made = ask(served, IMPORT, history=PAST, fields={"title": "Old"}, cis=[ids["web1"]])["importRecord"]
    assert (made["number"], made["state"]) == ("CAS-1", "ended")
    assert made["flags"] == ["step 2: 'parked' is no state", "step 3: 'parked' is no state"]
    found = ask(
        served,
        '{case(number: "CAS-1") {title owner openedBy openedAt closedAt category legal cis {name}'
        " history {at by toState toCategory flag}}}",
    )["case"]
    assert (found["title"], found["owner"], found["openedBy"], found["category"]) == ("Old", "olga", "ann", "DONE")
    assert (found["openedAt"], found["closedAt"]) == ("2020-01-01T09:00:00.000Z", "2020-01-03T10:00:00.000Z")
    assert [step["flag"] is None for step in found["history"]] == [True, False, False, True]
    assert [step["by"] for step in found["history"]] == ["ann", "ben", "ben", "ada"]
    assert replay.lines(served.store.graph()) == replay.lines(replay.replay(served.store.entries_after(0, 999)))


def test_a_record_in_a_state_nobody_knows_is_shown_and_can_still_be_noted_on(
    served: Services, ids: dict[str, str]
) -> None:
    """It is in progress unless it was closed; nothing is legal for it, and a command says so."""
    ask(served, IMPORT, history=PAST[:2])
    ask(served, IMPORT, history=PAST[:2], closed="2020-02-01T00:00:00Z")
    nodes = ask(served, "{cases(order: OLDEST) {nodes {state category closedAt legal}}}")["cases"]["nodes"]
    assert [(n["state"], n["category"], n["legal"]) for n in nodes] == [
        ("parked", "IN_PROGRESS", []), ("parked", "DONE", []),
    ]  # fmt: skip
    assert said(served, 'endCase(number: "CAS-1") { rev }') == (
        "CAS-1 is parked, so it cannot be ended; nothing more can be done with it"
    )


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"history": []}, "history: expected 1 to 1000 steps"),
        ({"history": [{"at": "x", "by": "a", "toState": "open"}]}, "history[0].at: "),
        ({"history": [{"at": "2020-01-01T00:00:00Z", "toState": "open"}]}, "history[0]: by is no text"),
        ({"history": PAST, "fields": {"title": 1}}, "fields.title: "),
        ({"history": PAST, "fields": {"colour": "red"}}, "a Case has no field 'colour'"),
        ({"history": PAST, "cis": ["ci_none"]}, "one of the CIs does not exist"),
    ],
)
def test_an_import_that_cannot_be_read_is_refused(served: Services, wrong: dict[str, Any], why: str) -> None:
    """With its place; nothing of it is kept."""
    assert why in answer(served, IMPORT, **wrong)["errors"][0]["message"]
    assert ask(served, "{cases {total}}")["cases"]["total"] == 0


def test_a_record_of_the_first_version_is_brought_up_to_this_one(store: Store) -> None:
    """It gets an owner, a category and its lifecycle's version; nothing else of it changes."""
    old = {
        "id": "rec_old", "number": "CHG-1", "serial": 1, "type": "ChangeRequest", "state": "assessed", "rev": 2,
        "opened_by": "rita", "opened_at": "2026-01-01T00:00:00Z", "title": "Old",
    }  # fmt: skip
    store._bolt.write(lambda run: run("CREATE (r:Record:ChangeRequest) SET r = $old", {"old": old}))
    store._bolt.write(lambda run: run("MATCH (m:Migration {number: 2}) DELETE m", {}))
    store.migrate()
    record = store.record("ChangeRequest", "CHG-1")
    assert (record.owner, record.category, record.waiting, record.version) == ("rita", Category.WAITING, "approval", 1)
    assert (record.rev, record.fields) == (2, {"title": "Old"})
