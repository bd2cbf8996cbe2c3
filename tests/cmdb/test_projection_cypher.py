"""The projection against Cypher on a thousand random graphs, and as it follows the real journal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.questions import EPICENTRE, NEO4J, estate
from support.reports import NOW, report, services, sockets, uses
from support.waiting import eventually

from cmdb.classes import catalogue
from cmdb.projection import NOTHING, Feed, Overlay, ProposedEdge, State
from cmdb.projection.rows import targets
from cmdb.store import By, Store
from cmdb.words import Failure

pytestmark = pytest.mark.neo4j

SOFT = {r.name: r.failure is Failure.SOFT for r in catalogue().relations.values() if r.failure is not Failure.NEVER}
CARRYING = sorted(SOFT)
GRAPHS, LAST = 1000, 9
BY = By("ann", NOW, "as tests need it")

LOAD = """
UNWIND $cis AS row CREATE (:CI {id: row, name: row, class: 'Service', status: 'live', rev: 1, valid_from: 0})
"""
JOIN = """
UNWIND $edges AS row MATCH (a:CI {id: row.source}) MATCH (b:CI {id: row.target})
CREATE (a)-[e:$(row.type)]->(b)
SET e = row{.id, .valid_from, .valid_to, .proposal}, e.scope = 'people', e.confidence = 1.0
"""
ORACLE = """
UNWIND $asked AS a MATCH (t:CI {id: a.of})
MATCH p = (t)<-[:$(types)*0..9]-(d:CI)
WHERE all(e IN relationships(p) WHERE (e.proposal = a.n OR e.proposal IS NULL
          AND e.valid_from <= a.at AND coalesce(e.valid_to, a.at + 1) > a.at) AND NOT e.id IN a.closed)
  AND none(n IN nodes(p) WHERE n.id IN a.retired)
WITH a, d.id AS ci, min(length(p)) AS hops RETURN a.n AS n, collect([ci, hops]) AS reached
""".replace("$(types)", "|".join(CARRYING))
"""Plain Cypher that shares nothing with the store's own question: every path, and the shortest to each CI."""


class Graph:
    """A small random graph of its own among the thousand, with what may be asked of it."""

    def __init__(self, number: int) -> None:
        random = self.random = Random(number)
        self.number = number
        self.cis = [f"ci_{number:04}_{n}" for n in range(random.randint(2, 8))]
        self.edges: dict[tuple[str, str, str, int], dict[str, Any]] = {}
        for _ in range(random.randint(1, 10)):
            source, target = random.sample(self.cis, 2)
            begin = random.randint(0, LAST)
            end = random.choice([None, None, random.randint(begin + 1, LAST + 1)])
            kind = random.choice([*CARRYING, "LOCATED_IN"])
            if any(key[:3] == (kind, source, target) for key in self.edges):
                continue
            self.edges[kind, source, target, begin] = {
                "id": f"ed_{number}_{len(self.edges)}", "type": kind, "source": source, "target": target,
                "valid_from": begin, "valid_to": None if end is None or end > LAST else end, "proposal": None,
            }  # fmt: skip
        self.of, self.past = random.choice(self.cis), random.randint(0, LAST)
        self.overlay = self._overlay(LAST if number % 2 else self.past)

    def _overlay(self, at: int) -> Overlay:
        self.overlaid = at
        held = [
            e for e in self.edges.values()
            if e["valid_from"] <= at and (e["valid_to"] is None or e["valid_to"] > at) and e["type"] in SOFT
        ]  # fmt: skip
        self.closed = self.random.sample(held, min(len(held), self.random.randint(0, 2)))
        retired = set(self.random.sample(self.cis, self.random.randint(0, 1))) - {self.of}
        ends = [tuple(self.random.sample(self.cis, 2)) for _ in range(2)]
        add = {ProposedEdge(self.random.choice(CARRYING), *pair) for pair in ends if not retired & set(pair)}
        taken = {(e["type"], e["source"], e["target"]) for e in held}
        return Overlay(
            tuple(sorted(e for e in add if (e.type, e.source, e.target) not in taken)),
            tuple(ProposedEdge(e["type"], e["source"], e["target"]) for e in self.closed),
            frozenset(retired),
        )

    def asked(self, at: int, *, proposed: bool) -> dict[str, Any]:
        """Parameters for the oracle."""
        closed = [e["id"] for e in self.closed] if proposed else []
        retired = sorted(self.overlay.retire) if proposed else []
        number = self.number if proposed else -1 - self.number
        return {"n": number, "of": self.of, "at": at, "closed": closed, "retired": retired}

    def proposal(self) -> list[dict[str, Any]]:
        """The edges that are only proposed, as the oracle has them; nobody else sees them, they begin after all."""
        return [
            {"id": f"pr_{self.number}_{n}", "type": e.type, "source": e.source, "target": e.target,
             "valid_from": 10**6, "valid_to": None, "proposal": self.number}
            for n, e in enumerate(self.overlay.add)
        ]  # fmt: skip


@pytest.fixture
def graphs(store: Store) -> list[Graph]:
    """A thousand graphs in one database, and a journal that ends at the last sequence."""
    made = [Graph(number) for number in range(GRAPHS)]
    edges = [edge for graph in made for edge in graph.edges.values()]
    store._bolt.write(lambda run: run(LOAD, {"cis": [ci for graph in made for ci in graph.cis]}))
    store._bolt.write(lambda run: run(JOIN, {"edges": edges}))
    store._bolt.write(lambda run: run("MATCH (j:Journal) SET j.seq = $last", {"last": LAST}))
    return made


@pytest.fixture
def feed(store: Store) -> Iterator[Feed]:
    """A feed that no thread drives: the test does."""
    yield Feed(store, SOFT)


def state_of(feed: Feed) -> State:
    """The state after a step."""
    feed.step()
    assert feed.state is not None
    return feed.state


def oracle(store: Store, asked: list[dict[str, Any]]) -> list[dict[str, int]]:
    """What Cypher says, in the order of the questions."""
    rows = store._bolt.read(lambda run: run(ORACLE, {"asked": asked}), timeout=120)
    found = {row["n"]: dict(row["reached"]) for row in rows}
    return [found[one["n"]] for one in asked]


def reached(state: State, of: str, at: int, proposed: Overlay = NOTHING) -> dict[str, int]:
    """What the projection says."""
    answer = state.reach([of], at, proposed)
    return dict(zip(answer.ids, answer.hops.tolist(), strict=True))


def test_projection_and_cypher_agree_on_a_thousand_graphs(store: Store, graphs: list[Graph], feed: Feed) -> None:
    """Now, in the past and proposed: the same CIs, and the same hops to each."""
    state = state_of(feed)
    for at in ("now", "past"):
        moments = [LAST if at == "now" else graph.past for graph in graphs]
        wanted = oracle(store, [g.asked(m, proposed=False) for g, m in zip(graphs, moments, strict=True)])
        assert [reached(state, g.of, m) for g, m in zip(graphs, moments, strict=True)] == wanted
    store._bolt.write(lambda run: run(JOIN, {"edges": [e for graph in graphs for e in graph.proposal()]}))
    wanted = oracle(store, [graph.asked(graph.overlaid, proposed=True) for graph in graphs])
    assert [reached(state, g.of, g.overlaid, g.overlay) for g in graphs] == wanted


def test_a_slice_by_the_projection_is_the_slice_by_levels(store: Store, graphs: list[Graph], feed: Feed) -> None:
    """With and without the projection the same CIs, edges and evidence, in the same order."""
    state = state_of(feed)
    for graph in graphs[:60]:
        for at, proposed in ((None, NOTHING), (graph.past, NOTHING), (graph.overlaid, graph.overlay)):
            pinned = LAST if at is None else at
            ids = state.reach([graph.of], pinned, proposed).ids
            found = store.slice_of(ids, pinned, None, proposed, then=at)
            assert found == store.reach([graph.of], at, proposed=proposed)


def test_a_way_is_as_short_as_the_one_cypher_finds(store: Store, graphs: list[Graph], feed: Feed) -> None:
    """Between two CIs of a graph, now and in the past."""
    state = state_of(feed)
    for graph in graphs[:80]:
        for at in (LAST, graph.past):
            found, wanted = state.path(graph.cis[0], graph.cis[1], at), store.path(graph.cis[0], graph.cis[1], at=at)
            assert (None if found is None else len(found) - 1) == (None if wanted is None else len(wanted))


# --- following the journal ---------------------------------------------------------------------------------


def visible(state: State) -> list[set[tuple[str, str, str]]]:
    """Every edge that holds, by sequence."""
    rows, delta, names = state.base.rows, state.delta, state.ids.column().astype(str)
    columns = [
        (rows.nbr, targets(rows), rows.type, rows.begin, rows.end),
        tuple(a[: state.length] for a in (delta.source, delta.target, delta.type, delta.begin, delta.end)),
    ]
    edges = [
        (state.relations.names[kind], str(names[source]), str(names[target]), begin, end)
        for part in columns for source, target, kind, begin, end in zip(*(c.tolist() for c in part), strict=True)
    ]  # fmt: skip
    return [{e[:3] for e in edges if e[3] <= at < e[4]} for at in range(state.sequence + 1)]


def test_following_the_journal_gives_what_the_graph_says_at_every_sequence(store: Store, feed: Feed) -> None:
    """After reports, links, retirements, merges and splits the arrays are those of a fresh reading."""
    feed.step()
    ids = estate(store)
    app = store.create_ci("Application", "crm", {}, BY).ci
    other = store.create_ci("Application", "crm 2", {}, BY).ci
    steps = [
        lambda: store.link_cis("DEPENDS_ON", app, ids["epicentre"], BY),
        lambda: store.link_cis("DEPENDS_ON", other, ids["shop"], BY),
        lambda: store.link_cis("USES", ids["shop"], app, BY),
        lambda: store.merge_cis(app, other, BY),
        lambda: store.split_ci(other, BY),
        lambda: store.unlink_cis("DEPENDS_ON", other, ids["shop"], BY),
        lambda: store.apply(report(2, sockets()), NOW),
        lambda: store.apply(report(3, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), NOW),
        lambda: store.apply(report(4, services(EPICENTRE)), NOW),
        lambda: store.apply(report(5, services(NEO4J, EPICENTRE)), NOW),
        lambda: store.retire_ci(ids["web2"], None, BY),
    ]  # fmt: skip
    for step in steps:
        step()
        followed = feed.at(store.sequence())
        assert followed is not None
        assert visible(followed) == visible(state_of(Feed(store, SOFT)))
    assert len(visible(followed)[-1]) > 3


def test_a_restart_goes_on_from_the_file(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph is not read again: the file, and what the journal has since."""
    file = tmp_path / "projection"
    ids = estate(store)
    feed = Feed(store, SOFT, file)
    feed.step()
    store.apply(report(2, sockets()), NOW)
    feed.stop()
    store.apply(report(3, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), NOW)
    wanted = visible(state_of(Feed(store, SOFT)))
    monkeypatch.setattr(store, "topology", None)
    again = state_of(Feed(store, SOFT, file))
    assert visible(again) == wanted
    assert set(again.reach([ids["neo4j"]]).ids) == {ids["neo4j"], ids["epicentre"], ids["shop"]}


def test_a_file_that_is_broken_or_of_another_graph_is_left_aside(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log, and the graph is read; so too when relations carry failure otherwise than before."""
    file = tmp_path / "projection"
    estate(store)
    feed = Feed(store, SOFT, file)
    feed.step()
    feed.stop()
    whole = file.read_bytes()
    wanted = visible(state_of(Feed(store, SOFT)))

    def said(soft: dict[str, bool] = SOFT) -> str:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert visible(state_of(Feed(store, soft, file))) == wanted
        return caplog.text

    assert said() == ""
    assert "were others" in said({**SOFT, "RUNS_ON": True})
    file.write_bytes(whole[:-3])
    assert "too early" in said()
    file.write_bytes(whole)
    store._bolt.write(lambda run: run("MATCH (c:Change) SET c.hash = 'x' + c.hash", {}))
    assert "of another journal" in said()


def test_a_projection_that_lags_far_behind_is_not_asked(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little is caught up at once; far behind, or with Neo4j away, the question goes to the graph."""
    estate(store)
    assert feed.at(0) is None
    feed.step()
    last = store.sequence()
    store.apply(report(2, sockets()), NOW)
    caught = feed.at(last + 1)
    assert caught is not None and caught.sequence == last + 1
    assert feed.at(last + 1000) is None
    monkeypatch.setattr("cmdb.projection.feed.LAG", 0)
    assert feed.at(last + 2) is None


def test_what_cannot_be_followed_is_read_anew(store: Store, feed: Feed, caplog: pytest.LogCaptureFixture) -> None:
    """An entry of an earlier version that closes an edge without saying which; and a graph that was emptied."""
    ids = estate(store)
    feed.step()
    store.apply(report(2, sockets()), NOW)
    store._bolt.write(
        lambda run: run("MATCH (c:Change {seq: $seq}) SET c.ops = $ops", {
            "seq": store.sequence(), "ops": f'[{{"op":"close","id":"ed_1","source":"{ids["epicentre"]}"}}]',
        })
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        assert visible(state_of(feed)) == visible(state_of(Feed(store, SOFT)))
    assert "read anew: journal entry" in caplog.text
    store._bolt.write(lambda run: run("MATCH (c:Change) DELETE c", {}))
    store._bolt.write(lambda run: run("MATCH (j:Journal) SET j.seq = 1", {}))
    assert state_of(feed).sequence == 1


def test_a_started_feed_follows_by_itself_and_leaves_its_file(store: Store, tmp_path: Path) -> None:
    """As a server runs it."""
    feed = Feed(store, SOFT, tmp_path / "projection")
    feed.start()
    assert eventually(lambda: feed.state is not None)
    estate(store)
    assert eventually(lambda: feed.state is not None and feed.state.sequence == store.sequence())
    feed.stop()
    assert (tmp_path / "projection").stat().st_size > 500
