"""How fast rows become a graph: through transactions, and through the offline importer; both from one file in one run.

    python benchmarks/imports.py                    # 20,000 CIs, both ways
    python benchmarks/imports.py --cis 1000000      # a million offline; transactions take a sample of it

Each host has a serial number, carries nine services and filesystems, and its services use others: about 1.9 edges a CI.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import SMALL, sized
from common.figures import told
from common.running_neo4j import JAVA, free_port, neo4j

from cmdb.config import load
from cmdb.imports import parse
from cmdb.store import By
from cmdb_processes.cli.server.first_load import first_load
from cmdb_processes.cli.transfer.layout import look
from cmdb_processes.cli.transfer.outcomes import OutcomeFile

INSIDE = 9
SAMPLE = 20_000
"""CIs that go through transactions at most."""
NOW = "2026-11-01T12:00:00.000Z"
PORT = free_port()
BESIDE_OTHERS = True


def rows(cis: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """An estate of about that many CIs; the first rows of a larger one are those of a smaller."""
    chance = random.Random(seed)
    hosts = max(2, cis // (INSIDE + 1))
    for n in range(hosts):
        serial = {"serial": f"SN{n:08}X", "vendor": "Dell Inc.", "fqdn": f"h{n}.example.org", "memory_bytes": 2**35}
        yield {"class": "Host", "ref": f"h{n}", "name": f"h{n}", "attributes": serial}
        for place in range(INSIDE):
            ref = f"s{n}.{place}"
            given = {"kind": "program", "listens": [f"tcp://10.{n % 250}.{n // 250 % 250}.9:{8000 + place}"]}
            yield {"class": "Service", "ref": ref, "parent": f"h{n}", "name": f"svc{place}", "attributes": given}
            if n:
                # Low numbers are asked for most: a few hubs, as in any estate.
                other = f"s{int(n * chance.random() ** 2)}.{chance.randrange(INSIDE)}"
                yield {"type": "DEPENDS_ON", "from": ref, "to": other}


def processors() -> float:
    """Seconds of processor time so far, of this process and those it has waited for."""
    return sum(os.times()[:4])


def online(cis: int) -> tuple[float, float, int, float]:
    """Rows a second through transactions into an empty graph, and again unchanged; rows, and processor seconds."""
    with neo4j() as server, server.store() as store:
        made = [parse(n, row) for n, row in enumerate(rows(min(cis, SAMPLE)), start=1)]
        taken, after = [], 0.0
        before = processors() + server.cpu()
        for _ in range(2):
            begun = time.perf_counter()
            done = store.bulk_upsert(made, "bench", By("bench", NOW))
            taken.append(len(made) / (time.perf_counter() - begun))
            assert {one.word for one in done.outcomes} <= {"created", "unchanged"}
            after = after or processors() + server.cpu()
    return taken[0], taken[1], len(made), after - before


def offline(home: Path, cis: int) -> tuple[int, dict[str, float]]:
    """Rows, and the seconds of each step of a first load."""
    file = home / "estate.jsonl"
    with file.open("w") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows(cis))
    steps, last = {}, time.perf_counter()

    def note(text: str) -> None:
        nonlocal last
        now = time.perf_counter()
        steps[text], last = now - last, now

    layout = look(file, "jsonl", keep=False)
    note("read once")
    given = {"source": "bench", "reason": None}
    with OutcomeFile(home / "outcomes", {}) as kept:
        settings = load(home=home / "server", neo4j_port=PORT, neo4j_java_options=JAVA)
        first_load(settings, file, "jsonl", layout, given, kept, lambda _: None, note)
        assert set(kept.counts) == {"created"}, kept.counts
    note("checked and indexed")
    return layout.rows, steps


def main() -> None:
    """Both ways, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cis", type=int, default=sized(SAMPLE, 100))
    cis = parser.parse_args().cis
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        before, begun = processors(), time.process_time()
        count, steps = offline(home, cis)
        spent, own = processors() - before, time.process_time() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    new, again, sample, used = online(cis)
    print(f"transactions, {sample:,} rows: {new:,.0f} rows/s new, {again:,.0f} rows/s unchanged")
    taken = sum(steps.values())
    names = ("read the file", "identified, planned, written as CSV", "Neo4j's importer",
             "constraints and indexes")  # fmt: skip
    for name, seconds in zip(names, steps.values(), strict=True):
        print(f"  {seconds:8.1f} s  {name}")
    print(f"first load, {count:,} rows ({cis:,} CIs): {taken:,.1f} s, {count / taken:,.0f} rows/s")
    print(f"of it our own: {own / count * 1e6:.0f} µs of the processor a row; at most {most:,.0f} MiB of memory")
    told(f"first load of {count:,} rows", count / spent, "rows a CPU second")
    told(f"transactions of {sample:,} rows", sample / used, "rows a CPU second")
    if not SMALL:  # a small run is beside others, and most of it is Neo4j's starts
        told(f"first load of {count:,} rows", count / taken, "rows a second")
        told("first load beside transactions, by the clock", count / taken / new, "times its rate")
    print(f"ratio first load / transactions: {count / taken / new:.1f}×")


if __name__ == "__main__":
    main()
