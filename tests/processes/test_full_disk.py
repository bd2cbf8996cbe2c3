"""Neo4j's folder runs full under a real server: reports are still taken, none is blamed, and room is enough."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import Neo4jError
from support.server_process import Up, enrolled, send, until, up
from support.servers import SMALL

pytestmark = [pytest.mark.neo4j, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose Neo4j has a file system of its own, of 400 MB."""
    place = tmp_path / "home" / "neo4j"
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=400m", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(server: Up, disk: Path) -> Path:
    """Take all room, and write until Neo4j cannot; the file to delete."""
    ballast, there = disk / "ballast", os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, there.f_bavail * there.f_frsize - 256 * 1024)
    with neo4j.GraphDatabase.driver(server.bolt, auth=("neo4j", server.password)) as driver, pytest.raises(Neo4jError):
        for _ in range(200):
            driver.execute_query("CREATE (:Ballast {text: $text})", text=os.urandom(400_000).hex())
    return ballast


def test_a_full_disk_under_neo4j_loses_and_blames_nothing(small_disk: Path) -> None:
    """Every report is acknowledged, waits, and is applied once when there is room; none is put into quarantine."""
    home = small_disk.parent
    (agent,) = enrolled(home, 1)
    with up(home, SMALL) as server:
        assert send(server, agent, 1) == 202
        until(lambda: server.inbox("queue") == 0, 120)
        ballast = fill(server, small_disk)
        assert [send(server, agent, seq) for seq in (2, 3, 4, 5)] == [202] * 4
        until(lambda: "cannot write" in (home / "output.log").read_text(), 60)
        assert server.inbox("queue") > 0
        ballast.unlink()
        until(lambda: server.inbox("queue") == 0, 240)
        with neo4j.GraphDatabase.driver(server.bolt, auth=("neo4j", server.password)) as driver:
            asked = "MATCH (c:Change) WHERE c.report IS NOT NULL RETURN c.report AS id ORDER BY c.seq"
            applied = [record["id"] for record in driver.execute_query(asked).records]
            (found,) = driver.execute_query("MATCH (s:Service) RETURN s.state AS state").records
        assert applied == [f"{agent[0]}-{seq}" for seq in range(1, 6)]
        assert found["state"] == "v5"
    assert "failed:" not in (home / "output.log").read_text(), "a report was blamed for the disk"
