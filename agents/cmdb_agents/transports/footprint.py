"""What the agent itself takes: memory and CPU, as each system tells it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

STATUS = Path("/proc/self/status")


def memory_kib() -> tuple[int, int]:
    """(resident now, peak since start) of this process. Not getrusage: its peak includes the parent before exec."""
    if STATUS.exists():
        with STATUS.open(encoding="ascii", errors="replace") as file:
            rows = dict(line.split(":", 1) for line in file if line.startswith("Vm"))
        return int(rows["VmRSS"].split()[0]), int(rows["VmHWM"].split()[0])
    import psutil

    said = psutil.Process().memory_info()
    peak = getattr(said, "peak_wset", 0) or _peak() or said.rss
    return said.rss // 1024, max(peak, said.rss) // 1024


def _peak() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024


def cpu_ms() -> float:
    """What this process and the commands it waited for have used since its start."""
    spent = time.process_time()
    try:
        import resource
    except ImportError:  # Windows, where it starts none
        return spent * 1000
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (spent + children.ru_utime + children.ru_stime) * 1000
