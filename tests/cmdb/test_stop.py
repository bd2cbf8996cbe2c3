"""A signal stops what waits for it, whenever it comes."""

from __future__ import annotations

import subprocess
import sys
import threading

from cmdb.stop import Stop

HAMMERED = """
import signal
from cmdb.stop import Stop

told = 0

def tell(*_):
    global told
    told += 1
    stop.set()

stop = Stop()
signal.signal(signal.SIGALRM, tell)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
while told < 3000:
    stop.wait(0.0001)
    stop = Stop()
signal.setitimer(signal.ITIMER_REAL, 0)
print(told)
"""


def test_a_signal_at_any_moment_of_waiting_is_taken() -> None:
    """Thousands of them, as the wait begins, ends and goes on, in the thread that waits: it never waits for itself."""
    done = subprocess.run(
        [sys.executable, "-c", HAMMERED], capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    assert int(done.stdout) >= 3000


def test_it_is_told_once_and_for_all() -> None:
    """Before, it waits as long as it was asked to; from then on nobody waits, whoever told it."""
    stop = Stop()
    assert not stop.wait(0.01) and not stop.is_set()
    threading.Timer(0.01, stop.set).start()
    assert stop.wait(30) and stop.is_set()
    assert stop.wait() and stop.wait(0)
