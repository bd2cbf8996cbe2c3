"""What hangs on CIs and tells of several: events, decisions, exports, as accounts kept to a view see them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.front_door import front_door
from support.questions import NOTES, answer, ask, parts, person
from support.restricted import BY

from cmdb.cypher import And, Compare, Not
from cmdb.errors import Conflict, Forbidden
from cmdb.store import Store
from cmdb.words import Principal, Role
from cmdb_graphql import export, narrowed
from cmdb_graphql.endpoint import executor
from cmdb_graphql.fields.changes import Event
from cmdb_graphql.services import Services

READER = Principal("ben", frozenset({Role.READER}), "v")
CHANGED = "subscription { ciChanged { seq summary cis { name } } }"


@pytest.fixture
def made(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts whose view `v` hides what runs rocky."""
    with parts(tmp_path, store, [NOTES]) as opened:
        store.define_view("v", Not(Compare("os_id", "eq", "rocky")), BY)
        yield opened


def _host(store: Store, name: str, system: str) -> str:
    return store.create_ci("Host", name, {"os_id": system}, BY).ci or ""


def _told(made: Services, who: Principal = READER) -> dict[str, Any] | None:
    """What a subscription to all changes says to the journal's last entry."""
    run, store = executor(made), made.store
    document, operation = run.subscribable(who, CHANGED, {})
    event = Event(store.entries_after(store.sequence() - 1, 1)[0])
    body = asyncio.run(run.event(who, document, {}, operation, event)).body
    assert "errors" not in body, body
    found: dict[str, Any] | None = body["data"]["ciChanged"]
    return found


@pytest.mark.neo4j
def test_events_are_of_shown_cis_also_when_one_enters_or_leaves_the_view(made: Services) -> None:
    """Hidden: no word; entered: told as changed; linked to a hidden one: no word; left: no word any more."""
    store = made.store
    one = _host(store, "one", "rocky")
    assert _told(made) is None
    store.update_ci(one, None, {"os_id": "debian"}, BY)
    entered = _told(made)
    assert entered and (entered["summary"], entered["cis"]) == ("changed 1", [{"name": "one"}])
    two = _host(store, "two", "rocky")
    store.link_cis("DEPENDS_ON", one, two, BY)
    assert _told(made) is None
    store.update_ci(one, None, {"os_id": "rocky"}, BY)
    assert _told(made) is None


@pytest.mark.neo4j
def test_a_subscription_ends_with_the_right_to_it(made: Services) -> None:
    """Who lost the role is answered nothing more, though the subscription began before."""
    run = executor(made)
    document, operation = run.subscribable(person(Role.VIEWER, name="eve"), CHANGED, {})
    with pytest.raises(Forbidden):
        asyncio.run(run.event(Principal("eve", frozenset()), document, {}, operation, Event(None)))


@pytest.mark.neo4j
def test_records_are_refused(made: Services) -> None:
    """Their texts, figures, parts and links may tell of any CI."""
    with pytest.raises(Forbidden, match="notes needs the role viewer"):
        answer(made, "{ notes { nodes { number } } }", READER)


@pytest.mark.neo4j
def test_an_export_that_a_new_filter_overtakes_ends_with_an_error(made: Services) -> None:
    """It would be silently short otherwise; one that nothing overtakes has the shown part and ends well."""
    store = made.store
    _host(store, "shown", "debian")
    _host(store, "hidden", "rocky")
    lines = b"".join(export._lines(*export._begin(store, "v", []))).splitlines()
    assert [row.get("name") for row in map(orjson.loads, lines[1:-1])] == ["shown"]
    assert orjson.loads(lines[-1]) == {"epicentre_end": {"nodes": 1, "edges": 0}}
    _, rows = export._begin(store, "v", [])
    store.define_view("v", Compare("class", "eq", "Host"), BY)
    with pytest.raises(Conflict, match="another filter"):
        list(rows)


@pytest.mark.neo4j
def test_a_reader_may_export(tmp_path: Path, store: Store) -> None:
    """Over HTTP, by token."""
    store.define_view("v", Not(Compare("os_id", "eq", "rocky")), BY)
    _host(store, "shown", "debian")
    _host(store, "hidden", "rocky")
    with front_door(tmp_path / "home", store) as door:
        door.services.accounts.create_user("ben", [Role.READER], view="v")
        token = door.services.accounts.create_token("ben")
        reply = door.call("GET", "/export", headers={"Authorization": f"Bearer {token}"})
    assert reply.status == 200 and b"shown" in reply.raw and b"hidden" not in reply.raw


STEP = {"rule": "serial", "keys": {}, "hits": ["ci_a", "ci_b", "ci_c"], "result": "1 fit, 2 vetoed by a stronger key"}
TRACE = {
    "outcome": "match", "reason": "recognised by serial", "rule": "serial", "keys": {"serial": "1"},
    "steps": [
        {"rule": "a person's decision", "keys": {}, "hits": ["ci_b"], "result": "said to be other machines"},
        STEP,
    ],
    "refused": [
        {"key": "machine_id", "value": "1", "reason": "cloned: ci_b, ci_c is other hardware"},
        {"key": "uuid", "value": "2", "reason": "cloned: ci_b is other hardware"},
    ],
    "candidates": ["ci_a", "ci_b"],
}  # fmt: skip


def test_a_decision_is_told_as_if_only_shown_cis_had_been_compared() -> None:
    """Lists, numbers and sentences alike; with everything shown it is as it was."""
    assert narrowed.compared([TRACE, None]) == {"ci_a", "ci_b", "ci_c"}
    assert narrowed.trace_of(TRACE, {"ci_a", "ci_b", "ci_c"}) == TRACE
    cut = narrowed.trace_of(TRACE, {"ci_a", "ci_c"})
    result = "1 fit, 1 vetoed by a stronger key that contradicts"
    assert cut["steps"] == [{**STEP, "hits": ["ci_a", "ci_c"], "result": result}]
    assert [key["reason"] for key in cut["refused"]] == ["cloned: ci_c is other hardware"]
    assert cut["candidates"] == ["ci_a"] and "ci_b" not in str(cut)


def test_a_sentence_that_names_a_hidden_ci_is_replaced() -> None:
    """Also where a person decided, and the trace is that of the conflict."""
    trace = {"outcome": "conflict", "reason": "ci_b has the same serial, but another mac", "steps": []}
    assert "ci_b" not in str(narrowed.trace_of(trace, {"ci_a"}))


AROUND = """query A($id: ID!, $at: Moment) { ci(id: $id, asOf: $at) {
  children { nodes { name } } dependents { nodes { from { name } } } claims { scope } }
  search(text: "on", asOf: $at) { nodes { name } } }"""


@pytest.mark.neo4j
def test_pages_of_what_surrounds_a_ci_are_of_shown_cis_now_and_then(made: Services) -> None:
    """What is inside it, what depends on it, and what is found: nothing of CIs the view hides, at no moment."""
    store = made.store
    one = _host(store, "one", "debian")
    store.create_ci("Disk", "onward", {}, BY, parent=one)
    other = _host(store, "on", "rocky")
    app, hidden = (store.create_ci("Application", name, {}, BY).ci or "" for name in ("only", "ontology"))
    store.define_view("v", And((Not(Compare("os_id", "eq", "rocky")), Not(Compare("name", "eq", "ontology")))), BY)
    for source in (app, hidden):
        store.link_cis("DEPENDS_ON", source, one, BY)
    last = store.sequence()
    store.update_ci(one, None, {"kernel": "7"}, BY)
    for at in (None, last):
        found = ask(made, AROUND, READER, id=one, at=at)
        assert [n["name"] for n in found["ci"]["children"]["nodes"]] == ["onward"], at
        assert {e["from"]["name"] for e in found["ci"]["dependents"]["nodes"]} == {"only", "onward"}, at
        assert [n["name"] for n in found["search"]["nodes"]] == ["one", "only", "onward"], at
        assert ask(made, AROUND, READER, id=other, at=at)["ci"] is None


@pytest.mark.neo4j
def test_the_journal_is_told_as_far_as_it_is_about_shown_cis(made: Services) -> None:
    """Not the summary, the hash or the number of what is hidden; pages say whether more follow, also behind a gap."""
    store = made.store
    one, hidden = _host(store, "one", "debian"), _host(store, "hidden", "rocky")
    store.tag_cis([one, hidden], ["prod"], BY)
    for n in range(120):  # more than a page looks at in one round trip
        store.update_ci(hidden, None, {"kernel": str(n)}, BY)
    answered = "{ journal(first: 1%s) { nodes { summary hash } pageInfo { hasNextPage endCursor } } status { queued } }"
    newest = ask(made, answered % "", READER)
    assert newest["journal"]["nodes"] == [{"summary": "changed 1", "hash": None}] and newest["status"]["queued"] is None
    end = newest["journal"]["pageInfo"]
    assert end["hasNextPage"]
    older = ask(made, answered % f', after: "{end["endCursor"]}"', READER)["journal"]
    assert older["nodes"] == [{"summary": "created 1", "hash": None}] and not older["pageInfo"]["hasNextPage"]
