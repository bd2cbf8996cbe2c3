"""Ten thousand agents at once: a real server takes their first reports, and none may be lost.

    python benchmarks/many_agents.py [--agents 10000] [--kib 20]

`epicentre up` runs as its own process on loopback; every agent has its own key and connection, all begin together,
and one that is told to come back does so after the time it was told, with jitter, as a real one. The bars: all stored
within 60 s, none lost, and the server's own process (without Neo4j) below 256 MB. The limit in the same run is the
inbox alone, taking the same reports without HTTP and signatures.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing as mp
import random
import resource
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from common import sized
from common.figures import told
from common.running_neo4j import neo4j
from nacl.signing import SigningKey
from support.front_door import signature_headers
from support.reports import host, network, report, service, services, sockets, uses, wire
from support.server_process import Agent, Up, enrolled, up

from cmdb.inbox import Inbox
from cmdb.words import Snapshot

BESIDE_OTHERS = True
CLIENTS = 2
"""Processes that the agents share."""

PATIENCE = 120.0
Said = tuple[int, int, list[float]]
"""Of one client process: reports acknowledged, times an agent was told to come back, when each was stored (s)."""


def made(kib: int) -> Snapshot:
    """A host's first report of about `kib` KiB."""
    count = max(1, round(kib * 5.85) - 3)
    units = [service(f"unit-{n}.service", 1000 + n, program=f"package-{n} 1.2.3") for n in range(count)]
    return report(1, host("web1"), network("10.0.0.5"), services(*units), sockets(uses(units[0], "10.0.0.9:5432")))


def body(full: dict[str, object], node: str) -> bytes:
    """The report of one agent."""
    return orjson.dumps(full | {"node": node, "report_id": f"{node}-1"})


# --- the agents --------------------------------------------------------------------------------------------


async def agent(
    port: int, node: str, seed: bytes, full: dict[str, object], start: asyncio.Event, said: list[float]
) -> int:
    """Report once, as often as it takes; how often it was told to come back."""
    raw, key, authority = body(full, node), SigningKey(seed), f"127.0.0.1:{port}"
    await start.wait()
    begun, refused = time.monotonic(), 0
    while time.monotonic() - begun < PATIENCE:
        wait = 1.0
        with suppress(OSError, asyncio.IncompleteReadError):
            status, wait = await once(port, key, node, authority, raw, refused + 1)
            if status in {200, 202}:
                said.append(time.monotonic() - begun)
                return refused
        refused += 1
        await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # jitter, no secret
    return refused


async def once(port: int, key: SigningKey, node: str, authority: str, raw: bytes, counter: int) -> tuple[int, float]:
    """One request on a connection of its own: status and, if told so, seconds to wait."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        signed = signature_headers(key, node, authority, raw, created=int(time.time()), nonce=str(counter))
        head = "".join(f"{k}: {v}\r\n" for k, v in signed.items())
        writer.write(
            f"POST /snapshots HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"{head}Content-Length: {len(raw)}\r\n\r\n".encode()
            + raw
        )
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        _, told, rest = answer.partition("retry-after: ")
        return int(answer.split()[1]), float(rest.split()[0]) if told else 1.0
    finally:
        writer.close()


def client(port: int, agents: list[Agent], full: dict[str, object], go: object, out: mp.Queue[Said]) -> None:
    """One process of agents."""

    async def all_of_them() -> Said:
        start, said = asyncio.Event(), list[float]()
        tasks = [asyncio.create_task(agent(port, node, seed, full, start, said)) for node, seed in agents]
        await asyncio.sleep(0)
        await asyncio.to_thread(go.wait)  # type: ignore[attr-defined]  # multiprocessing's Event has no type of its own
        start.set()
        refused = await asyncio.gather(*tasks)
        return len(said), sum(refused), said

    out.put(asyncio.run(all_of_them()))


# --- the server --------------------------------------------------------------------------------------------


def alone(snapshot: Snapshot, full: dict[str, object], count: int) -> float:
    """Reports a second into the inbox by themselves, 64 at once."""
    bodies = [body(full, f"nd_{n}") for n in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        box = Inbox(Path(folder) / "inbox.db")

        async def all_of_them() -> None:
            gate = asyncio.Semaphore(64)

            async def one(n: int) -> None:
                async with gate:
                    await box.accept_async(
                        f"nd_{n}", 1, replace(snapshot, node=f"nd_{n}", report_id=f"nd_{n}-1"), bodies[n]
                    )

            await asyncio.gather(*(one(n) for n in range(count)))

        begun = time.monotonic()
        asyncio.run(all_of_them())
        rate = count / (time.monotonic() - begun)
        box.close()
    return rate


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--agents", type=int, default=sized(10_000, 50))
    options.add_argument("--kib", type=int, default=20)
    said = options.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    snapshot = made(said.kib)
    full = wire(snapshot)
    with tempfile.TemporaryDirectory() as folder:
        agents = enrolled(Path(folder), said.agents)
        with neo4j() as graph, up(Path(folder), graph.settings) as server:
            measure(server, agents, full)
    limit = alone(snapshot, full, min(said.agents, 2000))
    told("the inbox alone, without HTTP and signatures", limit, "reports a second")
    print(f"limit: inbox alone      {limit:8,.0f} reports/s")


def measure(server: Up, agents: list[Agent], full: dict[str, object]) -> None:
    """All at once, then the figures."""
    idle, size, port = server.peak_mib(), len(body(full, agents[0][0])), server.port
    context = mp.get_context("fork")
    go, out = context.Barrier(CLIENTS + 1), context.Queue()
    children = [context.Process(target=client, args=(port, agents[k::CLIENTS], full, go, out)) for k in range(CLIENTS)]
    for child in children:
        child.start()
    go.wait(PATIENCE)  # every agent has made its report before any begins
    results = [out.get(timeout=PATIENCE * 2) for _ in children]
    for child in children:
        child.join()
    acknowledged, waited = sum(r[0] for r in results), sum(r[1] for r in results)
    times = sorted(at for r in results for at in r[2])
    stored = server.inbox("report")
    print(f"{len(agents):,} agents at once, {size / 1024:.1f} KiB each, all cores shared with them")
    print(f"stored                  {acknowledged:8,} of {len(agents):,} in {times[-1]:.1f} s (bar: 60 s)")
    print(f"rate                    {acknowledged / times[-1]:8,.0f} reports/s; median {times[len(times) // 2]:.1f} s")
    print(f"lost                    {acknowledged - stored:8,} acknowledged and not there (bar: 0)")
    print(f"told to come back       {waited:8,} times")
    print(f"applied meanwhile       {stored - server.inbox('queue'):8,} reports")
    many = f"{len(agents):,} agents at once"
    told(f"{many}: the last is stored", times[-1], "s", at_most=60)
    told(f"{many}: acknowledged and lost", acknowledged - stored, "reports", at_most=0)
    told(f"{many}: server without Neo4j", server.peak_mib() * 1.048576, "MB", at_most=256)
    print(f"server at its most      {server.peak_mib():8,.0f} MiB (bar: 256 MB), {idle:.0f} MiB before")


if __name__ == "__main__":
    main()
