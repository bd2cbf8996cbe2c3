"""SSH discovery: hosts per minute and core with one script on one connection, against a connection per command.

    python benchmarks/discover_ssh.py [--hosts 40]

One real OpenSSH server stands for all hosts, so what is measured is the collector: processor time of this process from
connecting to mapped sections, and the wall time of one host after another. All three ways ask in the same run.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import sized

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import paramiko
from support.ssh_server import SSHD, Server, sshd

from cmdb_agents.discover.kind import Task
from cmdb_agents.discover.kinds.ssh import SSH
from cmdb_agents.transports.ssh import private_key

COMMANDS = (
    "uname -a", "cat /etc/os-release", "cat /proc/meminfo", "cat /proc/cpuinfo", "ip -o addr", "df -P",
    "cat /proc/self/mountinfo", "cat /proc/net/tcp", "cat /proc/net/tcp6", "ps -eo pid,ppid,args", "cat /etc/passwd",
    "ip -o neigh",
)  # fmt: skip
"""Twelve commands such as others send, of which none brings what our script does: no holders of sockets, no units."""


def measured(work: Callable[[], None], hosts: int) -> tuple[float, float]:
    """Median milliseconds of processor and wall time for one host."""
    work()
    spent, took = [], []
    for _ in range(hosts):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        spent.append((time.process_time() - cpu) * 1000)
        took.append((time.perf_counter() - wall) * 1000)
    return statistics.median(spent), statistics.median(took)


def connected(server: Server) -> paramiko.Transport:
    """A connection as a plain use of the library makes it."""
    transport = paramiko.Transport((server.place.address, server.place.port))
    transport.connect(username=server.secret.user, pkey=private_key(server.secret))
    return transport


def run(transport: paramiko.Transport, command: str) -> bytes:
    """One command in a session of its own."""
    channel = transport.open_session()
    channel.exec_command(command)
    chunks = []
    while chunk := channel.recv(2**16):
        chunks.append(chunk)
    channel.close()
    return b"".join(chunks)


def per_connection(server: Server) -> None:
    """A connection for each command; nothing is parsed."""
    for command in COMMANDS:
        transport = connected(server)
        run(transport, command)
        transport.close()


def per_session(server: Server) -> None:
    """One connection, a session for each command; nothing is parsed."""
    transport = connected(server)
    for command in COMMANDS:
        run(transport, command)
    transport.close()


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--hosts", type=int, default=sized(40, small=5))
    hosts = options.parse_args().hosts
    if SSHD is None:
        print("no OpenSSH server is installed (package openssh-server): nothing to measure")
        return
    with tempfile.TemporaryDirectory() as folder, sshd(Path(folder) / "sshd", "MaxStartups 200") as server:
        task = Task(server.place, server.pinned(Path(folder) / "collector"), (server.secret,), now=int(time.time()))
        sight = SSH.look(task)
        ours = measured(lambda: SSH.look(task), hosts)
        many = measured(lambda: per_connection(server), max(hosts // 4, 2))
        sessions = measured(lambda: per_session(server), max(hosts // 2, 2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'':44}{'CPU ms/host':>12}{'wall ms/host':>14}{'hosts/min/core':>16}")
    for name, (cpu, wall) in (
        ("one script, mapped to sections (ours)", ours),
        ("12 commands, a session each, not parsed", sessions),
        ("12 commands, a connection each, not parsed", many),
    ):
        print(f"{name:44}{cpu:12.1f}{wall:14.0f}{60_000 / cpu:16.0f}")
    print(f"ratio to a connection per command: {many[0] / ours[0]:.1f}x less CPU, {many[1] / ours[1]:.1f}x less time")
    items = sum(len(section.items) for section in sight.sections)
    print(f"one answer: {sight.received / 1024:.0f} KiB, {items} items; peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
