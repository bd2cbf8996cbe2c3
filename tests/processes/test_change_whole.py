"""A change through the real GraphQL on the real graph: where several people and a moving graph meet."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from support.pair import on_a_pair
from support.questions import EPICENTRE, NEO4J, answer, ask, estate, parts, person
from support.reports import NOW, report, service, services, sockets, uses

from cmdb.errors import EpicentreError, Forbidden
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.app import create_app
from cmdb_graphql.client import HttpClient
from cmdb_graphql.serve import Server
from cmdb_graphql.services import Services
from cmdb_processes.change import PROCESS
from cmdb_processes.change.evidence import Evidence

pytestmark = pytest.mark.neo4j

RITA = person(Role.ENGINEER, name="rita")
PROPOSE = """
mutation P($cis: [ID!]!) {
  proposeChange(cis: $cis, title: "Upgrade", reason: "the old one ends", window: "2126-12-01T22:00Z/PT2H",
                plan: "stop, start", backout: "old jars", test: "ask it") { number state }
}
"""
SUBMIT = "mutation S($n: String!) { submitChange(number: $n) { state } }"
ASSESS = 'mutation { assessChange(number: "CHG-1") { state verdict evidenceHash approvals { role by fell } } }'
REQUEST = 'mutation { requestChangeApproval(number: "CHG-1") { state approvalExpires } }'
APPROVE = """
mutation A($role: String!) { approveChange(number: "CHG-1", asRole: $role) { state approvals { role by fell } } }
"""
HISTORY = """
{ changeRequest(number: "CHG-1") {
    state approvals { role by evidence fell } evidenceHash history { by command toState reason }
} }
"""
ROLES = ("financial", "technical", "business")


def codes(body: dict[str, Any]) -> list[str]:
    """The codes of an answer's errors."""
    return [error["extensions"]["code"] for error in body.get("errors", [])]


def submitted(of: Services, *cis: str) -> str:
    """Rita's change, handed in; its number."""
    number: str = ask(of, PROPOSE, RITA, cis=list(cis))["proposeChange"]["number"]
    ask(of, SUBMIT, RITA, n=number)
    return number


def open_change(of: Services, *cis: str) -> None:
    """Rita's change, assessed and put to its approvers."""
    submitted(of, *cis)
    ask(of, ASSESS, RITA)
    ask(of, REQUEST, RITA)


def approve(of: Services) -> str:
    """The three roles say yes, each another person; its state then."""
    for role in ROLES:
        approver = person(Role(f"approver-{role}"), name=f"{role}-person")
        state: str = ask(of, APPROVE, approver, role=role)["approveChange"]["state"]
    return state


CLICKS = 100


def click(one: tuple[str, HttpClient]) -> tuple[str, str | None, float]:
    """Who, why it was refused if it was, and how long that took."""
    who, client = one
    begun = monotonic()
    try:
        client.ask(APPROVE, role="technical")
    except EpicentreError as refused:
        return who, refused.message, monotonic() - begun
    return who, None, monotonic() - begun


def test_of_a_hundred_approvals_at_once_one_is_given(store: Store, tmp_path: Path) -> None:
    """A hundred people click in the same role together, over HTTP: one approval, 99 refusals that name the winner.

    Nothing is lost: the vote, its line in the history and its journal entry are there once.
    """
    ids = estate(store)
    with parts(tmp_path, store, [PROCESS]) as of:
        open_change(of, ids["neo4j"])
        server = Server(create_app(of), "127.0.0.1", 0)
        server.start()
        before = store.sequence()
        try:
            names = [f"anna{n}" for n in range(CLICKS)]
            for name in names:
                of.accounts.create_user(name, [Role.APPROVER_TECHNICAL])
            url = f"http://127.0.0.1:{server.port}"
            clients = [(name, HttpClient(url, of.accounts.create_token(name))) for name in names]
            with ThreadPoolExecutor(CLICKS) as pool:
                said = list(pool.map(click, clients))
        finally:
            server.stop()
        record = ask(of, HISTORY, RITA)["changeRequest"]
        after = store.sequence()
    (won,) = [who for who, why, _ in said if why is None]
    assert [why for _, why, _ in said if why] == [f"technical has been approved already by {won}"] * (CLICKS - 1)
    (vote,) = record["approvals"]
    assert (vote["by"], vote["evidence"]) == (won, record["evidenceHash"])
    assert [step["by"] for step in record["history"] if step["command"] == "approve_change"] == [won]
    assert after == before + 1
    print(f"slowest of {CLICKS}: {max(seconds for *_, seconds in said):.1f} s")


def test_a_change_about_a_ci_that_is_gone_cannot_be_approved(store: Store, tmp_path: Path) -> None:
    """When discovery no longer finds the CI, the radius is another, and a new change about it is refused."""
    ids = estate(store)
    technical = person(Role.APPROVER_TECHNICAL, name="anna")
    with parts(tmp_path, store, [PROCESS]) as of:
        open_change(of, ids["neo4j"])
        store.apply(report(2, services(), sockets()), NOW)
        refused = answer(of, APPROVE, technical, role="technical")
        again = answer(of, PROPOSE, RITA, cis=[ids["neo4j"]])
    assert codes(refused) == ["refused"]
    assert codes(again) == ["unknown_name"]


def test_approved_by_three_then_assessed_again(store: Store, tmp_path: Path) -> None:
    """Three approve; assessed again they stand while nothing has moved, and fall, said why, once something has.

    A new assessment takes the change back to where approvals are needed.
    """
    ids = estate(store)
    with parts(tmp_path, store, [PROCESS]) as of:
        open_change(of, ids["neo4j"], ids["shop"])
        assert approve(of) == "approved"
        same = ask(of, ASSESS, RITA)["assessChange"]
        api = service("api", 9000)
        links = sockets(uses(EPICENTRE, "127.0.0.1:17687"), uses(api, "127.0.0.1:17687"))
        store.apply(report(2, services(NEO4J, EPICENTRE, api), links), NOW)
        moved = ask(of, ASSESS, RITA)["assessChange"]
        record = ask(of, HISTORY, RITA)["changeRequest"]
    assert (same["state"], [v["fell"] for v in same["approvals"]]) == ("approved", [None] * 3)
    assert (moved["state"], moved["evidenceHash"] != same["evidenceHash"]) == ("assessed", True)
    assert [v["role"] for v in moved["approvals"]] == list(ROLES)
    assert all("the graph has moved: " in v["fell"] and "api is now reached" in v["fell"] for v in moved["approvals"])
    steps = record["history"]
    assert [step["toState"] for step in steps] == [
        "draft", "submitted", "assessed", *["awaiting approval"] * 3, "approved", "approved", "assessed",
    ]  # fmt: skip
    assert steps[-2]["reason"].endswith("nothing has moved")
    assert "approvals fell (financial by financial-person, technical by" in steps[-1]["reason"]


def test_nobody_without_the_role_gets_as_far_as_the_rules(store: Store, tmp_path: Path) -> None:
    """The policy of each mutation stands before its rules; votes are for the rules, and a viewer may give none."""
    ids = estate(store)
    viewer = person(Role.VIEWER, name="vic")
    more = {
        "edit_change": 'plan: "x"', "reject_change": 'reason: "no"', "approve_change": 'asRole: "technical"',
        "back_out_change": 'reason: "no"', "accept_change_conflict": 'sentence: "x", reason: "no"',
    }  # fmt: skip
    votes = {"approve_change", "reject_change", "accept_change_conflict"}
    on_changes = [c for c in PROCESS.commands if c.record == "ChangeRequest" and not c.system and not c.opens]
    assert {"assess_change", "cancel_change", *more} < {command.name for command in on_changes}
    with parts(tmp_path, store, [PROCESS]) as of:
        open_change(of, ids["neo4j"])
        with pytest.raises(Forbidden, match="needs the role"):
            ask(of, PROPOSE, viewer, cis=[ids["neo4j"]])
        for command in on_changes:
            head, *tail = command.name.split("_")
            name = head + "".join(map(str.capitalize, tail))
            given = ", ".join(('number: "CHG-1"', *filter(None, [more.get(command.name)])))
            text = f"mutation {{ {name}({given}) {{ state }} }}"
            if command.name in votes:
                assert codes(answer(of, text, viewer))[0] in {"forbidden", "refused"}
                continue
            with pytest.raises(Forbidden, match="needs the role"):
                ask(of, text, viewer)
        assert ask(of, HISTORY, RITA)["changeRequest"]["state"] == "awaiting approval"


WITH_DIFF = """
mutation P($cis: [ID!]!, $proposed: String!) {
  proposeChange(cis: $cis, title: "Move", proposed: $proposed) { number }
}
"""


def test_a_graph_diff_that_no_catalogue_takes_is_refused_at_once(store: Store, tmp_path: Path) -> None:
    """A relation nobody declares and a CI that is not there are named at once, when proposed or edited into a draft."""
    ids = estate(store)
    strange = f'{{"add": [{{"type": "LOVES", "from": "{ids["shop"]}", "to": "{ids["neo4j"]}"}}]}}'
    nobody = f'{{"add": [{{"type": "DEPENDS_ON", "from": "{ids["shop"]}", "to": "ci_nobody"}}]}}'
    edit = "mutation E($n: String!, $proposed: String!) { editChange(number: $n, proposed: $proposed) { state } }"
    with parts(tmp_path, store, [PROCESS]) as of:
        number = ask(of, PROPOSE, RITA, cis=[ids["neo4j"]])["proposeChange"]["number"]
        refused = [answer(of, WITH_DIFF, RITA, cis=[ids["neo4j"]], proposed=text) for text in (strange, nobody)]
        refused.append(answer(of, edit, RITA, n=number, proposed=strange))
        (only,) = ask(of, "{ changeRequests(first: 9) { nodes { number } } }")["changeRequests"]["nodes"]
    messages = [one["errors"][0]["message"] for one in refused]
    assert all(text.startswith("proposed: ") for text in messages), messages
    assert "LOVES" in messages[0] and "LOVES" in messages[2]
    assert "ci_nobody" in messages[1]
    assert only["number"] == number


JUDGED = """
  state verdict blockedBy risk evidence evidenceHash clashes { kind others blocks severity sentence }
  riskTerms { name figure level sentence }
"""


def judged(of: Services, number: str) -> dict[str, Any]:
    """A change, assessed now."""
    text = f"mutation A($n: String!) {{ assessChange(number: $n) {{ {JUDGED} }} }}"
    found: dict[str, Any] = ask(of, text, RITA, n=number)["assessChange"]
    return found


def test_two_changes_each_safe_alone_are_a_combined_conflict(store: Store, tmp_path: Path) -> None:
    """A service on a pair, over the real graph: each change alone only spends the redundancy, both take it down.

    Whichever is approved first stands, the other is blocked from then on; and all evidence still has its hash.
    """
    with parts(tmp_path, store, [PROCESS]) as of:
        made = on_a_pair(of, RITA)
        alone = judged(of, submitted(of, made["a"]))
        both = judged(of, submitted(of, made["b"]))
        ask(of, REQUEST, RITA)
        state = approve(of)
        blocked = judged(of, "CHG-2")
    assert alone["clashes"] == []
    assert next(t for t in alone["riskTerms"] if t["name"] == "redundancy spent")["figure"] == 1
    combined = [c for c in both["clashes"] if c["kind"] == "combined"]
    assert [(c["others"], c["severity"], c["blocks"]) for c in combined] == [(["CHG-1"], "down", False)]
    assert combined[0]["sentence"].startswith("safe alone, but with CHG-1 webshop is down (")
    assert (state, both["blockedBy"]) == ("approved", [])
    assert [
        why for why in blocked["blockedBy"] if why.startswith("combined: safe alone, but with CHG-1 webshop is down")
    ]
    for one in (alone, both, blocked):
        assert Evidence(one["evidence"]).hash == one["evidenceHash"]
