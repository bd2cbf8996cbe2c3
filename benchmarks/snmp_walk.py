"""A walk of everything recorded devices say, by our own codec, beside net-snmp's snmpbulkwalk and pysnmp.

    python benchmarks/snmp_walk.py [--runs 9]

All read the same rows from the same responder (a process of its own). Each figure is CPU, the median and the least.
Ours is a walk within a process that runs, as in a collector, with every name and value gone through once; its start
is left out, and the first walk of a device is told apart, since later ones find most names known. snmpbulkwalk is a
process for each walk, so its start counts (some 5 ms; MIB files are not loaded: -On -m ""); its text is not read.
They take turns, so that what else the machine does hits all.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import sized
from common.figures import missing, told

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from support.snmp_replay import recordings  # noqa: E402  # lies beside the tests

from cmdb_agents.transports.snmp import Target, read  # noqa: E402
from cmdb_agents.transports.snmp_walk import Bounds  # noqa: E402

ALL = ((1, 0), (1, 1), (1, 2), (1, 3))
BESIDE_OTHERS = True
DEVICES = (
    "network/firewall/paloalto-pa-5000", "os/linux/slackware",
    "network/switch/cisco-c3560", "network/switch/cisco-n5000",
)  # fmt: skip
PEERS = (10, 32, 64)
"""Rows a question: snmpbulkwalk's own choice, what ours begins with, and about what ours ends with."""


def ours(port: int, community: str) -> int:
    """Rows by our codec."""
    walk = asyncio.run(read(Target("127.0.0.1", port, "2c", community), lambda _: ALL, Bounds(wait=5)))
    assert not walk.cuts, walk.cuts
    rows = 0
    for _name, _value in walk.values.items():  # to have made each, as text is for the other
        rows += 1
    return rows


def theirs(port: int, community: str) -> int:
    """Rows by pysnmp, without MIBs."""
    from pysnmp.hlapi.v3arch import asyncio as hlapi

    async def walk() -> int:
        engine, count = hlapi.SnmpEngine(), 0
        where = await hlapi.UdpTransportTarget.create(("127.0.0.1", port), timeout=5)
        first = hlapi.ObjectType(hlapi.ObjectIdentity("1.0"))
        async for trouble, _, _, rows in hlapi.bulk_walk_cmd(
            engine, hlapi.CommunityData(community), where, hlapi.ContextData(), 0, 32, first, lookupMib=False
        ):
            assert trouble is None, trouble
            count += len(rows)
        engine.close_dispatcher()
        return count

    return asyncio.run(walk())


def peer(rows: int, root: str = "1") -> Callable[[int, str], int]:
    """Rows by snmpbulkwalk, asked for so many at a time."""

    def walk(port: int, community: str) -> int:
        done = subprocess.run(bulkwalk(port, community, rows, root), capture_output=True, check=True)
        text = done.stdout
        return sum(line.startswith(b".") for line in text.splitlines()) - text.count(b"No more variables left")

    return walk


def bulkwalk(port: int, community: str, rows: int, root: str = "1") -> list[str]:
    """The command line."""
    return [
        "snmpbulkwalk",
        "-v2c",
        "-c",
        community,
        f"-Cr{rows}",
        "-On",
        "-m",
        "",
        "-t",
        "5",
        f"127.0.0.1:{port}",
        root,
    ]


def most(pid: int | str) -> float:
    """MiB a process was resident with at its most; 0 once it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def alone(who: str, port: int, community: str) -> float:
    """MiB at most of a process that does nothing but one walk: `ours` and `theirs` in a Python of their own."""
    words = [sys.executable, __file__, "--alone", who, str(port), community]
    if who not in WALKS:
        with subprocess.Popen(bulkwalk(port, community, PEERS[1]), stdout=subprocess.DEVNULL) as child:
            peak = 0.0
            while child.poll() is None:
                peak = max(peak, most(child.pid))
                time.sleep(0.002)
        return peak
    return float(subprocess.run(words, capture_output=True, check=True, text=True).stdout)


def memory(port: int, community: str, *, there: bool) -> None:
    """What each holds at most, for one device."""
    mine, slow = alone("ours", port, community), alone("theirs", port, community)
    print(f"{community}, memory of a process that does this walk alone\n  ours             {mine:7.1f} MiB")
    told("memory of a walk", mine, "MiB", at_most=64)
    if there:
        small = alone("snmpbulkwalk", port, community)  # keeps no answer: each row is printed and forgotten
        print(f"  snmpbulkwalk     {small:7.1f} MiB, which keeps no row: ours is {mine / small:.1f} times it")
    print(f"  pysnmp           {slow:7.1f} MiB: ours is {mine / slow:.2f} times it")


WALKS: dict[str, Callable[[int, str], int]] = {"ours": ours, "theirs": theirs}


def cpu() -> float:
    """Of this process and of those it waited for."""
    return sum(
        r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def measure(walk: Callable[[int, str], int], port: int, community: str, runs: int) -> tuple[float, float, int]:
    """(median CPU ms, median wall ms, rows)."""
    spent, passed, rows = [], [], 0
    for _ in range(runs):
        before, start = cpu(), time.perf_counter()
        rows = walk(port, community)
        passed.append((time.perf_counter() - start) * 1000)
        spent.append((cpu() - before) * 1000)
    return statistics.median(spent), statistics.median(passed), rows


def turns(port: int, community: str, runs: int) -> None:
    """One device, read by each in turn; printed."""
    first, _, rows = measure(ours, port, community, 1)
    there = shutil.which("snmpbulkwalk") is not None
    peers = {at_a_time: peer(at_a_time) for at_a_time in PEERS} if there else {}
    mine: list[float] = []
    others: dict[int, list[float]] = {at_a_time: [] for at_a_time in peers}
    for _ in range(runs):
        mine.append(measure(ours, port, community, 1)[0])
        for at_a_time, walk in peers.items():
            used, _, count = measure(walk, port, community, 1)
            others[at_a_time].append(used)
            assert count == rows, f"snmpbulkwalk read {count} of {rows} rows"
    print(f"{community}, {rows} rows")
    print(f"  ours              {statistics.median(mine):6.1f} ms CPU, {min(mine):.1f} at best; the first {first:.1f}")
    for at_a_time, its in others.items():
        ratio = statistics.median(own / other for own, other in zip(mine, its, strict=True))
        spent = f"{statistics.median(its):6.1f} ms CPU, {min(its):.1f} at best"
        print(
            f"  snmpbulkwalk -Cr{at_a_time} {spent}: ours is {ratio:.2f} times it, {min(mine) / min(its):.2f} at best"
        )
        told(f"a walk of {rows:,} rows beside snmpbulkwalk -Cr{at_a_time}", ratio, "times its CPU", at_most=1)
    if there:
        start = measure(peer(10, "1.3.6.1.2.1.1.1"), port, community, runs)[0]
        print(f"  of which its start {start:5.1f} ms")
    else:
        missing("snmpbulkwalk", "apt install snmp")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=sized(9, 1))
    options.add_argument("--alone", nargs=3, metavar=("WHO", "PORT", "COMMUNITY"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.alone:
        who, port, community = given.alone
        WALKS[who](int(port), community)
        print(most("self"))
        return
    runs = given.runs
    names = sized(DEVICES, DEVICES[:1])
    words = [sys.executable, str(TESTS / "support" / "snmp_replay.py"), "600", *(str(recordings()[n]) for n in names)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(TESTS)}
    ) as served:
        try:
            assert served.stdout is not None
            port = int(served.stdout.readline())
            for name in names:
                turns(port, name.rpartition("/")[2], runs)
            community = names[-1].rpartition("/")[2]
            slow, own = (measure(walk, port, community, 1)[0] for walk in (theirs, ours))
            print(f"  pysnmp            {slow:7.1f} ms CPU: ours is 1/{slow / own:.0f} of it")
            told("a walk beside pysnmp", slow / own, "times quicker")
            memory(port, community, there=shutil.which("snmpbulkwalk") is not None)
        finally:
            served.terminate()


if __name__ == "__main__":
    main()
