"""What one full snapshot costs the host, beside importing psutil alone (and node_exporter if installed).

    python benchmarks/agent_cost.py [--runs 5]

Each figure is of a fresh process, as the kernel accounts it when it has ended; the median of the runs is shown.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request

SNAPSHOT = """
import time
from cmdb_agents import report
from cmdb_agents.run import look
from cmdb_agents.transports.local import Local
transport = Local()
look(transport, {}, int(time.time()))
started = time.process_time()
_, sections = look(transport, {}, int(time.time()))
stated = report.state(sections)
made = report.compose(stated, {}, report_id="r", node="n", boot_id="b", seq=1, taken_at="t")
body, _ = report.encode(made)
print((time.process_time() - started) * 1000, len(body), sum(1 for _ in transport.read().processes))
"""
ALONE = "import psutil"


def cost(program: str) -> tuple[float, float, str]:
    """CPU milliseconds, peak resident MiB, and output of a fresh interpreter."""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.stdout.close()
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024, output


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
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    snapshots = [cost(SNAPSHOT) for _ in range(runs)]
    alone = [cost(ALONE) for _ in range(runs)]
    inner = statistics.median(float(s[2].split()[0]) for s in snapshots)
    size, processes = snapshots[0][2].split()[1:]
    memory, bare = (statistics.median(c[1] for c in costs) for costs in (snapshots, alone))
    print(f"one full snapshot      {inner:6.1f} ms CPU, {size} bytes, {processes} processes seen")
    print(f"whole process          {memory:6.1f} MiB peak")
    print(f"importing psutil alone {bare:6.1f} MiB peak -> {memory / bare:.2f} x")
    peer = node_exporter()
    if peer is None:
        print("node_exporter is not installed; install prometheus-node-exporter to compare")
    else:
        ratio = inner / peer[0]
        print(f"node_exporter          {peer[0]:6.1f} ms CPU a scrape, {peer[1]:.1f} MiB -> ours {ratio:.2f} x CPU")


if __name__ == "__main__":
    main()
