"""A machine with thousands of real connections, each of another peer: the agent stays small and says what it leaves."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from agents.scripted_door import enrolled_home, scripted_door
from support.crowd import CROWD, crowd
from support.namespaces import Spaces, permitted

from cmdb_agents.memory import MAX_CLIENTS, MAX_CONNECTIONS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not permitted(), reason="network namespaces are not to be had here"),
]
SOCKETS, REPORTS = 13_900, 3
BARE = "print(next(x.split()[1] for x in open('/proc/self/status') if x.startswith('VmHWM')))"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spaces]:
    """The machine."""
    with crowd(tmp_path_factory.mktemp("crowd"), SOCKETS) as space:
        yield space


def peak(pid: int) -> float:
    """The most memory a process has had, in MiB."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(row.split()[1] for row in rows if row.startswith("VmHWM"))) / 1024


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_memory_on_a_busy_machine(busy: Spaces, tmp_path: Path, secured: bool) -> None:
    """With 13,900 sockets, no two of the same peer, the running agent peaks at most 16 MiB beyond a bare interpreter
    (9 MiB), as on a quiet machine; the connections beyond those it remembers are said to be left out."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    env = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "authority.pem")}
    serving = scripted_door(tls=context if secured else None)
    door = busy.from_within(CROWD, serving.__enter__)
    try:
        home = enrolled_home(tmp_path / "home", door.url)
        command = (sys.executable, "-m", "cmdb_agents.main", "--home", str(home.path), "run", "--interval", "1")
        with subprocess.Popen(busy.inside(CROWD, *command), env=env, stderr=subprocess.PIPE, text=True) as agent:
            assert agent.stderr
            said = [agent.stderr.readline() for _ in range(REPORTS)]
            most = peak(agent.pid)
            agent.terminate()
    finally:
        serving.__exit__(None, None, None)
    assert [" accepted " in line for line in said] == [True] * REPORTS, said
    bare = subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True, check=True)
    assert most - int(bare.stdout) / 1024 < 16
    section = next(iter(door.reports.values()))["sections"]["sockets"]
    made = (link["to"] for link in section["links"])
    assert len({end["key"] for end in made if end["class"] == "Endpoint"}) == MAX_CONNECTIONS
    left_out = (
        f"clients of pytest@9000 after the first {MAX_CLIENTS}",
        f"connections after the first {MAX_CONNECTIONS}",
    )
    assert section["problems"] == [{"what": one, "why": "truncated"} for one in left_out]
    services = next(iter(door.reports.values()))["sections"]["services"]["items"]
    assert max(len(item["attributes"].get("clients", ())) for item in services) == MAX_CLIENTS
