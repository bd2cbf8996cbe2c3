"""What one full snapshot costs a host of 100 processes and a large one, beside node_exporter and an inventory agent.

    python benchmarks/agent_cost.py [--runs 5]

The hosts are this machine with real processes and connections added. CPU is of one look after the first, the median of
fresh processes. The running agent is the real command, by plain HTTP and by TLS with all authorities this machine has
in one file: its peak after twelve reports, the median CPU of those in which nothing is new, with that of the child that
speaks TLS, what that child holds for itself meanwhile, and all bytes that came to the server. Peers that are not
installed are named.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import trustme
from common import sized
from common.figures import missing, told

from cmdb_agents.home import Enrolled, Home

BESIDE_OTHERS = True

SNAPSHOT = """
import time
from cmdb_agents import report
from cmdb_agents.run import look, read, sections
from cmdb_agents.transports.local import Local
transport = Local()
look(transport, {}, int(time.time()))  # the first look imports and fills the caches, as in a running agent
started = time.process_time()
view = read(transport, {}, int(time.time()))
stated = report.state(sections(view))
made = report.compose(stated, {}, report_id="r", node="n", boot_id="b", seq=1, taken_at="t")
body, _ = report.encode(made)
spent = (time.process_time() - started) * 1000
print(spent, len(body), len(view.machine.processes), len(transport.read().sockets))
"""
ALONE = "import time; started = time.process_time()\nimport psutil\nprint((time.process_time() - started) * 1000)\n"
# Not getrusage: at exec the kernel hands a child the peak of the process it was forked from.
PEAK = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


LOAD = """
import os, resource, socket, sys, time
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
processes, each = int(sys.argv[1]), int(sys.argv[2])
server = socket.create_server(("127.0.0.1", 0), backlog=4096)
for _ in range(processes):
    if os.fork() == 0:
        server_at = server.getsockname()
        server.close()
        mine = [socket.create_connection(server_at) for _ in range(each)]
        sys.stdin.read()  # until the benchmark goes
        os._exit(0)
kept = [server.accept()[0] for _ in range(processes * each)]
print("ready", flush=True)
sys.stdin.read()
"""


class _Door(BaseHTTPRequestHandler):
    """Takes every report, and looks at who brings it."""

    agent = 0
    received: ClassVar[list[int]] = []
    apart: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        counts = self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        self.received.append(int.from_bytes(counts[128:136], sys.byteorder))  # tcpi_bytes_received
        for child in Path(f"/proc/{self.agent}/task/{self.agent}/children").read_text("ascii").split():
            rows = Path(f"/proc/{child}/smaps_rollup").read_text("ascii").splitlines()
            self.apart.append(sum(int(row.split()[1]) for row in rows if row.startswith("Private_")))
        self.send_response(202)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """CPU milliseconds and bytes to the server of an unchanged report, peak resident MiB, and the child's own MiB."""

    cpu: float
    wire: float
    peak: float
    apart: float


def running(scheme: str, reports: int) -> Running:
    """The real command, until it has sent so many reports."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"received": [], "apart": []}))
    door: Any = server.RequestHandlerClass
    with tempfile.TemporaryDirectory() as folder:
        authorities = Path(folder) / "ca.pem"
        if scheme == "https":
            ca = trustme.CA()
            there = ssl.get_default_verify_paths().cafile
            authorities.write_bytes((Path(there).read_bytes() if there else b"") + ca.cert_pem.bytes())
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ca.issue_cert("127.0.0.1").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        home = Home(Path(folder) / "home")
        home.make()
        enrolled = Enrolled(f"{scheme}://127.0.0.1:{server.server_address[1]}", "nd", "key", key_since=int(time.time()))
        home.keep(enrolled, bytes(32))
        command = [sys.executable, "-c", "from cmdb_agents.main import main; main()", "--home", str(home.path)]
        child = subprocess.Popen(
            [*command, "run", "--interval", "1"],
            stderr=subprocess.PIPE, text=True, env={**os.environ, "SSL_CERT_FILE": str(authorities)},
        )  # fmt: skip
        door.agent = child.pid
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            assert child.stderr is not None
            lines: list[str] = []
            unchanged: list[int] = []
            # Beside other work each of a few reports may have something new to say: then some more are waited for.
            while len(lines) < reports or (not unchanged and len(lines) < 5 * reports):
                lines.append(line := child.stderr.readline())
                if " accepted " not in line:
                    raise RuntimeError("a report was not accepted: " + "".join(lines))
                if len(lines) > 2 and _said(line)["whole"] == "0":
                    unchanged.append(len(lines) - 1)
            status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii", errors="replace")
            peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
            return Running(
                statistics.median(float(_said(lines[number])["cpu_ms"]) for number in unchanged),
                statistics.median(door.received[number] for number in unchanged),
                peak / 1024,
                max(door.apart, default=0) / 1024,
            )
        finally:
            child.terminate()
            child.wait(10)
            server.shutdown()
            server.server_close()


def _said(line: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


@contextlib.contextmanager
def host(processes: int, sockets: int) -> Iterator[None]:
    """This machine with so many processes and TCP sockets at least; all of them are gone afterwards."""
    there = sum(entry.name.isdigit() for entry in Path("/proc").iterdir())
    more = max(1, processes - there)
    each = -(-sockets // 2 // more)
    command = [sys.executable, "-c", LOAD, str(more), str(each)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            if child.stdout.readline() != "ready\n":
                raise RuntimeError("the processes of the host could not be started")
            yield
        finally:
            child.stdin.close()


def inventory_agent() -> tuple[str, float, float] | None:
    """CPU milliseconds and peak resident MiB of one run of GLPI's agent or the one it came from, if installed."""
    for name in ("glpi-agent", "fusioninventory-agent"):
        if program := shutil.which(name):
            with tempfile.TemporaryDirectory() as folder:
                child = subprocess.Popen(
                    [program, "--local", folder, "--force", "--no-task", "deploy,netinventory,netdiscovery,esx"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                _, status, used = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                if child.returncode or not any(Path(folder).iterdir()):
                    return None
                return name, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024
    return None


def measure(program: str, runs: int) -> tuple[float, float, list[str]]:
    """Median CPU milliseconds and peak resident MiB of fresh interpreters, and what the last one said."""
    spent, peaks, said = [], [], [""]
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", program + PEAK], capture_output=True, text=True, check=True)
        first, peak = done.stdout.splitlines()
        said = first.split()
        spent.append(float(said[0]))
        peaks.append(int(peak) / 1024)
    return statistics.median(spent), statistics.median(peaks), said


def node_exporter() -> tuple[float, float] | None:
    """CPU milliseconds of one scrape and resident MiB of node_exporter, if it is installed."""
    program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if program is None:
        return None
    import psutil

    child = subprocess.Popen([program, "--web.listen-address=127.0.0.1:19100"], stderr=subprocess.DEVNULL)
    try:
        process = psutil.Process(child.pid)
        for _ in range(100):
            try:
                urllib.request.urlopen("http://127.0.0.1:19100/metrics", timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)
        before = sum(process.cpu_times()[:2])
        for _ in range(20):
            urllib.request.urlopen("http://127.0.0.1:19100/metrics", timeout=5).read()
        spent = (sum(process.cpu_times()[:2]) - before) * 1000 / 20
        return spent, process.memory_info().rss / 2**20
    finally:
        child.terminate()
        child.wait(10)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=sized(5, 1))
    runs = parser.parse_args().runs
    hosts = ((100, 100, 60), (500, 4_000, 150))
    for processes, sockets, most in sized(hosts, hosts[:1]):
        with host(processes, sockets):
            report(runs, most)


def report(runs: int, most: int) -> None:
    """One host: ours, then the others in the same run. `most` is the bar in CPU milliseconds."""
    seen = sum(entry.name.isdigit() for entry in Path("/proc").iterdir())
    inner, _, (_, size, matter, sockets) = measure(SNAPSHOT, runs)
    plain, secured = running("http", sized(12, 4)), running("https", sized(12, 4))
    memory = secured.peak
    loading, bare, _ = measure(ALONE, runs)
    print(f"host of {seen} processes, {sockets} sockets")
    print(f"  one full snapshot      {inner:7.1f} ms CPU (bar {most}), {size} bytes; {matter} processes matter")
    for name, one in (("plain HTTP", plain), ("TLS", secured)):
        print(f"  running, {name:13} {one.cpu:7.1f} ms CPU a minute ({one.cpu / 600:.3f} %; bar {most / 600} %), "
              f"{one.peak:.1f} MiB peak (bar 25), {one.wire:.0f} bytes to the server (bar 2048)")  # fmt: skip
        told(f"running agent, {seen} processes, {name}", one.peak, "MiB", at_most=25)
        told(f"an unchanged report, {seen} processes, {name}", one.wire, "bytes", at_most=2048)
    print(f"  its child, TLS         {secured.apart:7.1f} MiB of its own while it sends")
    told(f"a snapshot of {seen} processes", inner, "ms CPU", at_most=most)
    print(f"  importing psutil alone {loading:7.1f} ms CPU, {bare:.1f} MiB -> ours {inner / loading:.2f} x CPU")
    if (peer := node_exporter()) is None:
        missing("node_exporter", "apt install prometheus-node-exporter")
    else:
        print(f"  node_exporter          {peer[0]:7.1f} ms CPU a scrape, {peer[1]:.1f} MiB -> ours "
              f"{inner / peer[0]:.2f} x CPU, {memory / peer[1]:.2f} x memory")  # fmt: skip
        told(f"a snapshot of {seen} processes beside node_exporter", inner / peer[0], "times its CPU")
    if (other := inventory_agent()) is None:
        missing("an inventory agent", "apt install fusioninventory-agent")
    else:
        name, spent, peak = other
        print(f"  {name:22} {spent:7.1f} ms CPU, {peak:.1f} MiB -> ours {inner / spent:.3f} x CPU, "
              f"{memory / peak:.2f} x memory")  # fmt: skip
        told(f"a snapshot of {seen} processes beside {name}", inner / spent, "times its CPU")


if __name__ == "__main__":
    main()
