"""What the server's process keeps of the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WORKED_OUT = """
from pathlib import Path
from argon2 import PasswordHasher
from cmdb_processes.cli.server import limits

def anonymous():
    return int(Path("/proc/self/status").read_text().partition("RssAnon:")[2].split()[0])

limits.one_heap()
one = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
before = anonymous()
for _ in range(3):
    one.hash("correct horse battery")
print(anonymous() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel says it in /proc")
def test_what_the_hash_of_a_password_took_is_given_back() -> None:
    """Its 19 MiB are needed for a moment, not for good."""
    said = subprocess.run([sys.executable, "-c", WORKED_OUT], capture_output=True, text=True, timeout=60, check=True)
    assert int(said.stdout) < 4 * 1024
