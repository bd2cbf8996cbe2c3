"""Blast radius, path and past on the projection beside rustworkx, igraph and networkx, in one run.

    python benchmarks/projection.py [--cis 1000000] [--edges 5000000] [--no-peers]
    BENCH_SMALL=1 python benchmarks/projection.py
    python benchmarks/projection.py --cis 10000000 --edges 50000000 --no-peers   the arrays alone, 4 GB

Times are CPU milliseconds in this process, the best of several. Two questions go to the graph libraries. The easy one:
what is reached over edges that are open, with time, relations and degrees taken out beforehand. And ours as of a
moment, each library's quickest way to leave out edges that were not open then; who of the reached is down and who
degraded they cannot say, so even that is less than ours. Neo4j is asked by `cypher.py`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import sized
from common.estate import OPEN, Estate, estate
from common.figures import missing, told

from cmdb.projection import Edges, Overlay, Projection, ProposedEdge, Relations, build, snapshot
from cmdb.projection.ids import Ids
from cmdb.projection.kernel import compiled, sorter
from cmdb.projection.kernel_numpy import spread as in_numpy
from cmdb.projection.snapshot import Snapshot

BESIDE_OTHERS = True
BARS = {5_000: 0.5, 200_000: 20.0}
"""For a radius of so many, the most CPU milliseconds, as of a moment and with redundancy."""
TIMES = 15.0
"""What rustworkx and igraph need for the same question at least, in times ours."""
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
    told("arrays", weight + 32, "bytes a CI")
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
        told("start from the file", read / 1e3, "s")


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
    size, unit = min((bar for bar in BARS if len(found) <= 1.1 * bar), default=max(BARS)), "ms CPU"
    told(
        f"radius of {len(found):,} of {len(of.names):,} CIs, as of a moment",
        took["in the past"],
        unit,
        at_most=BARS[size],
    )
    told(f"radius of {len(found):,}, now", took["down or degraded"], unit, at_most=BARS[size])
    return took


Ask = Callable[[int], Any]


def peers(of: Subject, chosen: Sequence[int], mine: Sequence[dict[str, float]]) -> None:
    """The same radius from graph libraries, now and as of a moment; one graph at a time is held."""
    held, past = of.edges.end == OPEN, of.now // 2
    pairs = np.column_stack([of.edges.target, of.edges.source])
    for make in (_rustworkx, _igraph, _networkx):
        if make is not _networkx or len(of.names) <= NETWORKX:
            _beside(of, lambda make=make: make(pairs[held], len(of.names)), make.__name__[1:], chosen, mine, None)
    for make_then in (_rustworkx_then, _igraph_then):
        label = make_then.__name__[1:].split("_")[0]
        _beside(of, lambda make=make_then: make(of.edges, pairs, len(of.names), past), label, chosen, mine, past)


def _beside(
    of: Subject, make: Callable[[], Ask], peer: str, chosen: Sequence[int], mine: Sequence[dict[str, float]],
    at: int | None,
) -> None:  # fmt: skip
    try:
        ask = make()
    except ImportError:
        missing(peer, f"pip install {peer}")
        return
    for ci, took in zip(chosen, mine, strict=True):
        size = len(of.projection.state.reach([of.names[ci]], at))
        start = peer == "networkx" or (peer == "rustworkx" and at is None)  # these leave out the CI itself
        found = len(ask(ci)) + start
        assert found == size, f"{peer} reaches {found}, ours {size}"
        theirs, best = cpu(lambda c=ci: ask(c), 3), took["reach" if at is None else "in the past"]
        label = f"{peer} as of then" if at is not None else peer
        print(f"  {label:28} {theirs:9.3f} ms -> ours is {theirs / best:6.1f} times quicker")
        least = TIMES if at is not None and peer in {"rustworkx", "igraph"} else None
        told(f"radius of {size:,} beside {label}", theirs / best, "times quicker", at_least=least)


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


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cis", type=int, default=sized(1_000_000, 20_000))
    parser.add_argument("--edges", type=int, help="default: five a CI")
    parser.add_argument("--seed", type=int, default=7)
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


if __name__ == "__main__":
    main()
