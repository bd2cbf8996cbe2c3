"""How many reports a second the front door takes: at the inbox, and over HTTP beside an endpoint that does nothing.

    python benchmarks/front_door.py [--seconds 5] [--agents 64]

All on this machine, clients included, so HTTP figures are of two halves sharing the same cores. Every client is a
process of its own with kept-open connections, signs each request anew, and one request waits for its answer.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing as mp
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from common import sized
from common.figures import told
from fastapi import FastAPI, Request
from nacl.signing import SigningKey
from support.front_door import front_door, signature_headers
from support.reports import host, network, report, service, services, sockets, uses, wire

from cmdb.inbox import Inbox
from cmdb.words import Snapshot
from cmdb_graphql.serve import Server
from cmdb_graphql.signatures import Signatures

CLIENTS = 2
"""Processes that the agents share."""

Made = tuple[str, bytes, str, int]  # node, seed, kind of report, port


def sections(size: int, salt: str = "") -> Snapshot:
    """A report of about `size` KiB."""
    units = [service(f"unit-{n}.service", 1000 + n, program=f"package-{n} 1.2.3{salt}") for n in range(size * 5)]
    return report(1, host("web1"), network("10.0.0.5"), services(*units), sockets(uses(units[0], "10.0.0.9:5432")))


def body(node: str, n: int, kind: str, full: dict[str, object]) -> bytes:
    """The n-th report of a node, in full or with hashes only."""
    said = dict(full) | {"node": node, "report_id": f"{node}-{n}-{os.getpid()}", "seq": n + 1}
    if kind == "unchanged" and n:
        parts: dict[str, dict[str, object]] = full["sections"]  # type: ignore[assignment]  # as wire() makes it
        said["sections"] = {name: {"hash": part["hash"]} for name, part in parts.items()}
    return orjson.dumps(said)


# --- inbox -------------------------------------------------------------------------------------------------


def inbox(kind: str, senders: int, seconds: float, snapshot: Snapshot) -> float:
    """Accepts a second, `senders` threads at once."""
    from dataclasses import replace

    raw, done, stop = orjson.dumps(wire(snapshot)), [0] * senders, threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        box = Inbox(Path(folder) / "inbox.db", max_queued=10_000_000)

        def send(k: int) -> None:
            node = f"nd_{k}"
            while not stop.is_set():
                n = done[k] + 1
                delta = kind == "unchanged" and n > 1
                one = replace(
                    snapshot, node=node, report_id=f"{node}-{n}", seq=n, sections=() if delta else snapshot.sections
                )
                box.accept(node, n, one, raw)
                done[k] = n

        threads = [threading.Thread(target=send, args=(k,)) for k in range(senders)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        rate = sum(done) / (time.perf_counter() - started)
        box.close()
    return rate


# --- HTTP --------------------------------------------------------------------------------------------------


def client(agents: list[Made], full: dict[str, object], seconds: float) -> list[float]:
    """One process of agents: each has a connection and sends the next report when the last is answered."""
    return asyncio.run(_drive(agents, full, seconds))


async def _drive(agents: list[Made], full: dict[str, object], seconds: float) -> list[float]:
    took: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_agent(one, full, until, took) for one in agents))
    return took


async def _agent(one: Made, full: dict[str, object], until: float, took: list[float]) -> None:
    node, seed, kind, port = one
    key, authority, n = SigningKey(seed), f"127.0.0.1:{port}", 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        raw = body(node, n, kind, full)
        signed = signature_headers(key, node, authority, raw, created=int(time.time()), nonce=str(n + 1))
        head = "".join(f"{k}: {v}\r\n" for k, v in signed.items())
        begun = time.perf_counter()
        writer.write(
            f"POST /snapshots HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n{head}"
            f"Content-Length: {len(raw)}\r\n\r\n".encode()
            + raw
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        said = await reader.readexactly(length)
        if not answer.startswith((b"HTTP/1.1 202", b"HTTP/1.1 200")):
            raise RuntimeError(f"refused: {said!r}")
        took.append(time.perf_counter() - begun)
        n += 1
    writer.close()


def over_http(clients: Executor, agents: list[Made], full: dict[str, object], seconds: float) -> list[float]:
    """Latencies of all requests, in seconds."""
    parts = [clients.submit(client, agents[k::CLIENTS], full, seconds) for k in range(CLIENTS)]
    return [one for part in parts for one in part.result(timeout=seconds + 60)]


def bare() -> FastAPI:
    """FastAPI doing nothing but reading the body."""
    app = FastAPI(openapi_url=None)

    @app.post("/snapshots", status_code=202)
    async def snapshots(request: Request) -> dict[str, int]:
        return {"seq": len(await request.body())}

    return app


def line(what: str, took: list[float], seconds: float, base: float | None = None) -> float:
    """Print one figure and return it."""
    rate = len(took) / seconds
    took.sort()
    middle, late = took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
    ratio = f", {rate / base:.2f} of a bare endpoint" if base else ""
    print(f"  {what:<34} {rate:7,.0f}/s   median {middle:6.1f} ms, 99 % {late:6.1f} ms{ratio}")
    return rate


def micro(what: str, work: Callable[[], object], times: int = sized(500, 20)) -> None:
    """Print the mean time of something small."""
    begun = time.perf_counter()
    for _ in range(times):
        work()
    print(f"  {what:<34} {(time.perf_counter() - begun) / times * 1e6:7,.0f} µs")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=sized(5.0, 0.1))
    options.add_argument("--agents", type=int, default=64)
    said = options.parse_args()
    # Forked before anything else runs here: each would be seconds in importing this file again.
    with ProcessPoolExecutor(CLIENTS, mp.get_context("fork")) as clients:
        list(clients.map(abs, range(CLIENTS)))
        measure(clients, said)


def measure(clients: Executor, said: argparse.Namespace) -> None:
    """The inbox by itself, then over HTTP."""
    small, large = sections(4), sections(72)
    fulls = {"small": wire(small), "large": wire(large)}
    sizes = {k: len(orjson.dumps(v)) // 1024 for k, v in fulls.items()}
    print(f"{os.cpu_count()} cores, {said.agents} agents at once, {said.seconds:g} s each")
    print("Inbox (durable: WAL, synchronous=FULL)")
    for kind, snapshot in (("unchanged", small), ("stored", small)):
        for senders in (1, said.agents):
            rate = inbox(kind, senders, said.seconds, snapshot)
            print(f"  {kind:<10} {sizes['small']:>3} KiB, {senders:>3} at once    {rate:7,.0f}/s")
            told(f"inbox, {kind}, {sizes['small']} KiB, {senders} at once", rate, "a second")
    print("HTTP, signed")
    server = Server(bare(), "127.0.0.1", 0)
    server.start()
    keys = [("nd_x", os.urandom(32)) for _ in range(said.agents)]
    with tempfile.TemporaryDirectory() as folder, front_door(Path(folder), max_queued=10_000_000) as door:
        idle: list[Made] = [(n, s, "unchanged", server.port) for n, s in keys]
        base = line("bare FastAPI endpoint, small body", over_http(clients, idle, fulls["small"], said.seconds),
                    said.seconds)  # fmt: skip
        server.stop()
        for kind, which in (("unchanged", "small"), ("stored", "small"), ("stored", "large")):
            senders = [door.enrolled() for _ in range(said.agents)]
            agents: list[Made] = [(s.node, bytes(s.key), kind, door.port) for s in senders]
            rate = line(f"{kind}, {sizes[which]} KiB when whole",
                        over_http(clients, agents, fulls[which], said.seconds), said.seconds, base)  # fmt: skip
            told(f"{kind} over HTTP, {sizes[which]} KiB when whole", rate, "a second")
            told(f"{kind} over HTTP, {sizes[which]} KiB, beside a bare endpoint", rate / base, "of its rate")
        print("Parts of one request")
        _parts(door.enrolled(), door.port, fulls)


def _parts(agent: object, port: int, fulls: dict[str, dict[str, object]]) -> None:
    from starlette.requests import Request as Starlette
    from support.front_door import Sender

    from cmdb import ingest

    assert isinstance(agent, Sender)
    raw = body(agent.node, 1, "unchanged", fulls["small"])
    headers = {**agent.headers(raw), "Host": f"127.0.0.1:{port}"}
    scope = {
        "type": "http", "method": "POST", "scheme": "http", "query_string": b"",
        "path": "/snapshots", "raw_path": b"/snapshots",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()], "server": ("127.0.0.1", port),
    }  # fmt: skip
    signatures, request = Signatures(agent.door.services.enrolment), Starlette(scope)
    signed = signatures.check(request)
    micro("signature", lambda: signatures.check(request))
    micro("digest", lambda: signed.check_body(raw))
    micro("parse, unchanged", lambda: ingest.parse(raw))
    for name, full in fulls.items():
        micro(f"parse, {name}", lambda full=full: ingest.parse(orjson.dumps(full)), sized(30, 5))  # type: ignore[misc]  # mypy on lambdas' defaults


if __name__ == "__main__":
    main()
