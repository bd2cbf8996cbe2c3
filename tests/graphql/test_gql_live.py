"""Subscriptions over a real WebSocket: what they tell, who may, and how they end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.front_door import Door, front_door
from support.listening import Listening, listening
from support.questions import NEO4J, NOTE, NOTES, estate
from support.reports import NOW, host, report, services, sockets
from support.waiting import eventually
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cmdb import records
from cmdb.store import By, Store
from cmdb.words import Decision, Role
from cmdb_graphql import live
from cmdb_graphql.tail import Tail

CHANGED = """subscription C($of: [ID!], $class: String) { ciChanged(of: $of, class: $class) {
  seq actor kind summary cis { name class status } truncated } }"""
IMPACT = "subscription I($of: [ID!]!) { impactChanged(of: $of) { verdict hash sequence items { ci { name } } } }"


@pytest.fixture
def door(tmp_path: Path, store: Store) -> Iterator[Door]:
    """A served small estate and an account."""
    estate(store)
    with front_door(tmp_path / "home", store) as opened:
        opened.services.accounts.create_user("eve", [Role.VIEWER])
        yield opened


@pytest.fixture
def token(door: Door) -> str:
    """An API token of eve's."""
    return door.services.accounts.create_token("eve")


def begun(there: Listening, name: str, query: str, **variables: Any) -> None:
    """Subscribe, and wait until the journal is read for it."""
    there.subscribe(name, query, **variables)
    there.send("ping")
    assert there.got() == {"type": "pong"}


@pytest.mark.neo4j
def test_changes_are_told_as_the_journal_grows(door: Door, token: str, store: Store) -> None:
    """Of the CIs that are watched and of the class, with what they are now; others are not told."""
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    with listening(door.port, token) as there:
        begun(there, "one", CHANGED, of=[ids["web2"]])
        begun(there, "services", CHANGED, **{"class": "Service"})
        store.apply(report(2, host("web2", cpu_cores=32), node="nd_2", boot="boot-2"), NOW)
        found = there.got()
        assert (found["type"], found["id"]) == ("next", "one")
        change = found["payload"]["data"]["ciChanged"]
        assert (change["seq"], change["actor"], change["kind"]) == (3, "nd_2", "report")
        assert change["cis"] == [{"name": "web2", "class": "Host", "status": "live"}] and change["truncated"] is None
        store.apply(report(2, services(NEO4J)), NOW)
        found = there.got()
        assert found["id"] == "services"
        told = {(ci["name"], ci["status"]) for ci in found["payload"]["data"]["ciChanged"]["cis"]}
        assert ("epicentre", "retired") in told
        there.send("complete", id="services")
        there.send("complete", id="one")
        store.apply(report(3, host("web2", cpu_cores=64), node="nd_2", boot="boot-2"), NOW)
        with pytest.raises(TimeoutError):
            there.got(timeout=1.5)


@pytest.mark.neo4j
def test_a_closed_edge_is_told_at_both_its_ends(door: Door, token: str, store: Store) -> None:
    """By a person, by a report that sees it no more, and by the end of the other CI: who watches either end is told."""
    by = By("ann", NOW)
    one, two, three = (store.create_ci("Application", name, {}, by).ci for name in ("one", "two", "three"))
    store.link_cis("DEPENDS_ON", one, two, by)
    store.link_cis("DEPENDS_ON", two, three, by)
    ids = {row["name"]: row["id"] for row in store.find("Service", first=100)}
    with listening(door.port, token) as there:
        begun(there, "to", CHANGED, of=[two])
        store.unlink_cis("DEPENDS_ON", one, two, by)
        assert _names(there) == {"two"}
        store.retire_ci(three, None, by)
        assert _names(there) == {"two"}, "its dependency is gone, and so is the edge"
        begun(there, "seen", CHANGED, of=[ids["neo4j"]])
        store.apply(report(2, sockets()), NOW)
        assert _names(there) == {"neo4j"}


def _names(there: Listening) -> set[str]:
    """The CIs that the next message tells of."""
    found = there.got()
    assert found["type"] == "next", found
    return {ci["name"] for ci in found["payload"]["data"]["ciChanged"]["cis"]}


@pytest.mark.neo4j
def test_steps_of_records_are_told_as_they_are_taken(door: Door, token: str, store: Store) -> None:
    """Of one type or of some numbers; each with who, when and why."""
    moved = """subscription M($t: String, $n: [String!]) {
      recordMoved(type: $t, numbers: $n) { seq steps { number step { by toState reason } } } }"""
    opened = records.opened(NOTE, NOTES.commands[0], Decision("open", {"text": "x"}, "written", cis=()), "ann", NOW)
    with listening(door.port, token) as there:
        begun(there, "notes", moved, t="Note")
        begun(there, "others", moved, t="Other")
        begun(there, "first", moved, n=["NTE-1"])
        store.move(opened, NOW)
        told = {found["id"]: found["payload"]["data"]["recordMoved"] for found in (there.got(), there.got())}
        assert set(told) == {"notes", "first"}
        step = {"by": "ann", "toState": "open", "reason": "written"}
        assert told["notes"] == {"seq": store.sequence(), "steps": [{"number": "NTE-1", "step": step}]}
        store.move(opened, NOW)
        assert there.got()["id"] == "notes"
        with pytest.raises(TimeoutError):
            there.got(timeout=0.5)


@pytest.mark.neo4j
def test_an_impact_is_told_when_it_is_another_one(door: Door, token: str, store: Store) -> None:
    """A report about something else is not told; a dependency that ends is."""
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    with listening(door.port, token) as there:
        begun(there, "i", IMPACT, of=[ids["neo4j"]])
        store.apply(report(2, host("web2", cpu_cores=32), node="nd_2", boot="boot-2"), NOW)
        with pytest.raises(TimeoutError):
            there.got(timeout=1.5)
        store.apply(report(3, sockets(), node="nd_2", boot="boot-2"), NOW)
        impact = there.got()["payload"]["data"]["impactChanged"]
        assert [item["ci"]["name"] for item in impact["items"]] == ["epicentre"]


@pytest.mark.neo4j
def test_what_is_wrong_with_a_subscription_is_said_and_ends_it_alone(door: Door, token: str) -> None:
    """Unknown names, questions, documents that do not fit, and the sixth at once; the socket stays open."""
    refused = {
        "{me{name}}": "by POST",
        "subscription {nonsense}": "nonsense",
        "subscription {ciChanged{seq} impactChanged(of: []){hash}}": "one",
        'subscription {ciChanged(class: "Toaster"){seq}}': "Toaster",
        'subscription {impactChanged(of: ["ci_none"]){hash}}': "ci_none",
    }
    with listening(door.port, token) as there:
        for number, (query, word) in enumerate(refused.items()):
            there.subscribe(str(number), query)
            answer = there.got()
            payload = answer["payload"]
            messages = payload if isinstance(payload, list) else payload["errors"]
            assert word in messages[0]["message"]
            there.send("complete", id=str(number))
        for number in range(5):
            there.subscribe(f"n{number}", CHANGED)
        there.subscribe("n5", CHANGED)
        answer = there.got()
        assert (answer["type"], answer["id"]) == ("error", "n5") and "at most 5" in answer["payload"][0]["message"]
        there.subscribe("n1", CHANGED)
        assert _closed(there) == 4409


def _closed(there: Listening) -> int:
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            there.got()
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server whose Neo4j is down: who may is decided before the store is asked."""
    with front_door(tmp_path_factory.mktemp("shut")) as opened:
        opened.services.accounts.create_user("eve", [Role.VIEWER])
        yield opened


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"type": "subscribe", "id": "1", "payload": {"query": CHANGED}}], 4401),
        ([{"type": "ping"}], 4401),
        ([{"type": "connection_init"}], 4403),
        ([{"type": "connection_init", "payload": {"token": "epi_wrong"}}], 4403),
        ([{"type": "connection_init", "payload": {"token": 7}}], 4403),
        ([{"type": "connection_init", "payload": "x"}], 4403),
        ([{"type": 5}], 4400),
        ([[]], 4400),
        (["good", {"type": "connection_init"}], 4429),
        (["good", {"type": "nonsense"}], 4400),
        (["good", {"type": "subscribe"}], 4400),
    ],
)
def test_who_is_not_known_or_does_not_keep_to_the_protocol_is_sent_away(
    shut: Door, messages: list[Any], code: int
) -> None:
    """With the protocol's own close codes, before anything is subscribed to."""
    with listening(shut.port) as there:
        for message in messages:
            if message == "good":
                token = shut.services.accounts.create_token("eve")
                there.send("connection_init", payload={"token": token})
            elif isinstance(message, dict):
                there.send(message.pop("type"), **message)
            else:
                there.socket.send("[]")
        assert _closed(there) == code


def test_a_foreign_page_another_protocol_and_one_connection_too_many_are_refused(
    shut: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the handshake is over."""
    monkeypatch.setattr(live, "CONNECTIONS", 1)
    ours = f"http://127.0.0.1:{shut.port}"
    with listening(shut.port, origin=ours):
        for options in ({}, {"origin": "https://evil.example"}, {"subprotocols": ["graphql-ws"]}):
            with pytest.raises(InvalidStatus), listening(shut.port, **options):
                pass
    monkeypatch.setattr(live, "CONNECTIONS", 200)
    for options in ({"origin": "https://evil.example"}, {"subprotocols": ["graphql-ws"]}, {"subprotocols": None}):
        with pytest.raises(InvalidStatus), listening(shut.port, **options):
            pass


def test_who_says_nothing_is_not_waited_for(shut: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten seconds, here a moment, the socket is closed."""
    monkeypatch.setattr(live, "GREETING", 0.2)
    with listening(shut.port) as there:
        assert _closed(there) == 4408


def test_a_subscription_by_post_is_refused(shut: Door) -> None:
    """With a sentence that says where it goes."""
    token = shut.services.accounts.create_token("eve")
    reply = shut.ask("/graphql", {"query": "subscription {ciChanged{seq}}"}, {"Authorization": f"Bearer {token}"})
    assert reply.status == 400 and "WebSocket" in reply.body["error"]["message"]


@pytest.mark.neo4j
def test_a_revoked_token_ends_it(door: Door, token: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next change is not told to who may no longer ask."""
    monkeypatch.setattr(live, "AGAIN", 0.0)
    with listening(door.port, token) as there:
        begun(there, "1", CHANGED)
        (kept,) = door.services.accounts.tokens()
        door.services.accounts.revoke_token(kept.key_id)
        store.apply(report(2, host("web2", cpu_cores=32), node="nd_2", boot="boot-2"), NOW)
        assert there.got()["type"] == "error"


@pytest.mark.neo4j
def test_a_subscription_that_is_ended_as_it_begins_leaves_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes it back in the same breath, or hangs up, is not read the journal for any more."""
    made: list[Tail] = []

    def tail(of: Store) -> Tail:
        made.append(Tail(of))
        return made[-1]

    monkeypatch.setattr(live, "Tail", tail)
    with front_door(tmp_path / "home", store) as opened:
        opened.services.accounts.create_user("eve", [Role.VIEWER])
        with listening(opened.port, opened.services.accounts.create_token("eve")) as there:
            for name in ("1", "2", "3"):
                there.subscribe(name, CHANGED)
                there.send("complete", id=name)
            there.send("ping")
            assert there.got() == {"type": "pong"}
            assert eventually(lambda: not made[0]._listeners, 5) and made[0]._task is None
            there.subscribe("4", CHANGED)
        assert eventually(lambda: not made[0]._listeners, 5) and made[0]._task is None


@pytest.mark.neo4j
def test_a_server_that_stops_closes_its_sockets(tmp_path: Path, store: Store) -> None:
    """At once, and says that it restarts; nothing of a subscription is left."""
    with front_door(tmp_path / "home", store) as opened:
        opened.services.accounts.create_user("eve", [Role.VIEWER])
        token = opened.services.accounts.create_token("eve")
        stack = listening(opened.port, token)
        there = stack.__enter__()
        begun(there, "1", CHANGED)
        started = time.monotonic()
    assert time.monotonic() - started < 4.0
    assert _closed(there) == 1012
    stack.__exit__(None, None, None)
