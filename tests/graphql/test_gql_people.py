"""Accounts, tokens, agents and quarantine by command: what an admin may do, and what a person may do for themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from nacl.signing import SigningKey
from support.questions import ADMIN, answer, ask, parts, person
from support.reports import NOW, host, report

from cmdb.enrolment import PROOF
from cmdb.errors import NotAuthenticated, StoreUnavailable
from cmdb.store import Store
from cmdb.words import Principal, Role
from cmdb_graphql.services import Services


class _NoGraph:
    """A store without Neo4j: none of these questions needs more than the host names of agents."""

    def hosts_of_agents(self) -> dict[str, str]:
        return {}

    def resolve_conflict(self, *_: object) -> None:
        raise StoreUnavailable("Neo4j does not answer")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Services]:
    """Parts on real files; ada is an admin, vera a viewer."""
    with parts(tmp_path / "home", cast(Store, _NoGraph())) as made:
        made.accounts.create_user("ada", [Role.ADMIN])
        made.accounts.create_user("vera", [Role.VIEWER])
        yield made


def vera() -> Principal:
    """The viewer."""
    return person(Role.VIEWER, name="vera")


def code(found: dict[str, object]) -> str:
    """The code of the only error."""
    errors = cast("list[dict[str, dict[str, str]]]", found["errors"])
    assert len(errors) == 1
    return errors[0]["extensions"]["code"]


def test_an_admin_makes_an_account_that_works_and_changes_its_roles(served: Services) -> None:
    """The new person can log in; the next question sees the new roles."""
    made = ask(served, 'mutation{createUser(name:"mary",roles:["engineer"],password:"a long password"){name roles}}')
    assert made["createUser"] == {"name": "mary", "roles": ["engineer"]}
    assert served.accounts.check_password("mary", "a long password").may(Role.ENGINEER)
    ask(served, 'mutation{setRoles(name:"mary",roles:["viewer"]){roles}}')
    assert not served.accounts.check_password("mary", "a long password").may(Role.ENGINEER)
    assert {u["name"]: u["roles"] for u in ask(served, "{users{nodes{name roles}}}")["users"]["nodes"]}["mary"] == [
        "viewer"
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('mutation{createUser(name:"x",roles:["king"]){name}}', "unknown_name"),
        ('mutation{setRoles(name:"nobody",roles:["viewer"]){name}}', "unknown_name"),
        ('mutation{createToken(user:"nobody")}', "unknown_name"),
        ("mutation{replay(row:99)}", "unknown_name"),
        ('mutation{resolveConflict(id:"x",decision:"same")}', "store_unavailable"),
    ],
)
def test_what_does_not_exist_is_said(served: Services, document: str, expected: str) -> None:
    """With a code, not as a defect."""
    assert code(answer(served, document)) == expected


def test_a_token_is_shown_once_works_and_ends(served: Services) -> None:
    """Made, used, listed without its secret, revoked."""
    text = ask(served, 'mutation{createToken(user:"vera",label:"laptop",expiresDays:1)}')["createToken"]
    assert served.accounts.authenticate(text).name == "vera"
    (listed,) = ask(served, "{tokens{nodes{keyId user label roles createdAt expiresAt lastUsed revokedAt}}}")["tokens"][
        "nodes"
    ]
    assert (listed["user"], listed["label"], listed["revokedAt"]) == ("vera", "laptop", None)
    assert listed["expiresAt"] and text.rsplit("_", 1)[1] not in str(listed)
    ask(served, "mutation R($k:ID!){revokeToken(keyId:$k)}", k=listed["keyId"])
    with pytest.raises(NotAuthenticated):
        served.accounts.authenticate(text)


def test_a_person_makes_tokens_for_themselves_only_and_never_wider_than_they_are(served: Services) -> None:
    """Also not by way of a narrowed token of somebody mightier."""
    text = ask(served, 'mutation{createToken(label:"mine")}', vera())["createToken"]
    assert served.accounts.authenticate(text).roles == frozenset(Role.VIEWER.implies)
    assert code(answer(served, 'mutation{createToken(user:"ada")}', vera())) == "forbidden"
    narrow = Principal("ada", frozenset({Role.VIEWER}))
    text = ask(served, "mutation{createToken}", narrow)["createToken"]
    assert not served.accounts.authenticate(text).may(Role.ADMIN)
    assert code(answer(served, 'mutation{createToken(roles:["admin"])}', narrow)) == "forbidden"


def test_an_enrolment_token_enrols_one_agent_which_can_be_sent_away(served: Services) -> None:
    """The agent is listed with site and owner, then revoked."""
    text = ask(served, 'mutation{createEnrolmentToken(site:"north",owner:"ops")}')["createEnrolmentToken"]
    key = SigningKey.generate()
    challenge = served.enrolment.challenge(text, bytes(key.verify_key))
    node = served.enrolment.enrol(text, bytes(key.verify_key), challenge, key.sign(PROOF + challenge).signature)
    (agent,) = ask(served, "{agents{nodes{node site owner state lastSeen}}}")["agents"]["nodes"]
    assert agent == {"node": node, "site": "north", "owner": "ops", "state": "new", "lastSeen": None}
    served.inbox.accept(node, 1, report(1, host(), node=node), b"{}")
    assert ask(served, "{agents{nodes{state}}}")["agents"]["nodes"] == [{"state": "reporting"}]
    ask(served, "mutation R($n:ID!){revokeAgent(node:$n)}", n=node)
    assert ask(served, "{agents{nodes{state}}}", vera())["agents"]["nodes"] == [{"state": "revoked"}]


def test_a_quarantined_report_is_shown_with_its_reason_and_tried_again(served: Services) -> None:
    """Three failures put it there; replay puts it back into the queue."""
    served.inbox.accept("nd_1", 1, report(1, host()), b"{}")
    for _ in range(3):
        queued = served.inbox.next()
        assert queued is not None
        served.inbox.failed(queued.row, "no such class")
    (kept,) = ask(served, "{quarantine{nodes{row node reportId reason at}}}")["quarantine"]["nodes"]
    assert (kept["node"], kept["reason"]) == ("nd_1", "no such class") and kept["at"] >= NOW[:4]
    assert served.inbox.depth() == 0
    ask(served, "mutation R($r:Int!){replay(row:$r)}", ADMIN, r=kept["row"])
    assert served.inbox.depth() == 1 and ask(served, "{quarantine{nodes{row}}}") == {"quarantine": {"nodes": []}}


def test_me_is_who_asks(served: Services) -> None:
    """With the roles that count now."""
    assert ask(served, "{me{name roles}}", vera())["me"] == {"name": "vera", "roles": ["reader", "viewer"]}
