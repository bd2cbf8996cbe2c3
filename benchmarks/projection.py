"""Blast radius, path and past on the projection beside rustworkx, igraph, networkx and Neo4j's Cypher, in one run.

    python benchmarks/projection.py [--cis 1000000] [--edges 5000000] [--cypher-cis 100000] [--no-peers]
    BENCH_SMALL=1 python benchmarks/projection.py     less than a minute in all
    python benchmarks/projection.py --cis 10000000 --edges 50000000 --no-peers --cypher-cis 0   the arrays alone, 4 GB

Times are CPU milliseconds in this process, the best of several; Neo4j's are the clock's, since it is another process.
Two questions go to the graph libraries. The easy one: what is reached over edges that are open, with time, relations
and degrees taken out beforehand. And ours as of a moment, each library's quickest way to leave out edges that were not
open then; who of the reached is down and who degraded they cannot say, so even that is less than ours.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import sized
from estate import OPEN, Estate, estate

from cmdb.config import load
from cmdb.engine import Engine
from cmdb.projection import Edges, Overlay, Projection, ProposedEdge, Relations, build, snapshot
from cmdb.projection.ids import Ids
from cmdb.projection.kernel import compiled, sorter
from cmdb.projection.kernel_numpy import spread as in_numpy
from cmdb.projection.snapshot import Snapshot
from cmdb.store import Store

NEVER = {"LOCATED_IN", "CONNECTED_TO"}
NETWORKX = 200_000
"""CIs up to which networkx is asked: it needs about 1 KB an edge."""


@dataclass
class Subject:
    """An estate as the projection has it; `names` are ids by number."""

    edges: Edges
    relations: Relations
    projection: Projection
    names: list[str]
    now: int


def cpu(work: Callable[[], Any], times: int) -> float:
    """CPU milliseconds of the best of several."""
    return _best(work, times, time.process_time)


def wall(work: Callable[[], Any], times: int) -> float:
    """Milliseconds of the best of several."""
    return _best(work, times, time.perf_counter)


def _best(work: Callable[[], Any], times: int, clock: Callable[[], float]) -> float:
    work()
    best = float("inf")
    for _ in range(times):
        began = clock()
        work()
        best = min(best, clock() - began)
    return best * 1e3


def subject(made: Estate) -> Subject:
    """The projection of an estate, and how long it took and what it weighs."""
    soft = {name: name == "USES" for name in made.relations if name not in NEVER}
    relations = Relations.of(soft)
    numbers = np.array([relations.number(n) if n in soft else 255 for n in made.relations], np.uint8)
    kind = numbers[made.type]
    keep = kind != 255
    edges = Edges(made.source[keep], made.target[keep], kind[keep], made.valid_from[keep], made.valid_to[keep])
    sorter(len(edges.source))(edges.target[:1], made.cis)  # compiled now, not while it is timed
    began = time.perf_counter()
    base = build(made.cis, edges, made.now, sort=sorter(len(edges.source)))
    took = time.perf_counter() - began
    ids = Ids.of(made.ids())
    weight = base.nbytes() / made.cis
    print(f"{made.cis:,} CIs, {base.edges:,} edges that carry failure (of {made.edges:,}); rows made in {took:.1f} s")
    print(f"arrays                {weight:10.0f} bytes a CI, and {28 + 4} for its id")
    names = ids.texts(np.arange(made.cis, dtype=np.int32))
    return Subject(edges, relations, Projection(base, ids, relations), names, made.now)


def start(of: Subject) -> None:
    """Seconds to be up from the file."""
    with tempfile.TemporaryDirectory() as folder:
        file, state = Path(folder) / "projection", of.projection.state
        save = wall(lambda: snapshot.save(file, Snapshot(state.base, state.ids, of.relations, "")), 1)
        read = wall(lambda: snapshot.load(file), 2)
        print(f"file                  {file.stat().st_size / 2**20:10.0f} MiB, written in {save / 1e3:.2f} s")
        print(f"start from the file   {read / 1e3:10.2f} s")


def starts(of: Subject, made: Estate, goals: Sequence[int]) -> list[int]:
    """For each goal the CI whose radius comes nearest to so many."""
    first = int(made.offsets[made.classes.index("VirtualMachine")])
    rng = np.random.default_rng(1)
    tried = np.unique(np.concatenate([rng.integers(first, made.cis, 300), np.arange(made.cis - 300, made.cis)]))
    sizes = {int(ci): len(of.projection.state.reach([of.names[ci]])) for ci in tried}
    return [min(sizes, key=lambda ci: abs(sizes[ci] - goal)) for goal in goals]


def ours(of: Subject, ci: int, times: int) -> dict[str, float]:
    """Our questions about one CI, with each kernel."""
    name, past = of.names[ci], of.now // 2
    found = of.projection.state.reach([name])
    victim = of.names[int(found.numbers[-1])]
    steps = Overlay(add=(ProposedEdge("USES", of.names[0], name),), retire=frozenset([of.names[1]]))
    print(f"\nradius of {len(found):,} CIs, {int(found.hops[-1])} hops deep")
    took = {}
    for kernel, spread in (("", compiled()), (" in NumPy", in_numpy)):
        if spread is None:
            print("numba is not installed: NumPy alone")
            continue
        state = Projection(of.projection.state.base, of.projection.state.ids, of.relations, spread).state
        questions: dict[str, Callable[[], Any]] = {
            "reach": lambda s=state: s.reach([name]),
            "down or degraded": lambda s=state: s.reach([name], graded=True),
            "in the past": lambda s=state: s.reach([name], past, graded=True),
            "proposed": lambda s=state: s.reach([name], None, steps, graded=True),
            "path": lambda s=state: s.path(victim, name),
        }
        for label, question in questions.items():
            took[label + kernel] = cpu(question, times if not kernel else max(2, times // 5))
            print(f"  {label + kernel:28} {took[label + kernel]:9.3f} ms")
    return took


Ask = Callable[[int], Any]


def peers(of: Subject, chosen: Sequence[int], mine: Sequence[dict[str, float]]) -> None:
    """The same radius from graph libraries, now and as of a moment; one graph at a time is held."""
    held = of.edges.end == OPEN
    pairs = np.column_stack([of.edges.target, of.edges.source])
    for make in (_rustworkx, _igraph, _networkx):
        if make is not _networkx or len(of.names) <= NETWORKX:
            _beside(make(pairs[held], len(of.names)), make.__name__[1:], chosen, [took["reach"] for took in mine])
    for make_then in (_rustworkx_then, _igraph_then):
        ask, past = make_then(of.edges, pairs, len(of.names), of.now // 2), of.now // 2
        for ci in chosen:
            assert len(ask(ci)) == len(of.projection.state.reach([of.names[ci]], past)), "the peer answers otherwise"
        label = f"{make_then.__name__[1:].split('_')[0]} as of then"
        _beside(ask, label, chosen, [took["in the past"] for took in mine])


def _beside(ask: Ask, label: str, chosen: Sequence[int], mine: Sequence[float]) -> None:
    for ci, best in zip(chosen, mine, strict=True):
        theirs = cpu(lambda c=ci: ask(c), 3)
        print(f"  {label:28} {theirs:9.3f} ms -> ours is {theirs / best:6.1f} times quicker")


def _rustworkx(pairs: Any, cis: int) -> Ask:
    import rustworkx

    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(cis))
    graph.add_edges_from_no_data([tuple(pair) for pair in pairs.tolist()])
    return lambda ci: rustworkx.descendants(graph, ci)


def _rustworkx_then(edges: Edges, pairs: Any, cis: int, at: int) -> Ask:
    """A breadth-first search that turns back at every edge that was not open at the moment."""
    import rustworkx
    from rustworkx.visit import BFSVisitor, PruneSearch

    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(cis))
    open_then = ((edges.begin <= at) & (at < edges.end)).tolist()
    graph.add_edges_from([(*pair, held) for pair, held in zip(pairs.tolist(), open_then, strict=True)])

    class Reached(BFSVisitor):
        def __init__(self) -> None:
            self.found: list[int] = []

        def discover_vertex(self, vertex: int) -> None:
            self.found.append(vertex)

        def tree_edge(self, edge: tuple[int, int, bool]) -> None:
            if not edge[2]:
                raise PruneSearch

    def ask(ci: int) -> list[int]:
        visitor = Reached()
        rustworkx.bfs_search(graph, [ci], visitor)
        return visitor.found

    return ask


def _igraph(pairs: Any, cis: int) -> Ask:
    import igraph

    graph = igraph.Graph(n=cis, edges=pairs, directed=True)
    return lambda ci: graph.subcomponent(ci, mode="out")


def _igraph_then(edges: Edges, pairs: Any, cis: int, at: int) -> Ask:
    """The graph of the moment, then its search: igraph has no search that leaves edges out."""
    import igraph

    graph = igraph.Graph(n=cis, edges=pairs, directed=True)

    def ask(ci: int) -> list[int]:
        held = np.flatnonzero((edges.begin <= at) & (at < edges.end))
        then = graph.subgraph_edges(held.tolist(), delete_vertices=False)
        found: list[int] = then.subcomponent(ci, mode="out")
        return found

    return ask


def _networkx(pairs: Any, _cis: int) -> Callable[[int], Any]:
    import networkx

    graph = networkx.DiGraph(pairs.tolist())
    return lambda ci: networkx.descendants(graph, ci)


def cypher(cis: int, seed: int) -> None:
    """An own Neo4j with the open edges of a smaller estate: its best Cypher for the radius, and reading it all."""
    made = estate(cis, seed=seed)
    of = subject(made)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(load(home=Path(folder), neo4j_port=_free_port(), neo4j_heap_mib=1024))
        bolt = engine.start()
        store = Store(bolt.uri, bolt.user, bolt.password)
        try:
            store.migrate()
            _load(store, of)
            _compare(store, of, starts(of, made, [5000]))
        finally:
            store.close()
            engine.stop()


def _load(store: Store, of: Subject) -> None:
    """Bare nodes and open edges, so that Cypher has nothing to look at besides."""
    nodes = "UNWIND $rows AS id CREATE (:CI {id: id})"
    edges = (
        "UNWIND $rows AS row MATCH (a:CI {id: row[0]}) MATCH (b:CI {id: row[1]}) "
        "CREATE (a)-[e:$(row[2])]->(b) SET e.valid_from = 0"
    )
    began = time.perf_counter()
    for at in range(0, len(of.names), 20_000):
        store._bolt.write(lambda run, at=at: run(nodes, {"rows": of.names[at : at + 20_000]}))
    held = np.flatnonzero(of.edges.end == OPEN)
    for at in range(0, len(held), 10_000):
        rows = [
            [of.names[of.edges.source[e]], of.names[of.edges.target[e]], of.relations.names[of.edges.type[e]]]
            for e in held[at : at + 10_000].tolist()
        ]
        store._bolt.write(lambda run, rows=rows: run(edges, {"rows": rows}))
    print(f"loaded into Neo4j in {time.perf_counter() - began:.0f} s")


def _compare(store: Store, of: Subject, chosen: Sequence[int]) -> None:
    types = "|".join(of.relations.names)
    # DISTINCT lets Neo4j prune: it visits each CI once, as we do. Any other form enumerates paths and never ends.
    text = f"MATCH (t:CI {{id: $id}})<-[:{types}*1..30]-(d:CI) RETURN count(DISTINCT d) AS reached"
    for ci in chosen:
        name, state = of.names[ci], of.projection.state
        (row,) = store._bolt.read(lambda run, n=name: run(text, {"id": n}))
        mine = wall(lambda s=state, n=name: s.reach([n]), 20)
        theirs = wall(lambda n=name: store._bolt.read(lambda run: run(text, {"id": n}), timeout=120), 5)
        size = len(state.reach([name]))
        assert row["reached"] == size - 1, (row["reached"], size)
        print(f"  Cypher, {size:,} reached{'':8} {theirs:9.3f} ms -> ours is {theirs / mine:6.1f} times quicker")
    began = time.perf_counter()
    read = store.topology(of.relations.names)
    rate = len(read.edges.source) / (time.perf_counter() - began)
    print(f"  read from the graph          {rate:9,.0f} edges a second")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cis", type=int, default=sized(1_000_000, 50_000))
    parser.add_argument("--edges", type=int, help="default: five a CI")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cypher-cis", type=int, default=sized(100_000, 10_000), help="0: no Neo4j")
    parser.add_argument("--no-peers", action="store_true", help="neither rustworkx nor igraph nor networkx")
    options = parser.parse_args()
    made = estate(options.cis, options.edges, options.seed)
    of = subject(made)
    start(of)
    chosen = starts(of, made, [5_000, 200_000])
    took = [ours(of, ci, 20) for ci in chosen]
    if not options.no_peers:
        print()
        peers(of, chosen, took)
    if options.cypher_cis:
        print()
        cypher(options.cypher_cis, options.seed)


if __name__ == "__main__":
    main()
