"""How long the assessment of a change takes, end to end, in a graph of 100,000 CIs: seconds of the clock against 1 s.

    python benchmarks/change_assessment.py [--cis 100000] [--works-on 20]

The estate is that of imports.py, filled by a first load. A change about so many CIs is proposed and submitted; then it
is assessed again and again beside another open change. Blast radius, conflicts, combined conflicts, availability before
and after, arrangements, the evidence and its hash are all part of it; nothing is kept from one time to the next but
what a server keeps.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from common import sized
from imports import PORT, offline

from cmdb.config import load
from cmdb.engine import Engine
from cmdb.words import Principal, Role
from cmdb_graphql.client import LocalClient
from cmdb_processes.cli.server.compose import services
from cmdb_processes.cli.server.processes import processes

BAR = 1.0
"""Seconds; the limit the design sets."""
TIMES = 7
FOUND = "query F($first: Int!) { services(first: $first) { nodes { id } } }"
OPEN = """mutation P($cis: [ID!]!, $window: String!) { proposeChange(cis: $cis, title: "Update", reason: "it is old",
  window: $window, plan: "stop, replace, start", backout: "the old one", test: "ask it") { number } }"""
SUBMIT = "mutation S($n: String!) { submitChange(number: $n) { state } }"
ASSESS = "mutation A($n: String!) { assessChange(number: $n) { verdict risk } }"
IMPACT = "query I($of: [ID!]!) { impact(of: $of) { hash items { ci { id } } } }"
WINDOW = "2126-12-01T22:00Z/PT2H"
RITA = Principal("rita", frozenset(Role.ENGINEER.implies))


def proposed(client: LocalClient, cis: list[str]) -> str:
    """A change about these, handed in; its number."""
    number: str = client.ask(OPEN, cis=cis, window=WINDOW)["proposeChange"]["number"]
    client.ask(SUBMIT, n=number)
    return number


def seconds(client: LocalClient, document: str, times: int, **given: object) -> list[float]:
    """How long each of several took."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        client.ask(document, **given)
        taken.append(time.perf_counter() - begun)
    return taken


def main() -> None:
    """Fill, propose, assess; the median, the slowest, and how they stand to the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cis", type=int, default=sized(100_000, 2_000))
    parser.add_argument("--works-on", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows, steps = offline(home, given.cis)
        print(f"{given.cis:,} CIs, {rows:,} rows, first load in {sum(steps.values()):.1f} s")
        settings = load(home=home / "server", neo4j_port=PORT)
        engine = Engine(settings)
        try:
            with services(settings, engine.start(), processes()) as made:
                client = LocalClient(made, RITA)
                ids = [row["id"] for row in client.ask(FOUND, first=100)["services"]["nodes"]]
                other, mine = ids[: given.works_on], ids[-given.works_on :]
                client.ask(ASSESS, n=proposed(client, other))
                number = proposed(client, mine)
                hit = len(client.ask(IMPACT, of=mine)["impact"]["items"])
                graph = seconds(client, IMPACT, TIMES, of=mine)
                taken = seconds(client, ASSESS, TIMES, n=number)
        finally:
            engine.stop()
    print(f"impact of {len(mine)} CIs that takes {hit} others along: {median(graph) * 1000:.0f} ms")
    print(f"assessment: median {median(taken):.2f} s, slowest {max(taken):.2f} s; bar {BAR:g} s")
    print(f"ratio to the bar: {median(taken) / BAR:.2f}")


if __name__ == "__main__":
    main()
