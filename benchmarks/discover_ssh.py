"""SSH discovery: hosts per minute and core with one script on one connection, against a connection per command.

    python benchmarks/discover_ssh.py [--hosts 40]

One real OpenSSH server stands for all hosts, so what is measured is the collector: processor time of this process from
connecting to mapped sections, and the wall time of one host after another. The same bytes on every machine come from
a plain host (100 services, 200 sockets, 850 packages), which answers at once; this machine itself runs the script. All
ways ask in the same run.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from common import sized
from common.figures import missing, told
from common.plain_host import WORD, answer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import paramiko
from support.ssh_server import SSHD, Server, sshd

from cmdb_agents import masking, report
from cmdb_agents.discover.kind import Task
from cmdb_agents.discover.kinds.ssh import SSH
from cmdb_agents.run import look
from cmdb_agents.transports.local import Linux
from cmdb_agents.transports.readings import Machine
from cmdb_agents.transports.ssh import ask, private_key
from cmdb_agents.transports.ssh_capture import capture
from cmdb_agents.transports.ssh_hosts import HostKeys

COMMANDS = (
    "uname -a", "cat /etc/os-release", "cat /proc/meminfo", "cat /proc/cpuinfo", "ip -o addr", "df -P",
    "cat /proc/self/mountinfo", "cat /proc/net/tcp", "cat /proc/net/tcp6", "ps -eo pid,ppid,args", "cat /etc/passwd",
    "ip -o neigh",
)  # fmt: skip
"""Twelve commands such as others send, of which none brings what our script does: no holders of sockets, no units."""

BESIDE_OTHERS = True
BAR = 4_000
"""Hosts per minute and core that the collector must reach on the plain host."""

AT_ONCE = 8
_PLAIN = """\
word=$(sed -n 's/^word=//p')
printf '\\n@%s packed\\n' "$word"
sed "s/{word}/$word/" {file} | gzip -1c
"""


def measured(work: Callable[[], object], hosts: int, each: int = 1) -> tuple[float, float]:
    """Median milliseconds of processor and wall time for one host, where a call looks at `each`."""
    if hosts > 1:
        work()
    spent, took = [], []
    for _ in range(hosts):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        spent.append((time.process_time() - cpu) * 1000 / each)
        took.append((time.perf_counter() - wall) * 1000 / each)
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


class Read:
    """A machine that was read already."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def read(self) -> Machine:
        """See Transport."""
        return self._machine


def new_look(task: Task) -> None:
    """A look at a host whose command lines nobody has seen before."""
    masking.command.cache_clear()
    masking.text.cache_clear()
    SSH.look(task)


def parts(task: Task, hosts: int) -> None:
    """What of a look costs what."""
    raw = answer().encode()
    machine = Linux(capture(raw, WORD)).read()
    _, sections = look(Read(machine), {}, task.now)

    def mapped() -> None:
        masking.command.cache_clear()
        masking.text.cache_clear()
        look(Read(machine), {}, task.now)

    rows = {
        "connect, log in, run, take the answer apart": lambda: ask(task, HostKeys(task.folder)),
        "of it, take the answer apart": lambda: capture(raw, WORD),
        "read it as the agent reads its host": lambda: Linux(capture(raw, WORD)).read(),
        "decide whose is what, mask, map to sections": mapped,
        "behind the look: hash the sections": lambda: report.state(sections),
    }
    for name, work in rows.items():
        print(f"  {name:46}{measured(work, hosts)[0]:8.1f} ms")


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--hosts", type=int, default=sized(40, small=2))
    hosts = options.parse_args().hosts
    if SSHD is None:
        missing("OpenSSH's server", "apt install openssh-server; without it nothing can be measured")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "answer").write_text(answer())
        (folder / "host").write_text(_PLAIN.format(word=WORD, file=folder / "answer"))
        with (
            sshd(folder / "plain", f"MaxStartups 200\nForceCommand sh {folder / 'host'}") as plain,
            sshd(folder / "real", "MaxStartups 200") as real,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            now = int(time.time())
            task = Task(plain.place, plain.pinned(folder / "one"), (plain.secret,), now=now)
            here = Task(real.place, real.pinned(folder / "two"), (real.secret,), now=now)
            tasks = [replace(task) for _ in range(AT_ONCE)]
            sight = SSH.look(task)
            rows = {
                "plain host, one script, mapped (ours)": measured(lambda: new_look(task), hosts),
                f"the same, {AT_ONCE} hosts at once": measured(
                    lambda: list(pool.map(new_look, tasks)), max(hosts // 4, 1), AT_ONCE
                ),
                "this machine, one script, mapped (ours)": measured(lambda: new_look(here), max(hosts // 2, 1)),
                "12 commands, a session each, not parsed": measured(lambda: per_session(real), max(hosts // 2, 1)),
                "12 commands, a connection each, not parsed": measured(
                    lambda: per_connection(real), max(hosts // 4, 1)
                ),
            }
            print(f"{'':46}{'CPU ms/host':>12}{'wall ms/host':>14}{'hosts/min/core':>16}")
            for title, (cpu, wall) in rows.items():
                print(f"{title:46}{cpu:12.1f}{wall:14.0f}{60_000 / cpu:16.0f}")
            parts(task, hosts)
    ours, eight, mine, sessions, many = rows.values()
    told("plain hosts over SSH", 60_000 / ours[0], "a minute and core", at_least=BAR)
    told(f"plain hosts over SSH, {AT_ONCE} at once", 60_000 / eight[0], "a minute and core", at_least=BAR)
    told("this machine beside 12 commands, a session each", sessions[0] / mine[0], "times less CPU")
    told("this machine beside 12 commands, a connection each", many[0] / mine[0], "times less CPU")
    print(f"the bar is {BAR} on the plain host: {60_000 / ours[0] / BAR:.2f} of it")
    print(f"this machine against a connection per command: {many[0] / mine[0]:.1f}x less CPU, "
          f"{many[1] / mine[1]:.1f}x less time")  # fmt: skip
    items = sum(len(section.items) + len(section.links) for section in sight.sections)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"one plain answer: {sight.received / 1024:.0f} KiB, {items} items and links; peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
