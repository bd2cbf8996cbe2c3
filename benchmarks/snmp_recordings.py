"""Recorded devices through the replay responder: what of each is read, complete or not, and which fields are found.

    python benchmarks/snmp_recordings.py [--all] [--name PART] [--json FILE]

Not a race: figures per field over the recorded walks of the package snmpsim-data. `complete` is counted against the
recording itself, column by column, over every column that would be asked for. A field that was not found counts as
missed, unless a search through the whole recording (`tests/support/snmp_held.py`) finds nothing that could be it: then
the recording does not hold it, and that is counted apart. Recordings above 1 MB (packed) take minutes to load and are
left out without --all. Links are searched between all devices together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from common import sized
from common.figures import told

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.snmp_held import held as could_be  # lies beside the tests, as does the next
from support.snmp_replay import Data, Replay, lines, recordings

from cmdb.topology import topology
from cmdb.words.device import Device
from cmdb_agents.device import CONTEXT_COLUMNS, all_mibs, wanted
from cmdb_agents.snmp_look import look
from cmdb_agents.transports.snmp import SYSTEM, Target
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Bounds, Walk
from cmdb_agents.vendor import vendors

BESIDE_OTHERS = True
GENEROUS = Bounds(seconds=110, memory=512 * 2**20, wait=5)
"""What is counted here is what is found, not what a device may cost."""
IF_TABLES = ((1, 3, 6, 1, 2, 1, 2, 2, 1, 2), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1), (1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2))
"""ifDescr, ifName, and the bridge's own list of ports: each numbers a device's interfaces."""
OBJECT_ID = (1, 3, 6, 1, 2, 1, 1, 2, 0)
FIELDS = ("name", "vendor", "model", "serial", "version", "ports")
_MIBS = (column for mib in all_mibs() for column in mib.columns)
_VENDORS = (column for vendor in vendors() for column in vendor.columns())
ROOTS = sorted({SYSTEM, *CONTEXT_COLUMNS, *_MIBS, *_VENDORS})


def near(name: Oid) -> bool:
    """Whether it lies under a column that anybody asks for."""
    at = bisect_right(ROOTS, name)
    return any(name[: len(root)] == root for root in ROOTS[max(0, at - 3) : at])


def held(data: Data, walk: Walk) -> set[Oid]:
    """The names of a recording that this walk had to find."""
    roots = sorted({SYSTEM, *wanted(walk)})
    found = set()
    for name in data.names:
        at = bisect_right(roots, name)
        if any(name[: len(root)] == root and len(name) > len(root) for root in roots[max(0, at - 3) : at]):
            found.add(name)
    return found


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of one recording, and what it does not hold of what was not found."""

    device: Device
    whole: bool
    seconds: float
    absent: frozenset[str]
    missed: tuple[str, ...]

    def word(self, field: str) -> str:
        """found, absent or missed."""
        own = self.device.name if self.device.name != self.device.address else ""
        found = own if field == "name" else getattr(self.device, field)
        return "found" if found else "absent" if field in self.absent else "missed"


def one(name: str, path: Path, at: int) -> Read:
    """One recording, through the responder and back."""
    data = Data.of(row for row in lines(path) if near(row[0]))
    with Replay({"public": data}) as replay:
        started = time.perf_counter()
        target = Target("127.0.0.1", replay.port, "2c", "public")
        device, walk = asyncio.run(look(target, GENEROUS))
        seconds = time.perf_counter() - started
    missing = held(data, walk) - set(walk.values)
    if missing and not walk.cuts:
        print(f"{name}: SILENTLY SHORT of {len(missing)}, such as {min(missing)}")
    address = f"198.18.{at // 250}.{at % 250 + 1}"
    device = replace(device, address=address, name=device.name if device.name != "127.0.0.1" else address)
    absent, missed = unfound(name, path, data, device)
    return Read(device, not missing, seconds, absent, missed)


def unfound(name: str, path: Path, data: Data, device: Device) -> tuple[frozenset[str], tuple[str, ...]]:
    """(the fields that the recording does not hold, what it may hold of the others)."""
    absent, missed = set[str](), []
    texts = [] if device.serial and device.model and device.version else [r for r in lines(path) if r[1] == 4]
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


def share(read: Iterable[Read], field: str) -> str:
    """Of those whose recording holds it, how many say it; and of all."""
    words = Counter(r.word(field) for r in read)
    there, every = words["found"] + words["missed"], sum(words.values())
    told = f"{words['found']} of {there} ({100 * words['found'] // max(1, there)} %)"
    return f"{told}; {words['absent']} of {every} recordings hold none"


def main() -> None:
    """Read them all, print the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--all", action="store_true", help="the large recordings too")
    options.add_argument("--name", default="", help="only those with this in their name")
    options.add_argument("--json", type=Path, help="what was found of each, for reading on")
    chosen = options.parse_args()
    largest = sized(1_000_000, 60_000)
    files = [(n, p) for n, p in recordings().items() if chosen.name in n and (chosen.all or p.stat().st_size < largest)]
    read = []
    for at, (name, path) in enumerate(files):
        read.append(one(name, path, at))
        print("".join(f"{line}\n" for line in read[-1].missed), end="", flush=True)
    devices = [r.device for r in read]
    found = topology(devices)
    complete, seconds = sum(r.whole for r in read), sum(r.seconds for r in read)
    print(f"recordings            {len(files)} of {len(recordings())}, {complete} complete, {seconds:.0f} s of walking")
    for field in FIELDS:
        print(f"{field:21} {share(read, field)}")
    agents = sum(d.vendor != d.maker for d in devices)
    print(f"vendor                of these {agents} by who wrote the agent: nothing tells who made the box")
    print(f"interfaces            {sum(len(d.ports) for d in devices)}")
    print(f"that can be plugged   {sum(p.physical for d in devices for p in d.ports)}")
    print(
        f"neighbours            {sum(len(d.neighbours) for d in devices)} of {sum(bool(d.neighbours) for d in devices)}"
    )
    told("recorded devices read whole", complete, f"of {len(files)}", at_least=len(files))
    for field in FIELDS:
        of = Counter(r.word(field) for r in read)
        told(f"{field} where the recording has one", of["found"], f"of {of['found'] + of['missed']}")
    words, seen = Counter(j.word for j in found.joints), len(found.placeholders)
    print(f"links                 {words['agreed']} agreed, {words['one-way']} one-way; {seen} only seen")
    print(f"one device            {len(found.merges)} times two readings; {len(found.doubts)} doubts")
    if chosen.json:
        chosen.json.write_text(json.dumps([[n, d.name, d.cls, d.kind, d.vendor, d.model, d.serial, d.version,
            len(d.ports), sum(p.physical for p in d.ports), [f"{p.what}: {p.why}" for p in d.problems[:5]]]
            for (n, _), d in zip(files, devices, strict=True)], indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
