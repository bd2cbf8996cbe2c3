"""Recorded devices through the replay responder: what of each is read, complete or not, and which fields are found.

    python benchmarks/snmp_recordings.py [--all] [--name PART] [--json FILE]

Not a race: figures per field over the recorded walks of the package snmpsim-data. `complete` is counted against the
recording itself, column by column, over every column that would be asked for. Recordings above 1 MB (packed) take
minutes to load and are left out without --all. Links are searched between all devices together.
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
from dataclasses import replace
from pathlib import Path

from common import sized

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.snmp_replay import Data, Replay, lines, recordings  # lies beside the tests

from cmdb.topology import topology
from cmdb.words.device import Device
from cmdb_agents.device import CONTEXT_COLUMNS, all_mibs, wanted
from cmdb_agents.snmp_look import look
from cmdb_agents.transports.snmp import SYSTEM, Target
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Bounds, Walk
from cmdb_agents.vendor import vendors

GENEROUS = Bounds(seconds=110, memory=512 * 2**20, wait=5)
"""What is counted here is what is found, not what a device may cost."""
IF_TABLE = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
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


def one(name: str, path: Path, at: int) -> tuple[Device, bool, bool, float]:
    """(device, whether everything was read, whether interfaces were recorded, seconds)."""
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
    return (
        replace(device, address=address, name=device.name if device.name != "127.0.0.1" else address),
        not missing,
        any(name[:10] == IF_TABLE for name in data.names),
        seconds,
    )


def share(devices: Iterable[Device], field: str) -> str:
    """How many say something there."""
    told = [bool(getattr(d, field)) for d in devices]
    return f"{sum(told)} of {len(told)} ({100 * sum(told) // max(1, len(told))} %)"


def main() -> None:
    """Read them all, print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--all", action="store_true", help="the large recordings too")
    options.add_argument("--name", default="", help="only those with this in their name")
    options.add_argument("--json", type=Path, help="what was found of each, for reading on")
    chosen = options.parse_args()
    largest = sized(1_000_000, 60_000)
    files = [(n, p) for n, p in recordings().items() if chosen.name in n and (chosen.all or p.stat().st_size < largest)]
    devices, wired, complete, seconds = [], [], 0, 0.0
    for at, (name, path) in enumerate(files):
        device, whole, has, spent = one(name, path, at)
        devices.append(device)
        wired += [device] if has else []
        complete += whole
        seconds += spent
    found = topology(devices)
    network = [d for d in devices if d.cls != "Host"]
    print(f"recordings            {len(files)} of {len(recordings())}, {complete} complete, {seconds:.0f} s of walking")
    for field in ("vendor", "model", "serial", "version"):
        print(f"{field:21} {share(devices, field)}; without hosts {share(network, field)}")
    print(f"ports                 {share(devices, 'ports')}; of those whose recording has any {share(wired, 'ports')}")
    print(f"interfaces            {sum(len(d.ports) for d in devices)}")
    print(f"that can be plugged   {sum(p.physical for d in devices for p in d.ports)}")
    print(
        f"neighbours            {sum(len(d.neighbours) for d in devices)} of {sum(bool(d.neighbours) for d in devices)}"
    )
    words, seen = Counter(j.word for j in found.joints), len(found.placeholders)
    print(f"links                 {words['agreed']} agreed, {words['one-way']} one-way; {seen} only seen")
    print(f"one device            {len(found.merges)} times two readings; {len(found.doubts)} doubts")
    if chosen.json:
        chosen.json.write_text(json.dumps([[n, d.name, d.cls, d.kind, d.vendor, d.model, d.serial, d.version,
            len(d.ports), sum(p.physical for p in d.ports), [f"{p.what}: {p.why}" for p in d.problems[:5]]]
            for (n, _), d in zip(files, devices, strict=True)], indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
