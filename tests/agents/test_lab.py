"""The lab: what is discovered over SSH of four hosts behind three switches is what was declared, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.lab import CONNECTIONS, HOSTS, LOOKED_AT, Lab, declared, lab, permitted, seen
from support.ssh_server import pin

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not permitted(), reason="network namespaces or the OpenSSH server are not to be had here"),
]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a collector in the lab sees of every host."""
    folder = tmp_path_factory.mktemp("lab")
    with lab(folder) as standing:
        _trust(standing, folder / "collector")
        yield seen(standing, LOOKED_AT, folder / "collector")


def _trust(standing: Lab, folder: Path) -> None:
    for server in standing.servers.values():
        pin(folder, server.place, server.host_key)


def discovered(looked: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(host, program, endpoint) of every dependency that was found."""
    return {
        (host, key.partition("@")[0], target)
        for host, found in looked.items()
        for key, kind, target in found["links"]
        if kind in ("DEPENDS_ON", "COMMUNICATES_WITH") and target.startswith("tcp://")
    }


def test_every_host_is_itself(looked: dict[str, Any]) -> None:
    """Each host has its own name and address, and none of its neighbours'."""
    for name, found in looked.items():
        addresses = {key.split()[-1] for cls, key, _ in found["items"] if cls == "IPAddress"}
        assert found["name"] == name
        assert HOSTS[name][1] in addresses
        assert not {HOSTS[other][1] for other in HOSTS if other != name} & addresses


def test_what_is_discovered_is_what_was_declared(looked: dict[str, Any]) -> None:
    """Recall and precision of lasting and of loopback dependencies are whole, each with its program."""
    wanted, found = declared("steady", "loopback"), discovered(looked)
    assert len(wanted) + len(declared("short")) == len(CONNECTIONS)
    assert wanted - found == set()
    brief = {(host, target) for host, _, target in declared("short")}
    assert {one for one in found - wanted if (one[0], one[2]) not in brief} == set()


def test_short_lived_connections_are_counted_apart(looked: dict[str, Any]) -> None:
    """One that is over when the look comes is known by its remains: the host's, unless its program was caught."""
    brief = {(host, target): program for host, program, target in declared("short")}
    found = {(host, target): program for host, program, target in discovered(looked) if (host, target) in brief}
    assert found.keys() == brief.keys()
    assert all(program in ("self", brief[at]) for at, program in found.items())


def test_hosts_that_talk_are_met(looked: dict[str, Any]) -> None:
    """A host has met those it talks to on its own link, and the collector: that is what coverage is made of."""
    assert {HOSTS["app1"][1], HOSTS["collector"][1]} <= set(looked["web1"]["neighbours"])
