"""A walk of everything a recorded switch says, by our own codec, beside net-snmp's snmpbulkwalk and pysnmp.

    python benchmarks/snmp_walk.py [--runs 3]

All three read the same 34,000 rows (a small run: fewer) from the same responder (a process of its own), 32 rows a
question. Each figure is the median CPU of the walk itself; snmpbulkwalk's is its whole process, without MIB files. Ours
and snmpbulkwalk's take turns, so that what else the machine does hits both. The first of ours is told apart: it is a
collector's first device, later ones find most names known.
"""

from __future__ import annotations

import argparse
import asyncio
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
LARGE, SMALL = "network/switch/cisco-n5000", "network/firewall/netentsec-ngfw"


def ours(port: int, community: str) -> int:
    """Rows by our codec."""
    walk = asyncio.run(read(Target("127.0.0.1", port, "2c", community), lambda _: ALL, Bounds(wait=5)))
    assert not walk.cuts, walk.cuts
    return len(walk.values)


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


def peer(port: int, community: str) -> int:
    """Rows by snmpbulkwalk."""
    words = ["snmpbulkwalk", "-v2c", "-c", community, "-Cr32", "-On", "-m", "", "-t", "5", f"127.0.0.1:{port}", "1"]
    done = subprocess.run(words, capture_output=True, check=True, env={**os.environ, "MIBS": ""})
    return sum(line.startswith(b".") for line in done.stdout.splitlines()) - done.stdout.count(
        b"No more variables left"
    )


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


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=sized(9, 1))
    runs = options.parse_args().runs
    name = sized(LARGE, SMALL)
    path, community = recordings()[name], name.rpartition("/")[2]
    words = [sys.executable, str(TESTS / "support" / "snmp_replay.py"), "300", str(path)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(TESTS)}
    ) as served:
        try:
            assert served.stdout is not None
            port = int(served.stdout.readline())
            first = measure(ours, port, community, 1)
            there = shutil.which("snmpbulkwalk") is not None
            turns = [
                (measure(ours, port, community, 1), measure(peer, port, community, 1) if there else (0, 0, 0))
                for _ in range(runs)
            ]
            mine, other = (
                (*map(statistics.median, list(zip(*one, strict=True))[:2]), one[0][2])
                for one in zip(*turns, strict=True)
            )
            print(f"ours          {mine[0]:8.0f} ms CPU {mine[1]:8.0f} ms  {mine[2]} rows; the first {first[0]:.0f} ms")
            if there:
                print(f"snmpbulkwalk  {other[0]:8.0f} ms CPU {other[1]:8.0f} ms  {other[2]} rows")
                print(
                    f"              ours is {mine[0] / other[0]:.1f} times its CPU, the first {first[0] / other[0]:.1f}"
                )
            else:
                missing("snmpbulkwalk", "apt install snmp")
            if there:
                told(f"a walk of {mine[2]:,} rows beside snmpbulkwalk", mine[0] / other[0], "times its CPU")
            slow = measure(theirs, port, community, 1)
            print(f"pysnmp        {slow[0]:8.0f} ms CPU {slow[1]:8.0f} ms  {slow[2]} rows")
            told(f"a walk of {mine[2]:,} rows beside pysnmp", slow[0] / mine[0], "times quicker")
            print(f"              ours is 1/{slow[0] / mine[0]:.0f} of its CPU")
        finally:
            served.terminate()


if __name__ == "__main__":
    main()
