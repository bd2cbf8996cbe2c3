"""Reports a second into Neo4j: a first load of hosts, then changed and unchanged reports, beside bare transactions.

    python benchmarks/reports.py [--hosts 20] [--services 150] [--rounds 10]

The limit in the same run is the smallest useful transaction: one row written by the same driver to the same server.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import orjson

from cmdb import ingest
from cmdb.applier import Agents, Applier, utc_now
from cmdb.config import load
from cmdb.engine import Engine
from cmdb.inbox import Inbox
from cmdb.store import Store
from cmdb.words import Evidence, Item, Link, Ref, Section, Snapshot, section_hash


def sections(node: int, services: int, changed: int) -> list[Section]:
    """A host with services that use each other; five of them differ with each `changed`."""
    items = tuple(
        Item("Service", f"s{n}@{1000 + n}", f"s{n}", {
            "kind": "program", "command": "x" * 300, "state": f"v{changed}" if n < 5 else "running",
            "listens": (f"tcp://0.0.0.0:{1000 + n}",),
        })
        for n in range(services)
    )  # fmt: skip
    seen = Evidence("socket", "tcp", 0.9)
    links = tuple(
        Link("DEPENDS_ON", i.ref, Ref("Endpoint", f"tcp://127.0.0.1:{1000 + (n + 1) % services}"), seen)
        for n, i in enumerate(items)
    )  # fmt: skip
    host = Item("Host", "self", f"bench{node}", {"hostname": f"bench{node}"})
    return [Section("host", True, (host,)), Section("services", True, items), Section("sockets", True, (), links)]


def body(node: int, seq: int, made: list[Section], known: dict[str, str]) -> tuple[Snapshot, bytes]:
    """A report with only what changed, as an agent sends it."""
    parts = {}
    for section in made:
        wire = section.to_wire()
        text = section_hash(wire)
        parts[section.name] = {"hash": text} if known.get(section.name) == text else {"hash": text, **wire}
        known[section.name] = text
    report = {
        "schema": 1, "report_id": f"r-{node}-{seq}", "node": f"nd_{node}", "boot_id": "b", "seq": seq,
        "taken_at": utc_now(), "sections": parts,
    }  # fmt: skip
    raw = orjson.dumps(report)
    return ingest.parse(raw), raw


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--services", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load(home=Path(folder), neo4j_port=27900)
        engine = Engine(settings)
        bolt = engine.start()
        store = Store(bolt.uri, bolt.user, bolt.password)
        inbox = Inbox(Path(folder) / "inbox.db")
        applier = Applier(inbox, store, Agents(lambda: (), lambda _node: None))
        try:
            store.migrate()
            measure(options, inbox, applier, store)
        finally:
            inbox.close()
            store.close()
            engine.stop()


def measure(options: argparse.Namespace, inbox: Inbox, applier: Applier, store: Store) -> None:
    """The three phases, then the limit."""
    known: list[dict[str, str]] = [{} for _ in range(options.hosts)]
    seqs = [0] * options.hosts
    size = 0

    def phase(name: str, changed: int) -> float:
        nonlocal size
        started = time.perf_counter()
        for node in range(options.hosts):
            seqs[node] += 1
            made = sections(node, options.services, changed)
            snapshot, raw = body(node, seqs[node], made, known[node])
            size = max(size, len(orjson.dumps([s.to_wire() for s in made])))
            inbox.accept(snapshot.node, seqs[node], snapshot, raw)
        while applier.step():
            pass
        rate = options.hosts / (time.perf_counter() - started)
        if name:
            print(f"{name:22} {rate:8.1f} reports/s")
        return rate

    phase("first, everything new", 0)
    for warm in range(1, 4):
        phase("", warm)
    changed = [phase("", 10 + n) for n in range(options.rounds)]
    unchanged = [phase("", 10 + options.rounds - 1) for _ in range(options.rounds)]
    bare = limit(store)
    print(f"report size            {size / 1024:8.1f} KiB whole, {options.services} services a host, 5 facts changed")
    often, rarely = statistics.median(changed), statistics.median(unchanged)
    print(f"changed                {often:8.1f} reports/s -> {often / bare:.2f} of the limit")
    print(f"unchanged              {rarely:8.1f} reports/s -> {rarely / bare:.2f} of it")
    print(f"limit: one-row commits {bare:8.1f} a second")


def limit(store: Store) -> float:
    """Write transactions of one row a second."""
    write = store._bolt.write
    for _ in range(50):
        write(lambda run: run("MERGE (b:Bench {id: 1}) SET b.n = coalesce(b.n, 0) + 1", {}))
    started = time.perf_counter()
    for _ in range(200):
        write(lambda run: run("MERGE (b:Bench {id: 1}) SET b.n = coalesce(b.n, 0) + 1", {}))
    return 200 / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
