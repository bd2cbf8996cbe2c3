"""Strategies on a real graph: drafted, approved by another, followed by the clocks, reviewed, told of, superseded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.questions import ADMIN, answer, ask, parts, person

from cmdb import replay
from cmdb.applier import utc_now
from cmdb.errors import Forbidden
from cmdb.moments import after
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.client import LocalClient
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.arrangements import reading
from cmdb_processes.cli.server.processes import processes

pytestmark = [pytest.mark.neo4j, pytest.mark.one_way]
CLARA, CARL = person(Role.CHANGE_MANAGER, name="clara"), person(Role.CHANGE_MANAGER, name="carl")
ERIN = person(Role.ENGINEER, name="erin")
PROMISES = (
    '[{rank: 1, response: "PT10M", resolution: "PT2H", update: "PT30M"},'
    ' {rank: 4, response: "PT2H", resolution: "P1D", update: "PT8H"}]'
)
DRAFT = """
mutation D($process: String!, $due: String!, $readers: [String!]) {{
  draftStrategy(
    process: $process, name: "Restore first", purpose: "Service is back before its cause is known.", reviewDue: $due,
    everything: true, priorityMatrix: "servicenow", readers: $readers, promises: {promises},
    objectives: [{{objective: "Restored in time", kpi: "promises kept", atLeast: 95.0, unit: "%"}}]
  ) {{ number state owner authors }}
}}
"""
EVIDENCE = """
{ eventStrategy { strategy checks { name passed because } sources { source rules events matched unmatched } } }
"""


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts with every process, and four accounts."""
    with parts(tmp_path / "home", store, processes().values()) as made:
        for who in (ADMIN, CLARA, CARL, ERIN):
            made.accounts.create_user(who.name, sorted(who.roles - {Role.READER, Role.VIEWER}))
        yield made


def drafted(of: Services, who: Any = CLARA, due: str = "", **given: Any) -> dict[str, Any]:
    """A draft of the strategy of incident."""
    document = DRAFT.format(promises=given.pop("promises", PROMISES))
    given = {"process": "incident", "due": due or after(utc_now(), 24 * 200), "readers": ["erin"], **given}
    row: dict[str, Any] = ask(of, document, who, **given)["draftStrategy"]
    return row


def refused(of: Services, document: str, who: Any, **given: Any) -> str:
    """What a command was refused with."""
    (error,) = answer(of, document, who, **given)["errors"]
    return str(error["message"])


def state(of: Services, number: str) -> str:
    """The state of a strategy."""
    return str(ask(of, "query S($n: String!) { strategy(number: $n) { state } }", n=number)["strategy"]["state"])


def test_a_strategy_is_approved_by_another_and_the_clocks_follow_it(served: Services) -> None:
    """Without one, defaults; with one, its promises count for what is open, and incidents name it."""
    ask(served, 'mutation { openIncident(cis: [], title: "It is slow") { number } }', ERIN)
    levels = '{ serviceLevels(number: "INC-1") { readings { kind length } } }'
    kinds = lambda: {r["kind"]: r["length"] for r in ask(served, levels)["serviceLevels"]["readings"]}  # noqa: E731
    before = kinds()
    evidence = ask(served, EVIDENCE)["eventStrategy"]
    assert evidence["strategy"] is None
    assert evidence["checks"][0]["because"] == "no strategy of incident is in force"

    rank = ask(served, '{ incident(number: "INC-1") { rank strategy } }')["incident"]
    assert rank["strategy"] is None
    made = drafted(served, promises=PROMISES.replace("rank: 4", f"rank: {rank['rank']}"))
    assert made == {"number": "STR-1", "state": "draft", "owner": "clara", "authors": ["clara"]}
    assert kinds() == before, "what nobody approved binds nobody"
    approve = 'mutation { approveStrategy(number: "STR-1") { state approvedBy } }'
    with pytest.raises(Forbidden, match="needs"):
        answer(served, approve, ERIN)
    assert "was written by clara: somebody else approves it" in refused(served, approve, CLARA)
    ask(served, 'mutation { changeStrategy(number: "STR-1", purpose: "Back soon.") { state } }', CARL)
    assert "was written by clara, carl" in refused(served, approve, CARL)
    assert ask(served, approve, ADMIN)["approveStrategy"] == {"state": "approved", "approvedBy": "ada"}
    assert kinds() == {"response": 7200, "resolution": 86_400, "update": 28_800} != before

    change = 'mutation { changeStrategy(number: "STR-1", purpose: "Other.") { state } }'
    assert "draft another, which supersedes it" in refused(served, change, CLARA)
    opened = ask(served, 'mutation { openIncident(cis: [], title: "It is slow too") { strategy } }', ERIN)
    assert opened["openIncident"] == {"strategy": "STR-1"}
    ask(served, 'mutation { reportEvent(source: "toaster", text: "hot") { number } }', ERIN)
    evidence = ask(served, EVIDENCE)["eventStrategy"]
    failed = {one["name"]: one["because"] for one in evidence["checks"] if not one["passed"]}
    assert failed == {
        "known": "erin did not acknowledge it", "event catalogue": "a rule fits 0 of the last 1 events",
    }  # fmt: skip
    toaster = next(one for one in evidence["sources"] if one["source"] == "toaster")
    assert toaster == {"source": "toaster", "rules": 0, "events": 1, "matched": 0, "unmatched": ["EVT-1"]}
    know = 'mutation { acknowledgeStrategy(number: "STR-1") { acknowledged } }'
    assert ask(served, know, ERIN)["acknowledgeStrategy"] == {"acknowledged": ["erin"]}
    assert "already" in refused(served, know, ERIN)
    assert [c["name"] for c in ask(served, EVIDENCE)["eventStrategy"]["checks"] if not c["passed"]] == [
        "event catalogue"
    ]


def test_a_review_that_is_due_is_told_once_and_moves_on(served: Services) -> None:
    """The owner is reminded at the date, once; a review names the next date."""
    drafted(served, due=after(utc_now(), 24 * 10))
    ask(served, 'mutation { approveStrategy(number: "STR-1") { state } }', CARL)
    assert Timers(served, lambda: after(utc_now(), 24 * 9)).step() == 0
    later = Timers(served, lambda: after(utc_now(), 24 * 11))
    assert (later.step(), later.step()) == (1, 0)
    row = ask(served, '{ strategy(number: "STR-1") { state reviewDue remindedOf history { command } } }')["strategy"]
    assert row["reviewDue"] == row["remindedOf"]
    assert [one["command"] for one in row["history"]][-1] == "remind_strategy"
    review = """mutation R($due: String!) { reviewStrategy(number: "STR-1", found: "It fits.", reviewDue: $due) {
      state reviewedAt } }"""
    assert "not to come" in refused(served, review, CLARA, due="2020-01-01")
    assert ask(served, review, CLARA, due=after(utc_now(), 24 * 40))["reviewStrategy"]["reviewedAt"]
    assert (later.step(), later.step()) == (0, 0)
    assert Timers(served, lambda: after(utc_now(), 24 * 41)).step() == 1


def test_one_strategy_of_a_process_is_in_force_also_when_two_are_approved_at_once(served: Services) -> None:
    """The next supersedes the one before and follows it; of two at once, time ends the older; a replay agrees."""
    drafted(served)
    ask(served, 'mutation { approveStrategy(number: "STR-1") { state } }', CARL)
    drafted(served)
    drafted(served, process="change")
    two = """mutation { approveStrategy(number: "STR-2") { links(first: 5) { nodes { type record { number } } } } }"""
    links = ask(served, two, CARL)["approveStrategy"]["links"]["nodes"]
    assert {"type": "FOLLOWS", "record": {"number": "STR-1"}} in links
    ask(served, 'mutation { approveStrategy(number: "STR-3") { state } }', CARL)
    assert [state(served, f"STR-{n}") for n in (1, 2, 3)] == ["superseded", "approved", "approved"]

    drafted(served)
    drafted(served)
    approve = "mutation A($n: String!) { approveStrategy(number: $n) { state } }"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: answer(served, approve, CARL, n=n), ("STR-4", "STR-5")))
    book = reading.book(LocalClient(served, CLARA).ask, lists=("strategies",))
    chosen = book.strategy("incident")
    timers = Timers(served, utc_now)
    for _ in range(3):
        timers.step()
    rows = ask(served, "{ strategies(filter: { categories: [IN_PROGRESS] }) { nodes { number process } } }")
    numbers = [one["number"] for one in rows["strategies"]["nodes"] if one["process"] == "incident"]
    assert chosen is not None and numbers == [chosen.number]
    ask(served, f'mutation {{ retireStrategy(number: "{chosen.number}", reason: "no more") {{ state }} }}', CLARA)
    assert reading.book(LocalClient(served, CLARA).ask, lists=("strategies",)).strategy("incident") is None
    assert replay.lines(served.store.graph()) == replay.lines(replay.replay(served.store.entries_after(0, 999)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"process": "cooking"}, "'cooking' is none of incident, problem"),
        ({"due": "2020-01-01"}, "is not to come within three years"),
        ({"readers": ["nobody"]}, "no account 'nobody'"),
        ({"promises": PROMISES.replace("PT10M", "PT3H")}, "is responded to before it is resolved"),
        (
            {"promises": PROMISES.replace('"PT2H", update: "PT30M"', '"P2D", update: "PT30M"')},
            "rank 1 is promised later",
        ),
        ({"promises": PROMISES.replace("rank: 4", "rank: 1")}, "name each rank from 1 to 9 once, not 1"),
    ],
)
def test_what_makes_no_strategy_is_refused_with_a_sentence(
    served: Services, given: dict[str, Any], sentence: str
) -> None:
    """Unknown processes, days that are over, people who are not there, promises that contradict each other."""
    document = DRAFT.format(promises=given.pop("promises", PROMISES))
    given = {"process": "incident", "due": after(utc_now(), 24 * 365)[:10], "readers": ["erin"], **given}
    assert sentence in refused(served, document, CLARA, **given)
