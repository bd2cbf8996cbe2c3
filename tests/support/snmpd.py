"""A real snmpd on a free port of this machine, with a community, a user of version 3, and nothing of the system's."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER, AUTH_KEY, PRIVACY_KEY = "epicentre", "an-auth-passphrase", "a-privacy-passphrase"
CONFIG = f"""\
rocommunity a-community 127.0.0.1
createUser {USER} SHA-256 "{AUTH_KEY}" AES "{PRIVACY_KEY}"
rouser {USER} priv
sysName lab-host
sysLocation Room 1
sysContact nobody
"""


@contextmanager
def snmpd(folder: Path, port: int = 0) -> Iterator[int]:
    """Its port; skipped where snmpd is not installed."""
    program = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")
    if program is None:
        pytest.skip("snmpd is not installed (Debian: apt install snmpd)")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    (folder / "snmpd.conf").write_text(CONFIG)
    command = [program, "-f", "-Lf", str(folder / "log"), "-C", "-c", str(folder / "snmpd.conf"), "-I", "-smux"]
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder / "state"), "MIBS": ""}
    process = subprocess.Popen([*command, f"udp:127.0.0.1:{port}"], env=environment)
    try:
        until = time.monotonic() + 10
        while "NET-SNMP version" not in (folder / "log").read_text() if (folder / "log").exists() else True:
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)
