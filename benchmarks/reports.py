"""Reports a second from the agent's signature into Neo4j: first, changed and unchanged, beside one-row commits.

    python benchmarks/reports.py [--hosts 40] [--services 112] [--rounds 8]

`epicentre up` runs as its own process; every host's agent has a kept-open connection and sends signed reports made
beforehand, so what is timed is the server: signature, parse, inbox, identity, plan and graph, until nothing is queued.
The limit in the same run is the smallest useful transaction: one row written by the same driver to the same Neo4j.
Processor time is printed too: it says the same on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from common import SMALL, sized
from common.figures import told
from common.running_neo4j import Neo4j, neo4j
from nacl.signing import SigningKey
from support.front_door import signature_headers
from support.server_process import Agent, Up, enrolled, until, up

from cmdb.store import Store
from cmdb.words import Evidence, Item, Link, Ref, Section, section_hash

BARS = {"changed": 50, "unchanged": 500}
"""Reports a second."""


def sections(node: str, services: int, changed: int) -> list[Section]:
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
    host = Item("Host", "self", f"bench-{node}", {"hostname": f"bench-{node}"})
    return [Section("host", True, (host,)), Section("services", True, items), Section("sockets", True, (), links)]


@dataclass
class Sender:
    """One host's agent: what it said last, and how often it has reported."""

    agent: Agent
    port: int
    known: dict[str, str] = field(default_factory=dict)
    seq: int = 0

    def request(self, made: list[Section]) -> bytes:
        """The next report as it goes over the wire, with only what changed."""
        parts = {}
        for section in made:
            wire = section.to_wire()
            text = section_hash(wire)
            parts[section.name] = {"hash": text} if self.known.get(section.name) == text else {"hash": text, **wire}
            self.known[section.name] = text
        self.seq += 1
        node, seed = self.agent
        raw = orjson.dumps({
            "schema": 1, "report_id": f"r-{node}-{self.seq}", "node": node, "boot_id": "b", "seq": self.seq,
            "taken_at": "2026-01-01T00:00:00Z", "sections": parts,
        })  # fmt: skip
        authority = f"127.0.0.1:{self.port}"
        signed = signature_headers(
            SigningKey(seed), node, authority, raw, created=int(time.time()), nonce=str(self.seq)
        )
        head = "".join(f"{k}: {v}\r\n" for k, v in signed.items())
        return (
            f"POST /snapshots HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n{head}"
            f"Content-Length: {len(raw)}\r\n\r\n".encode()
            + raw
        )


async def send(port: int, requests: list[bytes]) -> None:
    """One agent's reports, one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        said = await reader.readexactly(length)
        if not answer.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(f"refused: {said!r}")
    writer.close()


async def send_all(port: int, requests: list[list[bytes]]) -> None:
    """All agents at once."""
    await asyncio.gather(*(send(port, one) for one in requests))


@dataclass(frozen=True)
class Figure:
    """Reports a second until nothing was queued, and processor milliseconds of one: of the server, and of Neo4j."""

    rate: float
    own: float
    neo4j: float


def phase(server: Up, graph: Neo4j, requests: list[list[bytes]]) -> Figure:
    """Send everything and wait until it is in the graph."""
    count = sum(map(len, requests))
    before, started = (server.cpu(), graph.cpu()), time.perf_counter()
    asyncio.run(send_all(server.port, requests))
    until(lambda: server.inbox("queue") == 0, 600)
    took, after = time.perf_counter() - started, (server.cpu(), graph.cpu())
    return Figure(count / took, *((b - a) * 1000 / count for a, b in zip(before, after, strict=True)))


def limit(store: Store) -> float:
    """Write transactions of one row a second."""
    write = store._bolt.write
    for _ in range(50):
        write(lambda run: run("MERGE (b:Bench {id: 1}) SET b.n = coalesce(b.n, 0) + 1", {}))
    started = time.perf_counter()
    for _ in range(200):
        write(lambda run: run("MERGE (b:Bench {id: 1}) SET b.n = coalesce(b.n, 0) + 1", {}))
    return 200 / (time.perf_counter() - started)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=sized(40, 2))
    parser.add_argument("--services", type=int, default=112)
    parser.add_argument("--rounds", type=int, default=sized(8, 2))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        agents = enrolled(Path(folder), options.hosts)
        with neo4j() as graph, up(Path(folder), graph.settings) as server:
            measure(server, graph, [Sender(agent, server.port) for agent in agents], options.services, options.rounds)


def measure(server: Up, graph: Neo4j, senders: list[Sender], services: int, rounds: int) -> None:
    """The phases, and the limit before and after."""
    size = sum(len(orjson.dumps(s.to_wire())) for s in sections("x", services, 0)) / 1024

    def round_of(changed: int, each: int = 1) -> Figure:
        made = [[s.request(sections(s.agent[0], services, changed)) for _ in range(each)] for s in senders]
        return phase(server, graph, made)

    print(f"{len(senders)} agents at once, {size:.0f} KiB when whole: {services} services, 5 facts changed; own client")
    show("first, everything new", round_of(0), None)
    for warm in range(1, sized(4, 2)):
        round_of(warm)
    changed = [round_of(10 + n) for n in range(rounds)]
    unchanged = [round_of(9 + rounds, each=sized(20, 5)) for _ in range(rounds)]
    with graph.store() as store:
        bare = limit(store)
    show("changed", median(changed), bare)
    show("unchanged", median(unchanged), bare)
    print(f"limit: one-row commits {bare:8.1f} a second")


def median(figures: list[Figure]) -> Figure:
    """Of each figure by itself."""
    return Figure(*(statistics.median(getattr(f, name) for f in figures) for name in ("rate", "own", "neo4j")))


def show(what: str, figure: Figure, bare: float | None) -> None:
    """One line."""
    ratio = f", {figure.rate / bare:.2f} of the limit (bar: {BARS[what]}/s)" if bare is not None else ""
    cpu = f"{figure.own:.2f} ms of the server and {figure.neo4j:.2f} ms of Neo4j each"
    told(f"reports, {what}", figure.rate, "a second", at_least=None if SMALL else BARS.get(what))
    if bare is not None:
        told(f"reports, {what}, beside one-row commits", figure.rate / bare, "of their rate")
    print(f"{what:22} {figure.rate:8.1f} reports/s{ratio}; {cpu}")


if __name__ == "__main__":
    main()
