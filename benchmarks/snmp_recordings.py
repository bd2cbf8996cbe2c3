"""Recorded devices through the replay responder: what of each is read, complete or not, and which fields are found.

    python benchmarks/snmp_recordings.py [--below BYTES] [--name PART] [--at-once 2] [--json FILE]

Not a race: figures per field over all recorded walks of the package snmpsim-data. `complete` is counted against the
recording itself, column by column, over every column that would be asked for. A field that was not found counts as
missed, unless a search through the whole recording (`tests/support/snmp_held.py`) finds nothing that could be it: then
the recording does not hold it, and that is counted apart. The largest come first, a few at once, each in a process of
its own; the whole takes some minutes. Links are searched between all devices together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from common import sized
from common.figures import told

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.snmp_held import held as could_be  # lies beside the tests, as do the next
from support.snmp_recorded import due, rows
from support.snmp_replay import Data, Replay, recordings

from cmdb.topology import topology
from cmdb.words.device import Device
from cmdb_agents.snmp_look import look
from cmdb_agents.transports.snmp import Target
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Bounds

BESIDE_OTHERS = True
GENEROUS = Bounds(seconds=900, memory=512 * 2**20, wait=5)
"""What is counted here is what is found, not what a device may cost."""
IF_TABLES = ((1, 3, 6, 1, 2, 1, 2, 2, 1, 2), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1), (1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2))
"""ifDescr, ifName, and the bridge's own list of ports: each numbers a device's interfaces."""
OBJECT_ID = (1, 3, 6, 1, 2, 1, 1, 2, 0)
FIELDS = ("name", "vendor", "model", "serial", "version", "ports")


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of one recording: rows read and missing, and what it does not hold of what was not found."""

    name: str
    device: Device
    rows: int
    missing: int
    cut: bool
    seconds: float
    absent: frozenset[str]
    missed: tuple[str, ...]

    def word(self, field: str) -> str:
        """found, absent or missed."""
        own = self.device.name if self.device.name != self.device.address else ""
        found = own if field == "name" else getattr(self.device, field)
        return "found" if found else "absent" if field in self.absent else "missed"

    @property
    def outcome(self) -> str:
        """complete; or short, and whether the walk says so."""
        return "complete" if not self.missing else "short, and says so" if self.cut else "SILENTLY SHORT"


def one(name: str, path: Path, at: int) -> Read:
    """One recording, through the responder and back."""
    kept = list(rows(path))
    data = Data.of(kept)
    with Replay({"public": data}) as replay:
        started = time.perf_counter()
        target = Target("127.0.0.1", replay.port, "2c", "public")
        device, walk = asyncio.run(look(target, GENEROUS))
        seconds = time.perf_counter() - started
    missing = len(due(data, walk) - set(walk.values))
    address = f"198.18.{at // 250}.{at % 250 + 1}"
    device = replace(device, address=address, name=device.name if device.name != "127.0.0.1" else address)
    absent, missed = unfound(name, [row for row in kept if row[1] == 4], data, device)
    return Read(name, device, len(walk.values), missing, bool(walk.cuts), seconds, absent, missed)


def unfound(
    name: str, texts: list[tuple[Oid, int, bytes]], data: Data, device: Device
) -> tuple[frozenset[str], tuple[str, ...]]:
    """(the fields that the recording does not hold, what it may hold of the others)."""
    absent, missed = set[str](), []
    known = {device.name, device.vendor, device.model, device.serial, device.version, device.description}
    for field in ("serial", "model", "version"):
        candidates = [] if getattr(device, field) else could_be(field, texts, known)
        missed += [f"{name}: {field} may be {said} at {place}" for place, said in candidates[:3]]
        absent |= set() if candidates else {field}
    names = set(data.names)
    absent |= set() if OBJECT_ID in names else {"vendor"}
    absent |= set() if (*OBJECT_ID[:7], 5, 0) in names and device.name != device.address else {"name"}
    absent |= set() if any(n[: len(root)] == root for n in data.names for root in IF_TABLES) else {"ports"}
    return frozenset(absent), tuple(missed)


def each(files: list[tuple[str, Path]], at_once: int) -> Iterator[Read]:
    """All of them, as they are done."""
    with ProcessPoolExecutor(at_once) as pool:
        places = {name: at for at, (name, _) in enumerate(sorted(files))}
        largest_first = sorted(files, key=lambda file: -file[1].stat().st_size)
        for done in as_completed([pool.submit(one, name, path, places[name]) for name, path in largest_first]):
            yield done.result()


def share(read: Iterable[Read], field: str) -> str:
    """Of those whose recording holds it, how many say it; and of all."""
    words = Counter(r.word(field) for r in read)
    there, every = words["found"] + words["missed"], sum(words.values())
    said = f"{words['found']} of {there} ({100 * words['found'] // max(1, there)} %)"
    return f"{said}; {words['absent']} of {every} recordings hold none"


def main() -> None:
    """Read them all, print the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--below", type=int, default=sized(2**40, 30_000), help="only files of fewer bytes, packed")
    options.add_argument("--name", default="", help="only those with this in their name")
    options.add_argument("--at-once", type=int, default=2, help="how many at once")
    options.add_argument("--json", type=Path, help="what was found of each, for reading on")
    chosen = options.parse_args()
    files = [(n, p) for n, p in recordings().items() if chosen.name in n and p.stat().st_size < chosen.below]
    read, started = [], time.perf_counter()
    for done in each(files, chosen.at_once):
        read.append(done)
        progress = f"{len(read)} of {len(files)}, {time.perf_counter() - started:.0f} s"
        print(f"{progress}: {done.name}, {done.rows} rows in {done.seconds:.1f} s, {done.outcome}", file=sys.stderr)
    figures(sorted(read, key=lambda r: r.name))
    if chosen.json:
        chosen.json.write_text(json.dumps([[r.name, d.name, d.cls, d.kind, d.vendor, d.model, d.serial, d.version,
            len(d.ports), sum(p.physical for p in d.ports), [f"{p.what}: {p.why}" for p in d.problems[:5]]]
            for r in sorted(read, key=lambda r: r.name) for d in [r.device]], indent=1))  # fmt: skip


def figures(read: list[Read]) -> None:
    """What was found of all of them."""
    print("".join(f"{line}\n" for r in read for line in r.missed), end="")
    devices = [r.device for r in read]
    found = topology(devices)
    outcomes, seconds = Counter(r.outcome for r in read), sum(r.seconds for r in read)
    ends = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    print(f"recordings            {len(read)} of {len(recordings())}, {ends}")
    print(f"rows                  {sum(r.rows for r in read)}, {seconds:.0f} s of walking")
    for field in FIELDS:
        print(f"{field:21} {share(read, field)}")
    agents = sum(d.vendor != d.maker for d in devices)
    print(f"vendor                of these {agents} by who wrote the agent: nothing tells who made the box")
    print(f"interfaces            {sum(len(d.ports) for d in devices)}")
    print(f"that can be plugged   {sum(p.physical for d in devices for p in d.ports)}")
    print(
        f"neighbours            {sum(len(d.neighbours) for d in devices)} of {sum(bool(d.neighbours) for d in devices)}"
    )
    told("recorded devices read whole", outcomes["complete"], f"of {len(read)}", at_least=len(read))
    for field in FIELDS:
        of = Counter(r.word(field) for r in read)
        told(f"{field} where the recording has one", of["found"], f"of {of['found'] + of['missed']}")
    words, seen = Counter(j.word for j in found.joints), len(found.placeholders)
    print(f"links                 {words['agreed']} agreed, {words['one-way']} one-way; {seen} only seen")
    print(f"one device            {len(found.merges)} times two readings; {len(found.doubts)} doubts")


if __name__ == "__main__":
    main()
