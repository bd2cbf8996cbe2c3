"""Recorded devices through the replay responder: read whole, by the bounds that hold in the field, and understood."""

from __future__ import annotations

import asyncio
from bisect import bisect_right

import pytest
from support.snmp_replay import Data, Replay, lines, recordings

from cmdb_agents.device import wanted
from cmdb_agents.snmp_look import look
from cmdb_agents.transports.snmp import SYSTEM, Target
from cmdb_agents.transports.snmp_walk import Bounds

SMALL = [name for name, path in recordings().items() if path.stat().st_size < 20_000]
UNNAMED = frozenset({
    "UPS/eaton-9px-partial", "camera/hikvision", "camera/hikvision-network-video-recorder", "unclassified/02",
    "unclassified/03", "network/switch/metel-poe-box",
})  # fmt: skip
"""Recordings without a sysName: these devices go by their address."""


@pytest.mark.parametrize("name", SMALL)
def test_a_recorded_device_is_read_whole_and_has_a_name(name: str) -> None:
    """Every value of every column that is asked for; nothing cut, nothing misunderstood, and a name."""
    data = Data.of(lines(recordings()[name]))
    with Replay({"public": data}) as replay:
        target = Target("127.0.0.1", replay.port, "2c", "public")
        device, walk = asyncio.run(look(target, Bounds(wait=5)))
    roots = sorted({SYSTEM, *wanted(walk)})
    held = {one for one in data.names if _under(one, roots)}
    assert held - set(walk.values) == set()
    assert device.problems == ()
    assert (device.name == "127.0.0.1") == (name in UNNAMED)


def _under(name: tuple[int, ...], roots: list[tuple[int, ...]]) -> bool:
    """Whether a column holds it; columns may lie in one another, so a few before it count."""
    at = bisect_right(roots, name)
    return any(name[: len(root)] == root and len(name) > len(root) for root in roots[max(0, at - 3) : at])


def test_recordings_of_every_kind_are_tried() -> None:
    """Cameras, firewalls, hosts, routers, storage, switches, power supplies and radios."""
    assert len(SMALL) >= 40
    assert {name.split("/")[-2] for name in SMALL} >= {
        "camera",
        "firewall",
        "linux",
        "windows",
        "UPS",
        "switch",
        "wifi",
    }
