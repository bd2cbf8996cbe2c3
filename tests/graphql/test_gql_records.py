"""Records and commands of a process, declared by the tests, on the real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.questions import NOTES, answer, ask, estate, parts, person

from cmdb.errors import EpicentreError, Forbidden
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.endpoint import executor
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

WRITE = "mutation W($cis: [ID!]!, $text: String!) { writeNote(cis: $cis, text: $text) { number state rev text words } }"
CLOSE = "mutation C($number: String!, $why: String) { closeNote(number: $number, why: $why) { state rev } }"
ENGINEER = person(Role.ENGINEER, name="erin")
MANAGER = person(Role.CHANGE_MANAGER, name="mary")
APPROVER = person(Role.APPROVER_BUSINESS, name="bea")
VIEWER = person(Role.VIEWER, name="vera")


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts with the process of the tests, on a clean store."""
    with parts(tmp_path / "home", store, [NOTES]) as made:
        yield made


@pytest.fixture
def ids(served: Services) -> dict[str, str]:
    """The small estate, ids by name."""
    return estate(served.store)


def test_a_record_is_opened_asked_for_and_moved_on(served: Services, ids: dict[str, str]) -> None:
    """The decision asks the graph as the actor; the record keeps fields, CIs and every step of its history."""
    opened = ask(served, WRITE, ENGINEER, cis=[ids["web1"], ids["shop"]], text="look here")["writeNote"]
    assert opened == {"number": "NTE-1", "state": "open", "rev": 1, "text": "look here (shop, web1)", "words": 4}
    assert ask(served, CLOSE, MANAGER, number="NTE-1", why="seen")["closeNote"] == {"state": "closed", "rev": 2}
    found = ask(
        served,
        '{note(number: "NTE-1"){number state openedBy openedAt text cis{name}'
        " history{by command fromState toState reason}}}",
        VIEWER,
    )["note"]
    assert (found["openedBy"], {c["name"] for c in found["cis"]}) == ("erin", {"web1", "shop"})
    assert found["history"] == STEPS


STEPS = [
    {"by": "erin", "command": "write_note", "fromState": None, "toState": "open", "reason": "written"},
    {"by": "mary", "command": "close_note", "fromState": "open", "toState": "closed", "reason": "seen"},
]


def test_lists_of_records_are_newest_first_in_pages_and_by_state(served: Services, ids: dict[str, str]) -> None:
    """Three notes, one closed."""
    for text in ("one", "two", "three"):
        ask(served, WRITE, ENGINEER, cis=[ids["web1"]], text=text)
    ask(served, CLOSE, MANAGER, number="NTE-2")
    assert [n["number"] for n in ask(served, "{notes{nodes{number}}}")["notes"]["nodes"]] == ["NTE-3", "NTE-2", "NTE-1"]
    assert [n["number"] for n in ask(served, '{notes(first: 1, after: "NTE-3"){nodes{number}}}')["notes"]["nodes"]] == [
        "NTE-2"
    ]
    assert [n["number"] for n in ask(served, '{notes(state: "closed"){nodes{number}}}')["notes"]["nodes"]] == ["NTE-2"]


def test_only_the_roles_of_a_command_may_give_it(served: Services, ids: dict[str, str]) -> None:
    """Any one of them is enough; others are refused before anything is decided or written."""
    for who in (VIEWER, APPROVER):
        with pytest.raises(Forbidden, match="writeNote"):
            answer(served, WRITE, who, cis=[ids["web1"]], text="x")
    assert served.store.records("Note") == []
    ask(served, WRITE, ENGINEER, cis=[ids["web1"]], text="x")
    with pytest.raises(Forbidden, match="closeNote needs the role approver-business or change-manager"):
        answer(served, CLOSE, ENGINEER, number="NTE-1")
    assert ask(served, CLOSE, APPROVER, number="NTE-1")["closeNote"]["state"] == "closed"


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        (WRITE, {"cis": ["ci_none"], "text": "x"}, "internal"),
        (CLOSE, {"number": "NTE-99"}, "unknown_name"),
        ('{note(number: "NTE-99"){id}}', {}, "unknown_name"),
    ],
)
def test_what_a_command_names_must_exist(
    served: Services, ids: dict[str, str], document: str, variables: dict[str, Any], code: str
) -> None:
    """Unknown records say so; a defect in a process's own rules (it trusted the CI to exist) is masked."""
    (error,) = answer(served, document, person(Role.ADMIN), **variables)["errors"]
    assert error["extensions"]["code"] == code


def test_a_refusal_carries_every_reason(served: Services, ids: dict[str, str]) -> None:
    """Closing twice is refused by the rule, with its reasons for programs."""
    ask(served, WRITE, ENGINEER, cis=[ids["web1"]], text="x")
    ask(served, CLOSE, MANAGER, number="NTE-1")
    (error,) = answer(served, CLOSE, MANAGER, number="NTE-1")["errors"]
    assert error["extensions"] == {"code": "refused", "reasons": ["it is closed"]}


def test_many_commands_at_once_neither_block_each_other_nor_double(served: Services, ids: dict[str, str]) -> None:
    """Twelve people write in one event loop, each decision asking the same server: twelve notes, twelve numbers."""
    run = executor(served)
    people = [person(Role.ENGINEER, name=f"p{i}") for i in range(12)]

    async def all_at_once() -> list[dict[str, Any]]:
        asked = (run.execute(who, WRITE, {"cis": [ids["web1"]], "text": who.name}) for who in people)
        return [found.body for found in await asyncio.wait_for(asyncio.gather(*asked), 60)]

    found = asyncio.run(all_at_once())
    assert {body["data"]["writeNote"]["number"] for body in found} == {f"NTE-{i + 1}" for i in range(12)}


def test_of_many_who_close_one_note_exactly_one_does(served: Services, ids: dict[str, str]) -> None:
    """The others hear that somebody was faster, or that it is closed."""
    ask(served, WRITE, ENGINEER, cis=[ids["web1"]], text="x")

    def close(number: int) -> str:
        try:
            body = answer(served, CLOSE, person(Role.CHANGE_MANAGER, name=f"m{number}"), number="NTE-1")
        except EpicentreError as error:
            return type(error).__name__
        return str(body["errors"][0]["extensions"]["code"]) if "errors" in body else "closed"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(close, range(16)))
    assert outcomes.count("closed") == 1
    assert set(outcomes) <= {"closed", "conflict", "refused"}
    assert len(served.store.history(served.store.record("Note", "NTE-1").id)) == 2
