"""What one full snapshot costs the host, beside importing psutil alone (and node_exporter if installed).

    python benchmarks/agent_cost.py [--runs 5]

Each figure is the median of fresh processes; CPU is of one look after the first, memory the peak of the process.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from common import sized

SNAPSHOT = """
import time
from cmdb_agents import report
from cmdb_agents.run import look
from cmdb_agents.transports.local import Local
transport = Local()
look(transport, {}, int(time.time()))  # the first look imports psutil and fills the caches, as in a running agent
started = time.process_time()
view, sections = look(transport, {}, int(time.time()))
stated = report.state(sections)
made = report.compose(stated, {}, report_id="r", node="n", boot_id="b", seq=1, taken_at="t")
body, _ = report.encode(made)
print((time.process_time() - started) * 1000, len(body), len(view.machine.processes))
"""
AGENT = "import cmdb_agents.agent, psutil\n" + SNAPSHOT
ALONE = "import time; started = time.process_time()\nimport psutil\nprint((time.process_time() - started) * 1000)\n"
# Not getrusage: at exec the kernel hands a child the peak of the process it was forked from.
PEAK = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


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
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=sized(5, 1))
    runs = parser.parse_args().runs
    inner, memory, (_, size, processes) = measure(AGENT, runs)
    loading, bare, _ = measure(ALONE, runs)
    seen = sum(entry.name.isdigit() for entry in Path("/proc").iterdir())
    print(f"one full snapshot      {inner:6.1f} ms CPU, {size} bytes; {processes} of {seen} processes matter")
    print(f"whole agent            {memory:6.1f} MiB peak")
    print(f"importing psutil alone {loading:6.1f} ms CPU, {bare:.1f} MiB peak")
    print(f"ours to that           {inner / loading:6.2f} x CPU, {memory / bare:.2f} x memory")
    peer = node_exporter()
    if peer is None:
        print("node_exporter is not installed; install prometheus-node-exporter to compare")
    else:
        ratio = inner / peer[0]
        print(f"node_exporter          {peer[0]:6.1f} ms CPU a scrape, {peer[1]:.1f} MiB -> ours {ratio:.2f} x CPU")


if __name__ == "__main__":
    main()
