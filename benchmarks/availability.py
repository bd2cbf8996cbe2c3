"""Availability and single points of failure beside what one would write first, in one run.

    python benchmarks/availability.py
    BENCH_SMALL=1 python benchmarks/availability.py

Peers: for single points, failing every CI in turn; for availability, one decision diagram of the same formula, without
modules (asked only where nothing is shared: elsewhere it does not end). Times are CPU seconds of one run. The estates
are made here, seeded.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

from common import SMALL
from common.figures import told

from cmdb.availability.bdd import TooManyNodes, drawn, probabilities
from cmdb.availability.formula import Formulas, Gate
from cmdb.availability.modules import Module
from cmdb.availability.needs import Needs
from cmdb.availability.solve import Solver
from cmdb.availability.spof import spofs
from cmdb.availability.structure import failure
from cmdb.impact.model import Edge, Group, Model, model

BESIDE_OTHERS = True


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, and what came out."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def group(source: str, members: list[str], k: int = 1) -> Group:
    """k of `members`."""
    return Group(tuple(Edge(f"{source}>{m}", "DEPENDS_ON", source, m) for m in members), k)


def apart(size: int, random: Random) -> Model:
    """A service over a tree of groups in which no two CIs share a dependency."""
    groups: dict[str, list[Group]] = {}
    waiting, count = ["service"], 1
    while count < size:
        source = waiting.pop(0)
        groups[source] = []
        for _ in range(random.randint(1, 3)):
            members = [f"c{count + i}" for i in range(random.choice([1, 1, 2, 2, 3, 5]))]
            count += len(members)
            waiting += members
            groups[source].append(group(source, members, random.randint(1, max(1, len(members) - 1))))
    return model(groups)


def shared(size: int, random: Random) -> Model:
    """A service over pools of VMs on shared hosts, in racks with two switches and two feeds each, behind two cores."""
    hosts = size // 8
    racks = max(2, hosts // 8)
    groups: dict[str, list[Group]] = {"service": []}
    for host in (f"host{i}" for i in range(hosts)):
        rack = int(host[4:]) % racks
        groups[host] = [group(host, [f"rack{rack}"]), group(host, [f"switch{rack}a", f"switch{rack}b"])]
    for rack in range(racks):
        groups[f"rack{rack}"] = [group(f"rack{rack}", ["feed-a", "feed-b"])]
        for switch in (f"switch{rack}a", f"switch{rack}b"):
            groups[switch] = [group(switch, ["core-1", "core-2"])]
    count = hosts + 3 * racks + 4
    while count < size:
        pool = [f"vm{count + i}" for i in range(random.choice([2, 2, 3, 4]))]
        count += len(pool)
        groups |= {vm: [group(vm, [f"host{random.randrange(hosts)}"])] for vm in pool}
        groups["service"].append(group("service", pool, random.randint(1, len(pool) - 1)))
    return model(groups)


def chain(size: int) -> Model:
    """Every CI needs the next: the case in which failing each in turn takes longest."""
    names = ["service", *(f"c{i}" for i in range(1, size))]
    return model({ci: [group(ci, [below])] for ci, below in pairwise(names)})


def figures(of: Model) -> dict[str, float]:
    """Unavailabilities between 1e-5 and 3e-3."""
    random = Random(1)
    return {ci: 10 ** -random.uniform(2.5, 5) for ci in sorted(of.cis)}


def ours(of: Model) -> Any:
    """The engine's likelihood of "down"."""
    formulas = Formulas()
    return Solver(formulas, figures(of)).likelihood(failure(formulas, Needs(of), "service"))


def naive(of: Model) -> float | None:
    """One diagram of everything; None above two million nodes."""
    formulas, q = Formulas(), figures(of)
    root = failure(formulas, Needs(of), "service")
    gates = [n for n in formulas.reachable(root) if isinstance(formulas.nodes[n], Gate)]
    leaves = [n for n in formulas.reachable(root) if not isinstance(formulas.nodes[n], Gate)]
    try:
        made = drawn(formulas, Module(root, tuple(gates), tuple(leaves)), 2_000_000, gates)
    except TooManyNodes:
        return None
    return probabilities(made.diagram, [q[formulas.nodes[n].event] for n in made.order])[made.nodes[root]]  # type: ignore[union-attr]


def one_by_one(of: Model) -> set[str]:
    """Single points by failing every CI in turn."""
    cis = of.cis - {"service"}
    return {ci for ci in cis if "service" in Needs(of, [ci]).down}


def main() -> None:
    """Print the ratios."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for size in (500, 1_000) if SMALL else (1_000, 5_000):
        of = apart(size, Random(5))
        mine, found = cpu(lambda of=of: ours(of))
        theirs, same = cpu(lambda of=of: naive(of))
        print(f"availability, {size:,} CIs that share nothing: {mine:.2f} s {found.method}, one diagram {theirs:.2f} s"
              f" ({theirs / mine:.1f} x), difference {abs(found.lo - (same or found.lo)):.0e}")  # fmt: skip
        told(f"availability of {size:,} CIs beside one diagram", theirs / mine, "times quicker")
    for size in (100, 200) if SMALL else (100, 200, 500):
        of = shared(size, Random(5))
        mine, found = cpu(lambda of=of: ours(of))
        print(f"availability, {size:,} CIs on shared hosts: {mine:.2f} s, {found.method}, between {found.lo:.9f} and"
              f" {found.hi:.9f}, width {found.hi - found.lo:.1e}")  # fmt: skip
        told(f"availability of {size:,} CIs on shared hosts", mine, "s CPU")
    for name, of in (("that share nothing", apart(2_000, Random(5))), ("in one chain", chain(2_000))):
        mine, single = cpu(lambda of=of: spofs(of, "service"))
        theirs, same_cis = cpu(lambda of=of: one_by_one(of))
        assert set(single.cis) == same_cis
        ratio = f"{mine * 1e3:.1f} ms, one by one {theirs * 1e3:.0f} ms ({theirs / mine:.1f} x)"
        print(f"single points, 2,000 CIs {name}: {ratio}")
        told(f"single points, 2,000 CIs {name}, beside one by one", theirs / mine, "times quicker")


if __name__ == "__main__":
    main()
