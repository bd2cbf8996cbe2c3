"""A machine with thousands of real connections, each to another address and from another one, in a namespace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.namespaces import Spaces

CROWD = "crowd"
_EACH = 9_000
"""Connections of one pair of programs: a process may not open as many files as one likes."""
_PAIR = """
import os, resource, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
port, many = int(sys.argv[1]), int(sys.argv[2])
server = socket.create_server(("0.0.0.0", port), backlog=4096)
if os.fork():
    kept = [server.accept()[0] for _ in range(many)]
    print("ready", flush=True)
else:
    server.close()
    kept = []
    for n in range(many):
        client = socket.socket()
        kept.append(client)
        client.bind((f"10.50.{n // 250}.{n % 250 + 1}", 0))
        client.connect((f"10.60.{n // 250}.{n % 250 + 1}", port))
sys.stdin.read()
"""


@contextmanager
def crowd(folder: Path, sockets: int) -> Iterator[Spaces]:
    """A namespace that has so many sockets, half of them of servers and half of their clients; gone with the block."""
    made = Spaces(folder)
    with made.ending():
        made.make(CROWD, "10.50.0.1")
        made.wire(CROWD, [f"route add local 10.{net}.0.0/16 dev lo" for net in (50, 60)])
        left, pairs = sockets // 2, []
        while left:
            many = min(left, _EACH)
            command = (sys.executable, "-c", _PAIR, str(9_000 + len(pairs)), str(many))
            pairs.append(made.start(CROWD, *command, talking=True))
            left -= many
        for pair in pairs:
            assert pair.stdout and pair.stdout.readline() == b"ready\n", (folder / f"{CROWD}.log").read_text()
        yield made
