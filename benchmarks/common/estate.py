"""A seeded, realistic estate as NumPy arrays: layers, sites, shared components with Zipf fan-in, closed edges.

    python benchmarks/common/estate.py [--cis 100000] [--edges 500000] [--seed 7]

An edge goes from the dependent to its dependency, by classes and relations of the catalogue. Most things depend on
their own site; a few shared databases, switches and hypervisors carry very many. The same size and seed give the same
estate on every machine. About 3 s for a million CIs with five million edges.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

OPEN = 2**31 - 1
"""`valid_to` of an edge that is still open."""

LAYERS = {
    "BusinessService": 0.001, "Application": 0.01, "Service": 0.6036, "DatabaseInstance": 0.004, "MessageQueue": 0.002,
    "VirtualMachine": 0.25, "Hypervisor": 0.02, "Lun": 0.10, "StorageArray": 0.0004, "Rack": 0.003,
    "NetworkDevice": 0.006, "Site": 0.00004,
}  # fmt: skip
"""Share of each class, from what people order down to where it stands."""

RELATIONS = ("DEPENDS_ON", "RUNS_ON", "HOSTED_ON", "PART_OF", "LOCATED_IN", "CONNECTED_TO", "USES")


@dataclass(frozen=True, slots=True)
class Estate:
    """CI number i is of class `classes[c]` for `offsets[c] <= i < offsets[c + 1]`; the edges are parallel columns.

    `source`, `target`: int32 CI numbers; `type`: int8 index into `relations`; `valid_from`, `valid_to`: int32 journal
    sequences, [from, to), OPEN where still open. `now` is the last sequence.
    """

    classes: tuple[str, ...]
    offsets: Longs
    relations: tuple[str, ...]
    source: Ints
    target: Ints
    type: NDArray[np.int8]
    valid_from: Ints
    valid_to: Ints
    now: int

    @property
    def cis(self) -> int:
        """How many CIs."""
        return int(self.offsets[-1])

    @property
    def edges(self) -> int:
        """How many edges, the closed ones included."""
        return len(self.source)

    def class_of(self, ci: int) -> str:
        """The class of a CI number."""
        return self.classes[int(np.searchsorted(self.offsets, ci, side="right")) - 1]

    def ids(self) -> NDArray[np.bytes_]:
        """Public ids of all CIs, fixed width, as the store makes them: ci_ and 25 digits (hexadecimal, seeded)."""
        numbers = np.arange(self.cis, dtype=np.uint64)
        mixed = numbers * np.uint64(0x9E3779B97F4A7C15)  # spreads the ids as random ones are spread
        digits = np.frombuffer(b"0123456789abcdef", dtype="S1")
        shifts = np.arange(60, -4, -4, dtype=np.uint64)
        text = np.full((self.cis, 28), b"0", dtype="S1")
        text[:, :3] = np.frombuffer(b"ci_", dtype="S1")
        text[:, 12:] = digits[((mixed[:, None] >> shifts) & np.uint64(15)).astype(np.int64)]
        return np.ascontiguousarray(text).view("S28").ravel()


def estate(cis: int = 100_000, edges: int | None = None, seed: int = 7, *, closed: float = 0.15) -> Estate:
    """An estate of `cis` CIs and about `edges` edges (five a CI, if None), of which a share `closed` is history.

    Two edges of one type never join the same two CIs, so a few fewer may come out than were asked for.
    """
    if cis < 1000:
        raise ValueError("an estate has at least 1,000 CIs, so that every layer has some")
    made = _Maker(cis, np.random.default_rng(seed))
    made.infrastructure()
    made.software()
    made.shared(5 * cis if edges is None else edges)
    return made.finish(closed)


class _Maker:
    """Collects columns of edges, layer by layer."""

    def __init__(self, cis: int, rng: np.random.Generator) -> None:
        self._rng = rng
        counts = {name: max(2, int(cis * share)) for name, share in LAYERS.items()}
        counts["Service"] += cis - sum(counts.values())
        self._count = counts
        self._offset = dict(zip(counts, np.cumsum([0, *list(counts.values())[:-1]]), strict=True))
        self._columns: list[tuple[Ints, Ints, int]] = []
        self._have = 0
        sites = counts["Site"]
        self._site = {name: self._zipf(sites, count, 0.8) for name, count in counts.items()}
        self._site["Site"] = np.arange(sites)
        self._in_site = {name: np.argsort(site, kind="stable") for name, site in self._site.items()}

    def infrastructure(self) -> None:
        """Sites, racks, a two-tier network, storage, hypervisors with two switches each, and virtual machines."""
        rng, count = self._rng, self._count
        self._add("PART_OF", "Rack", None, "Site", self._site["Rack"])
        core = max(2, count["NetworkDevice"] // 20)
        self._add("DEPENDS_ON", "NetworkDevice", np.arange(core), "Site", self._site["NetworkDevice"][:core])
        access = np.arange(core, count["NetworkDevice"])
        for _ in range(2):
            self._add("DEPENDS_ON", "NetworkDevice", access, "NetworkDevice", rng.integers(0, core, len(access)))
        self._add("LOCATED_IN", "NetworkDevice", None, "Rack", self._near("NetworkDevice", "Rack", 0.3))
        self._add(
            "CONNECTED_TO", "StorageArray", None, "NetworkDevice", self._near("StorageArray", "NetworkDevice", 0.6)
        )
        self._add("PART_OF", "Lun", None, "StorageArray", self._near("Lun", "StorageArray", 0.9))
        self._add("LOCATED_IN", "Hypervisor", None, "Rack", self._near("Hypervisor", "Rack", 0.3))
        for _ in range(2):
            self._add("DEPENDS_ON", "Hypervisor", None, "NetworkDevice", self._near("Hypervisor", "NetworkDevice", 0.6))
        self._add("HOSTED_ON", "VirtualMachine", None, "Hypervisor", self._near("VirtualMachine", "Hypervisor", 0.3))
        self._add("DEPENDS_ON", "VirtualMachine", None, "Lun", self._near("VirtualMachine", "Lun", 0.3))

    def software(self) -> None:
        """Business services on applications, applications on the services they own, services on machines."""
        rng, count = self._rng, self._count
        many = np.repeat(np.arange(count["BusinessService"]), 1 + rng.zipf(1.8, count["BusinessService"]).clip(1, 40))
        self._add(
            "DEPENDS_ON", "BusinessService", many, "Application", self._zipf(count["Application"], len(many), 0.7)
        )
        third = np.arange(count["BusinessService"] // 3)
        upper = rng.integers(len(third), count["BusinessService"], len(third))
        self._add("DEPENDS_ON", "BusinessService", third, "BusinessService", upper)
        self._owner = self._zipf(count["Application"], count["Service"], 0.55)
        everyone = np.arange(count["Service"])
        self._add("DEPENDS_ON", "Application", self._owner, "Service", everyone)
        home = np.where(
            rng.random(count["Service"]) < 0.9, self._site["Application"][self._owner], self._site["Service"]
        )
        self._site["Service"] = home
        self._add("RUNS_ON", "Service", everyone, "VirtualMachine", self._near("Service", "VirtualMachine", 0.35))
        for name in ("DatabaseInstance", "MessageQueue"):
            self._add("RUNS_ON", name, None, "VirtualMachine", rng.integers(0, count["VirtualMachine"], count[name]))

    def shared(self, edges: int) -> None:
        """The rest: shared databases with Zipf fan-in, calls inside an application (never a cycle), soft uses."""
        rng, count = self._rng, self._count
        left = max(0, edges - self._have)
        callers = rng.integers(0, count["Service"], int(left * 0.6))
        self._add(
            "DEPENDS_ON",
            "Service",
            callers,
            "DatabaseInstance",
            self._zipf(count["DatabaseInstance"], len(callers), 0.8),
        )
        callers = rng.integers(0, count["Service"], int(left * 0.75))
        by = np.argsort(self._owner, kind="stable")
        place = np.empty_like(by)
        place[by] = np.arange(len(by))
        called = by[np.clip(place[callers] + rng.integers(-20, 21, len(callers)), 0, len(by) - 1)]
        tier = rng.integers(0, 6, count["Service"])  # six tiers of calls: no call chain in an application is longer
        inside = (self._owner[called] == self._owner[callers]) & (tier[called] > tier[callers])
        self._add("DEPENDS_ON", "Service", callers[inside], "Service", called[inside])
        rest = max(0, edges - self._have)
        callers = rng.integers(0, count["Service"], rest)
        self._add("USES", "Service", callers, "MessageQueue", rng.integers(0, count["MessageQueue"], rest))

    def finish(self, closed: float) -> Estate:
        """One set of columns, each edge once, in random order, with validity."""
        rng, now = self._rng, 1_000_000
        source = np.concatenate([s for s, _, _ in self._columns])
        target = np.concatenate([t for _, t, _ in self._columns])
        kind = np.concatenate([np.full(len(s), k, np.int8) for s, _, k in self._columns])
        self._columns.clear()
        cis = sum(self._count.values())
        key = (source.astype(np.int64) * cis + target) * len(RELATIONS) + kind
        _, once = np.unique(key, return_index=True)
        del key
        rng.shuffle(once)
        source, target, kind = source[once], target[once], kind[once]
        old = rng.random(len(source), np.float32) < 0.9
        begin = np.where(old, 1, rng.integers(1, now, len(source), np.int32)).astype(np.int32)
        end = np.full(len(source), OPEN, np.int32)
        over = np.flatnonzero(rng.random(len(source), np.float32) < closed)
        end[over] = np.minimum(begin[over] + rng.integers(1, now // 2, len(over), np.int32), now)
        offsets = np.cumsum([0, *self._count.values()])
        return Estate(tuple(self._count), offsets, RELATIONS, source, target, kind, begin, end, now)

    def _add(self, relation: str, source: str, sources: Longs | None, target: str, targets: Longs) -> None:
        own = np.arange(self._count[source]) if sources is None else sources
        ends = [(self._offset[source] + own).astype(np.int32), (self._offset[target] + targets).astype(np.int32)]
        self._columns.append((ends[0], ends[1], RELATIONS.index(relation)))
        self._have += len(own)

    def _zipf(self, among: int, size: int, exponent: float) -> Longs:
        """`size` choices out of `among` with weights 1/rank^exponent, ranks dealt at random."""
        weight = np.cumsum(1.0 / np.arange(1, among + 1) ** exponent)
        rank = np.searchsorted(weight, self._rng.random(size) * weight[-1])
        return self._rng.permutation(among)[np.minimum(rank, among - 1)]

    def _near(self, source: str, target: str, exponent: float) -> Longs:
        """For each `source` a `target` of the same site, by Zipf; where the site has none, any."""
        out = np.empty(self._count[source], np.int64)
        order = np.argsort(self._site[source], kind="stable")
        own, other = self._site[source][order], self._site[target][self._in_site[target]]
        for site in range(self._count["Site"]):
            a, b = np.searchsorted(own, [site, site + 1])
            c, d = np.searchsorted(other, [site, site + 1])
            if d > c:
                out[order[a:b]] = self._in_site[target][c + self._zipf(d - c, b - a, exponent)]
            else:
                out[order[a:b]] = self._rng.integers(0, self._count[target], b - a)
        return out


def main() -> None:
    """Make one and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cis", type=int, default=100_000)
    parser.add_argument("--edges", type=int, help="default: five a CI")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    began = time.perf_counter()
    made = estate(options.cis, options.edges, options.seed)
    took = time.perf_counter() - began
    open_now = int((made.valid_to == OPEN).sum())
    print(f"{made.cis:,} CIs, {made.edges:,} edges ({open_now:,} open) in {took:.1f} s")
    for name, count in zip(made.classes, np.diff(made.offsets), strict=True):
        print(f"  {count:>10,} {name}")
    fan_in = np.bincount(made.target, minlength=made.cis)
    print(f"fan-in: most {fan_in.max():,}, 99.9 % have at most {np.percentile(fan_in, 99.9):,.0f}")


if __name__ == "__main__":
    main()
