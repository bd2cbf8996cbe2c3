"""How long the assessment of a change takes, end to end, in a graph of 100,000 CIs: against 1 s, its graph part 50 ms.

    python benchmarks/change_assessment.py [--cis 100000] [--works-on 20]

The estate is that of imports.py, with business services on it that promise an availability:
each rests on one CI that the change takes along and on a pair. A change about so many CIs is proposed and submitted;
then it is assessed again and again beside another open change. Blast radius, conflicts, combined conflicts,
availability before and after, arrangements, the evidence and its hash are all part of it; nothing is kept from one time
to the next but what a server keeps. Told are seconds of the clock, and of the processors in this process and Neo4j's,
which say more on a busy machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
from common import SMALL, sized
from common.figures import told
from common.running_neo4j import neo4j
from imports import NOW, PORT, offline, rows

from cmdb.config import Settings, load
from cmdb.engine import Bolt, Engine
from cmdb.imports import parse
from cmdb.store import By, Store
from cmdb.words import Principal, Role
from cmdb_graphql.client import LocalClient
from cmdb_processes.cli.server.compose import services
from cmdb_processes.cli.server.processes import processes

BAR, GRAPH = 1.0, 0.05
"""Seconds; the limits the design sets to the whole and to its graph part."""
TIMES = sized(7, 2)
BESIDE_OTHERS = True
BY_TRANSACTIONS = 5_000
"""CIs up to which the estate goes in through transactions: a first load starts Neo4j three times."""
SERVICES = 10
FOUND = "query F($first: Int!) { services(first: $first) { nodes { id } } }"
OPEN = """mutation P($cis: [ID!]!, $window: String!) { proposeChange(cis: $cis, title: "Update", reason: "it is old",
  window: $window, plan: "stop, replace, start", backout: "the old one", test: "ask it") { number } }"""
SUBMIT = "mutation S($n: String!) { submitChange(number: $n) { state } }"
ASSESS = "mutation A($n: String!) { assessChange(number: $n) { verdict risk } }"
EFFECTS = "query E($n: String!) { changeRequest(number: $n) { risk services { name } } }"
IMPACT = "query I($of: [ID!]!) { impact(of: $of) { hash items { ci { id } } } }"
WINDOW = "2126-12-01T22:00Z/PT2H"
RITA = Principal("rita", frozenset(Role.ENGINEER.implies))


@contextmanager
def filled(home: Path, cis: int) -> Iterator[tuple[Settings, Bolt, int]]:
    """A server's settings, and a running Neo4j that has the estate."""
    if cis <= BY_TRANSACTIONS:
        with neo4j() as server:
            with server.store() as store:
                given = [parse(n, row) for n, row in enumerate(rows(cis), start=1)]
                store.bulk_upsert(given, "bench", By("bench", NOW))
            yield load(home=home, **server.settings), server.bolt, server.pid
        return
    count, steps = offline(home, cis)
    print(f"{cis:,} CIs, {count:,} rows, first load in {sum(steps.values()):.1f} s")
    settings = load(home=home / "server", neo4j_port=PORT)
    engine = Engine(settings)
    try:
        bolt = engine.start()
        assert engine.pid is not None
        yield settings, bolt, engine.pid
    finally:
        engine.stop()


def proposed(client: LocalClient, cis: list[str]) -> str:
    """A change about these, handed in; its number."""
    number: str = client.ask(OPEN, cis=cis, window=WINDOW)["proposeChange"]["number"]
    client.ask(SUBMIT, n=number)
    return number


def promise(store: Store, taken: list[str], pairs: list[str]) -> None:
    """Business services, each on one of these CIs and on two that stand in for each other."""
    by = By("bench", NOW)
    for n in range(SERVICES):
        one, two = pairs[2 * n : 2 * n + 2]
        given = {"availability_target": 99.5, "criticality": "high", "redundancy": [f"DEPENDS_ON: 1 of {one}, {two}"]}
        made = store.create_ci("BusinessService", f"business {n}", given, by).ci
        for other in (taken[n % len(taken)], one, two):
            store.link_cis("DEPENDS_ON", made, other, by)


@dataclass(frozen=True)
class Taken:
    """How long one took: by the clock, and of the processors here and in Neo4j."""

    clock: float
    here: float
    neo4j: float

    @property
    def cpu(self) -> float:
        """Of both."""
        return self.here + self.neo4j


def measured(neo4j: psutil.Process, ask: Callable[[], object]) -> list[Taken]:
    """Several times the same; what Neo4j's compiler does behind the first ones is theirs too."""

    def spent() -> float:
        times = [one.cpu_times() for one in (neo4j, *neo4j.children(recursive=True))]
        return float(sum(each.user + each.system for each in times))

    found = []
    for _ in range(TIMES):
        begun, here, there = time.perf_counter(), time.process_time(), spent()
        ask()
        found.append(Taken(time.perf_counter() - begun, time.process_time() - here, spent() - there))
    return found


def line(what: str, found: list[Taken], bar: float) -> str:
    """The median, the slowest, and how they stand to the bar."""
    clock, cpu = median(one.clock for one in found), median(one.cpu for one in found)
    here = median(one.here for one in found)
    if not SMALL:  # a small run is beside others
        told(f"{what}, by the clock", clock * 1000, "ms", at_most=bar * 1000)
    told(f"{what}, by processors", cpu * 1000, "ms CPU", at_most=bar * 1000)
    return (
        f"{what}: clock {clock * 1000:.0f} ms, slowest {max(one.clock for one in found) * 1000:.0f} ms; processors "
        f"{cpu * 1000:.0f} ms, {here * 1000:.0f} of them here; bar {bar * 1000:.0f} ms, ratio by the clock "
        f"{clock / bar:.2f}, by processors {cpu / bar:.2f}"
    )


def main() -> None:
    """Fill, propose, assess."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cis", type=int, default=sized(100_000, 300))
    parser.add_argument("--works-on", type=int, default=20)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        filled(Path(folder), given.cis) as (settings, bolt, pid),
        services(settings, bolt, processes()) as made,
    ):
        client = LocalClient(made, RITA)
        ids = [row["id"] for row in client.ask(FOUND, first=100)["services"]["nodes"]]
        other, mine = ids[: given.works_on], ids[-given.works_on :]
        promise(made.store, mine, ids[given.works_on : -given.works_on])
        client.ask(ASSESS, n=proposed(client, other))
        number = proposed(client, mine)
        hit = len(client.ask(IMPACT, of=mine)["impact"]["items"])
        java = psutil.Process(pid)
        taken = measured(java, lambda: client.ask(ASSESS, n=number))
        graph = measured(java, lambda: client.ask(IMPACT, of=mine))
        last = client.ask(EFFECTS, n=number)["changeRequest"]
    print(f"{len(last['services'])} services computed, risk {last['risk']}; load {psutil.getloadavg()[0]:.1f}")
    print(line(f"impact of {len(mine)} CIs that takes {hit} others along", graph, GRAPH))
    print(line(f"assessment among {given.cis:,} CIs", taken, BAR))


if __name__ == "__main__":
    main()
