"""Retention: what of long retired CIs goes, what stays, and that answers about then say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from support.questions import Counted, answer, ask, parts
from support.reports import NOW, host, network, report, service, services, sockets, uses

from cmdb import replay
from cmdb.classes import catalogue
from cmdb.moments import after
from cmdb.store import By, Store, retention
from cmdb.sweeper import Sweeper
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

SHOP, NEO4J = service("shop", 443), service("neo4j", 17687, "127.0.0.1")
DAYS = catalogue().cls("Service").retention_days


def lived(store: Store) -> dict[str, str]:
    """web1's shop used its neo4j; the shop was renamed and is gone. Ids by name."""
    store.apply(
        report(1, host(), network("10.0.0.5"), services(SHOP, NEO4J), sockets(uses(SHOP, "127.0.0.1:17687"))), NOW
    )
    store.apply(report(2, host(kernel="6"), services(service("shop", 443, unit="shop"), NEO4J)), NOW)
    store.apply(report(3, services(NEO4J), sockets()), after(NOW, 1))
    return {row["name"]: row["id"] for row in store.find(None, first=100)}


def test_what_was_retired_long_ago_is_purged_and_the_rest_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a day too early; in batches, each journalled; the tombstone stays and revives, and the replay agrees."""
    monkeypatch.setattr(retention, "BATCH", 2)
    ids = lived(store)
    almost, late = after(NOW, 24 * DAYS), By("epicentre", after(NOW, 24 * DAYS + 2))
    assert store.due(almost) == [] and store.purge(By("x", almost)) == (0, 0)
    assert store.due(late.now) == [retention.Due("Service", 2, 2)]
    before = store.sequence()
    assert {ci for _, ci, _ in store.graph().past_claims} == {ids["shop"]}
    assert store.purge(late) == (2, 2)
    assert [entry["kind"] for entry in store.journal(2)] == ["purge", "purge"] and store.sequence() == before + 3
    assert not store.graph().past_claims.keys() & {
        (scope, ids["a"], seq) for scope, _, seq in store.graph().past_claims
    }
    assert (store.due(late.now), store.purge(late), store.sequence()) == ([], (0, 0), before + 3)
    assert replay.lines(store.graph()) == replay.lines(replay.replay(store.entries_after(0, 99)))
    assert [(s.seq, s.change.what) for s in store.history_of(ids["shop"], 9)] == [(3, "retired")]
    assert "kept no longer" in str(store.reach([ids["web1"]], at=2).truncated)
    assert store.reach([ids["web1"]], at=3).truncated is None
    assert [s.change.what for s in store.history_of(ids["web1"], 9)][-1] == "created", "what lives keeps its history"
    store.apply(report(4, services(SHOP, NEO4J)), late.now)
    (shop,) = store.resolve("shop")
    assert shop["id"] == ids["shop"]


def test_the_sweeper_purges_daily_and_lists_of_then_say_what_they_lack(store: Store, tmp_path: Path) -> None:
    """Before the purged sequence a list as of then may be short, and says so; behind it, and now, it is whole."""
    lived(store)
    text = "query T($at: Moment) { services(asOf: $at) { truncated nodes { name } } }"
    with parts(tmp_path / "home", store) as served:
        assert ask(served, text, at=1)["services"]["truncated"] is None
        assert ask(served, "{ purgeable { class versions edges } }") == {"purgeable": []}
        Sweeper(store, served.inbox, lambda: after(NOW, 24 * DAYS + 2)).step()
        assert [entry["kind"] for entry in store.journal(99)].count("purge") == 1
        short = ask(served, text, at=1)["services"]
        assert [one["name"] for one in short["nodes"]] == ["neo4j"]
        assert short["truncated"].startswith("before sequence 3 CIs may be missing")
        assert ask(served, text, at=3)["services"]["truncated"] is None
        assert ask(served, text)["services"]["truncated"] is None
        differs = ask(served, "{ diff(from: 1) { truncated } }")["diff"]
        assert "kept no longer" in differs["truncated"]


SAYS = """
query S($id: ID!, $to: ID!, $at: Moment) {
  counts(by: CLASS, asOf: $at) { truncated }
  tags(asOf: $at) { truncated }
  search(text: "web", asOf: $at) { truncated }
  resolve(name: "web1", asOf: $at) { truncated }
  freshness(asOf: $at) { truncated }
  dependencies(of: [$id], asOf: $at) { truncated }
  dependents(of: [$id], asOf: $at) { truncated }
  paths(from: $to, to: $id, asOf: $at) { truncated }
  history(id: $id, asOf: $at) { truncated }
  cis(asOf: $at) { truncated nodes { children { truncated } dependencies { truncated } dependents { truncated } } }
}
"""
"""Every list that tells of then."""
ENDS = """
query H($id: ID!, $first: Int!, $before: Int) { history(id: $id, first: $first, before: $before) {
  truncated before nodes { seq what }
} }
"""


def test_no_list_of_then_is_silently_short(store: Store, tmp_path: Path) -> None:
    """Each says so before the purged sequence and not behind it, for one look in all; so does a history's page."""
    ids = lived(store)
    given = {"id": ids["web1"], "to": ids["neo4j"]}
    (edge,) = store.edges([ids["shop"]], "out", ["DEPENDS_ON"], at=1)
    gone = "query E($id: ID!) { edgeHistory(id: $id) { open } }"
    with parts(tmp_path / "home", store) as served:
        assert _said(ask(served, SAYS, at=1, **given)) == {None}
        assert "kept no longer" not in answer(served, gone, id="ed_none")["errors"][0]["message"]
        assert ask(served, gone, id=edge.id) == {"edgeHistory": {"open": False}}
        late = By("epicentre", after(NOW, 24 * DAYS + 2))
        store.purge(late)
        counter = Counted(store)
        short = _said(ask(replace(served, store=cast(Store, counter)), SAYS, at=1, **given))
        assert counter.calls.count("purged_to") == 1
        assert {str(one).partition(" sequence")[0] for one in short} == {"before", "up to"}
        assert _said({**ask(served, SAYS, at=3, **given), "history": {}}) == {None}
        assert _said({**ask(served, SAYS, **given), "history": {}}) == {None}
        (last,) = ask(served, ENDS, id=ids["shop"], first=5)["history"]["nodes"]
        assert last == {"seq": 3, "what": "retired"}
        assert ask(served, ENDS, id=ids["shop"], first=5)["history"]["truncated"].startswith("up to sequence 3 steps")
        assert _told(served, ids["web1"], first=1) == (2, True), "what the shop ran on until 3 is not told any more"
        store.apply(report(4, host(kernel="7")), late.now)
        assert _told(served, ids["web1"], first=1) == (late_seq := store.sequence(), False)
        assert _told(served, ids["web1"], first=1, before=late_seq) == (2, True)
        assert "long retired" in answer(served, gone, id=edge.id)["errors"][0]["message"]


def _told(of: Services, ci: str, **page: int) -> tuple[int, bool]:
    """The last step of a page of a history, and whether it says that steps may be missing."""
    found = ask(of, ENDS, id=ci, **page)["history"]
    return found["nodes"][-1]["seq"], found["truncated"] is not None


def _said(found: Any) -> set[str | None]:
    """Every `truncated` of an answer."""
    if isinstance(found, list):
        return {said for one in found for said in _said(one)}
    if not isinstance(found, dict):
        return set()
    own = {found["truncated"]} if "truncated" in found else set()
    return own | {said for one in found.values() for said in _said(one)}
