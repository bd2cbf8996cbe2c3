"""Many events at once: one thing is one incident, different things do not wait for each other, and each is cheap."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.questions import ADMIN, ask, parts, person
from support.round_trips import counting

from cmdb.applier import utc_now
from cmdb.moments import after
from cmdb.store import By, Store
from cmdb.words import Effect, Role
from cmdb_graphql import endpoint
from cmdb_graphql.records.carry import Carrying
from cmdb_graphql.records.turns import Turns
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.arrangements import PROCESS as ARRANGEMENTS
from cmdb_processes.incident import PROCESS, reporting

BY = By("ann", "2026-11-01T00:00:00.000Z", "as the test needs it")
MONITORS = [person(Role.ENGINEER, name=f"monitor-{n}") for n in range(4)]


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Two databases."""
    for name in ("db-1", "db-2"):
        store.create_ci("Database", name, {}, BY)
    with parts(tmp_path, store, [ARRANGEMENTS, PROCESS]) as of:
        yield of


def event(of: Services, host: str, status: str = "down", who: Any = ADMIN) -> Any:
    """An event of a monitor, past the front door."""
    facts = ({"name": "host", "value": host}, {"name": "status", "value": status})
    given = {"source": "monitor", "text": f"{host} is {status}", "facts": facts}
    return Carrying(of, who).give("report_event", None, given)


@pytest.mark.neo4j
def test_a_storm_of_two_things_is_two_incidents_and_loses_nothing(served: Services) -> None:
    """Forty events by four accounts at once: two incidents, and every event is recorded and counted."""
    hosts = ["db-1", "db-2"] * 20
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: event(served, hosts[n], who=MONITORS[n % 4]), range(40)))
    found = ask(served, "{ incidents(first: 9) { nodes { title events cis { name } } } }")["incidents"]["nodes"]
    assert sorted((one["cis"][0]["name"], one["events"]) for one in found) == [("db-1", 20), ("db-2", 20)]
    events = ask(served, "{ events(first: 100) { nodes { outcome } } }")["events"]["nodes"]
    assert Counter(one["outcome"] for one in events) == {"incident": 2, "log": 38}


@pytest.mark.neo4j
def test_an_event_waits_for_none_but_its_like(served: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one thing's event is being decided, another thing's is taken in, and one more of the first is not."""
    event(served, "db-1")
    entered, go, counted = threading.Event(), threading.Event(), threading.Event()
    real = reporting._known

    def held(asks: Any, found: Any, key: str) -> Any:
        if found.event.fields["text"] == "db-1 is down":
            (counted if entered.is_set() else entered).set()
            assert go.wait(30)
        return real(asks, found, key)

    monkeypatch.setattr(reporting, "_known", held)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(event, served, "db-1")
        assert entered.wait(30)
        second = pool.submit(event, served, "db-1")
        assert event(served, "db-2").fields["outcome"] == "incident"
        assert not counted.is_set()
        go.set()
        assert {first.result().fields["because"], second.result().fields["because"]} == {"it is one more of INC-1"}


@pytest.mark.neo4j
def test_what_comes_back_soon_is_not_over(served: Services) -> None:
    """Down, up, and down again within the window: the incident is reopened and its CI is down again."""
    event(served, "db-1")
    assert event(served, "db-1", "up").fields["outcome"] == "resolve"
    back = event(served, "db-1")
    assert (back.fields["outcome"], back.fields["because"]) == ("reopen", "INC-1 is back within 1800 s")
    asked = "{ incidents(first: 9) { nodes { number state outageSince cis { condition } } } }"
    (one,) = ask(served, asked)["incidents"]["nodes"]
    assert (one["number"], one["state"], one["cis"]) == ("INC-1", "in progress", [{"condition": "down"}])
    assert event(served, "db-1").fields["because"] == "it is one more of INC-1"


@pytest.mark.neo4j
def test_two_incidents_on_one_way_are_both_as_bad_as_it_is(served: Services) -> None:
    """A database and the shop on it are both down: neither is lowered because the other explains the service too."""
    by_name = {row["name"]: row["id"] for row in served.store.find(None, first=9)}
    by_name["shop"] = served.store.create_ci("Application", "shop", {}, BY).ci
    selling = served.store.create_ci("BusinessService", "selling", {"criticality": "critical"}, BY).ci
    served.store.link_cis("DEPENDS_ON", selling, by_name["shop"], BY)
    served.store.link_cis("DEPENDS_ON", by_name["shop"], by_name["db-1"], BY)
    opened = 'mutation O($ci: ID!) { openIncident(cis: [$ci], title: %s, condition: "down") { number } }'
    for name in ("db-1", "shop"):
        number = ask(served, opened % f'"{name} is down"', ci=by_name[name])["openIncident"]["number"]
        ask(served, f'mutation {{ confirmOutage(number: "{number}") {{ number }} }}')
    Timers(served, lambda: after(utc_now(), 0.1)).step()
    fields = "title impact services { name degree }"
    found = ask(served, f"{{ incidents(first: 9, order: OLDEST) {{ nodes {{ {fields} }} }} }}")["incidents"]["nodes"]
    hit = [{"name": "selling", "degree": "down"}]
    assert [(one["title"], one["impact"], one["services"]) for one in found] == [
        ("db-1 is down", "high", hit), ("shop is down", "high", hit),
    ]  # fmt: skip


@pytest.mark.neo4j
def test_an_event_costs_few_round_trips_however_many_there_were(served: Services) -> None:
    """One more of the same is nine statements and one that is only logged five; the key is found by its index."""
    event(served, "db-1")
    store, sent = counting(served.store)
    with_counter = replace(served, store=store)
    event(with_counter, "db-1")
    event(with_counter, "db-1")
    sent.clear()
    event(with_counter, "db-1")
    assert len(sent) <= 9, sent
    (known,) = (text for text in sent if "event_key = $event_key" in text)
    parameters = {"type": "Incident", "event_key": "evk", "first": 10}
    plan = served.store._bolt._driver.execute_query(f"EXPLAIN {known}", parameters).summary.plan  # type: ignore[attr-defined]
    assert "event_key" in str(plan) and "NodeIndexSeek" in str(plan), plan
    sent.clear()
    event(with_counter, "db-1", "warning")
    assert len(sent) <= 5, sent


@pytest.mark.neo4j
def test_first_questions_at_once_find_one_executor(served: Services) -> None:
    """Its schema is built once and its budgets are everybody's: eight builders at once took ten seconds."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: id(endpoint.executor(served)), range(8)))
    assert len(found) == 1


def test_turns_are_kept_by_key_and_forgotten() -> None:
    """Two of one key never overlap, two of different keys do, and nothing is left behind."""
    turns, inside, most = Turns(), Counter[str](), Counter[str]()
    both = threading.Barrier(2, timeout=30)

    def take(key: str, work: Callable[[], object]) -> None:
        with turns.of(key):
            inside[key] += 1
            most[key] = max(most[key], inside[key])
            work()
            inside[key] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: take("a", lambda: threading.Event().wait(0.01)), range(20)))
        for one in [pool.submit(take, "a", both.wait), pool.submit(take, "b", both.wait)]:
            one.result()
        for one in [pool.submit(take, "", both.wait), pool.submit(take, "", both.wait)]:
            one.result()
    assert most["a"] == 1
    assert len(turns) == 0


@pytest.mark.neo4j
def test_a_turn_that_fails_is_over(served: Services) -> None:
    """What is refused while it has the turn does not keep it: the next of the same thing is taken in."""
    with pytest.raises(Exception, match="severity"):
        Carrying(served, ADMIN).follow(Effect("report_event", None, {"source": "m", "text": "x", "severity": "odd"}))
    assert event(served, "db-1").fields["outcome"] == "incident"
