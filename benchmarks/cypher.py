"""The blast radius beside the same question to Neo4j in Cypher, on the same edges, in one run.

    python benchmarks/cypher.py [--cis 100000] [--radius 5000]
    BENCH_SMALL=1 python benchmarks/cypher.py

Neo4j has the open edges of an estate, bare, and is asked in its quickest way how many are reached; ours says who, and
how far. Times are milliseconds of the clock, the best of several; and, for a busy machine, of processors: of this
process for ours, of Neo4j's for Cypher's, the mean of several.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from common import sized
from common.estate import OPEN, estate
from common.figures import told
from common.running_neo4j import Neo4j, neo4j
from projection import Subject, cpu, starts, subject, wall

from cmdb.projection import Projection
from cmdb.projection.kernel import compiled
from cmdb.store import Store

BESIDE_OTHERS = True
TIMES = 100.0
"""What Neo4j must need at least for a radius of 5,000, in times ours."""


def loaded(store: Store, of: Subject) -> None:
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


def spent(server: Neo4j, ask: Callable[[], object], times: int) -> float:
    """Processor milliseconds of Neo4j for one question, the mean of several: its clock ticks are too coarse for one."""
    before = server.cpu()
    for _ in range(times):
        ask()
    return (server.cpu() - before) * 1e3 / times


def beside(server: Neo4j, store: Store, of: Subject, ci: int) -> None:
    """One radius by each."""
    # DISTINCT lets Neo4j prune: it visits each CI once, as we do. Any other form enumerates paths and never ends.
    text = (
        f"MATCH (t:CI {{id: $id}})<-[:{'|'.join(of.relations.names)}*1..30]-(d:CI) RETURN count(DISTINCT d) AS reached"
    )
    held = of.projection.state
    # As a server answers about a large estate, whatever the size of this one.
    name, state = of.names[ci], Projection(held.base, held.ids, of.relations, compiled()).state

    def ask() -> list[dict[str, int]]:
        return list(store._bolt.read(lambda run: run(text, {"id": name}), timeout=120))

    (row,) = ask()
    size = len(state.reach([name]))
    assert row["reached"] == size - 1, (row["reached"], size)
    times = sized(40, 5)
    for _ in range(times):
        ask()  # Neo4j's compiler has had its time
    clock = wall(ask, times), wall(lambda: state.reach([name]), 200)
    processor = spent(server, ask, times), cpu(lambda: state.reach([name]), 20)
    for label, (theirs, mine) in (("the clock", clock), ("processors", processor)):
        both = f"Cypher {theirs:9.3f} ms, ours {mine:.3f} ms"
        print(f"radius of {size:,}, by {label:11} {both} -> {theirs / mine:.0f} times quicker")
        told(f"radius of {size:,} beside Cypher, by {label}", theirs / mine, "times quicker", at_least=TIMES)


def main() -> None:
    """Load, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cis", type=int, default=sized(100_000, 3_000))
    parser.add_argument("--radius", type=int, default=5_000, help="the CI whose radius comes nearest is asked about")
    parser.add_argument("--edges", type=int, default=sized(None, 9_000), help="default: five a CI")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    made = estate(options.cis, options.edges, options.seed)
    of = subject(made)
    with neo4j(heap_mib=1024) as server, server.store() as store:
        loaded(store, of)
        for ci in starts(of, made, [options.radius]):
            beside(server, store, of, ci)
        began = time.perf_counter()
        read = store.topology(of.relations.names)
        rate = len(read.edges.source) / (time.perf_counter() - began)
    print(f"read from the graph   {rate:10,.0f} edges a second")
    told("edges read from the graph", rate, "a second")


if __name__ == "__main__":
    main()
