"""Recorded devices through the replay responder: read whole, by the bounds that hold in the field, and understood."""

from __future__ import annotations

import asyncio
import os

import pytest
from support.snmp_held import held
from support.snmp_recorded import due, roots, rows, under
from support.snmp_replay import Data, Replay, lines, recordings

from cmdb_agents.ber import tlv
from cmdb_agents.device import make
from cmdb_agents.snmp_look import look
from cmdb_agents.transports.snmp import Target
from cmdb_agents.transports.snmp_ber import response
from cmdb_agents.transports.snmp_walk import Bounds, Walk, dotted, oid

SMALL = [name for name, path in recordings().items() if path.stat().st_size < 20_000]
LARGE = sorted(set(recordings()) - set(SMALL), key=lambda name: recordings()[name].stat().st_size)
LARGE = LARGE[: max(0, int(os.environ.get("EPICENTRE_TEST_CASES", "0")) - len(SMALL))]
"""All 116 take minutes: EPICENTRE_TEST_CASES says how many recordings are walked, the smallest first."""
UNNAMED = frozenset({
    "UPS/eaton-9px-partial", "camera/hikvision", "camera/hikvision-network-video-recorder", "unclassified/02",
    "unclassified/03", "network/switch/metel-poe-box",
})  # fmt: skip
"""Recordings without a sysName: these devices go by their address."""


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_a_recorded_device_is_read_whole_and_has_a_name(name: str) -> None:
    """Every value of every column that is asked for; nothing cut, nothing misunderstood, and a name."""
    data = Data.of(rows(recordings()[name]))
    bounds = Bounds(wait=5) if name in SMALL else Bounds(seconds=600, memory=512 * 2**20, wait=5)
    with Replay({"public": data}) as replay:
        target = Target("127.0.0.1", replay.port, "2c", "public")
        device, walk = asyncio.run(look(target, bounds))
    assert due(data, walk) - set(walk.values) == set()
    assert walk.cuts == ()
    assert (device.name == "127.0.0.1") == (name in UNNAMED)
    if name in SMALL:
        assert device.problems == ()


BUNDLES = {
    "network/router/huawei-acu2": {"XGigabitEthernet0/0/1": "Eth-Trunk1", "XGigabitEthernet0/0/2": "Eth-Trunk1"},
    "network/switch/h3c-comware-7-1-075": {
        "Ten-GigabitEthernet1/0/0/5": "Route-Aggregation2", "Ten-GigabitEthernet2/0/0/3": "Route-Aggregation2",
    },
    "network/switch/huawei-s12704": {
        f"XGigabitEthernet{slot}/0/{n}": f"Eth-Trunk{slot}" for slot in (3, 4) for n in (0, 1)
    },
}  # fmt: skip
"""Who is bundled with whom: by Huawei's trunks, and by Comware's lists, its layers and the standard's lists alike."""


@pytest.mark.parametrize("name", [name for name in LARGE if name in BUNDLES])
def test_the_bundles_of_large_recordings_are_found(name: str) -> None:
    """Every member under its bundle, and nothing else under any."""
    device = make(Walk(dict(response(_packet(Data.of(rows(recordings()[name])).bindings)).values)), "192.0.2.1")
    assert {port.name: port.master for port in device.ports if port.master} == BUNDLES[name]
    assert {port.name for port in device.ports if port.kind == "bond"} >= set(BUNDLES[name].values())


def test_what_is_left_out_of_a_recording_is_what_nobody_asks_for() -> None:
    """Chosen by their text, the lines are those that lie under a column, what ends it, and texts that stand alone."""
    every = {row[0]: row for row in lines(recordings()["network/firewall/paloalto-pa-5000"])}
    near = under(roots())
    asked = {name for name in every if any(name[: len(root)] == root and name != root for root in roots())}
    kept = {row[0]: row for row in rows(recordings()["network/firewall/paloalto-pa-5000"])}
    assert {name for name in every if near.match(dotted(name))} == asked
    assert asked < set(kept) < set(every)
    assert all(every[name] == row for name, row in kept.items())


NO_VENDOR = frozenset({"unclassified/02", "unclassified/03"})
"""Recordings of a bridge's tables alone: no system group, no table of any maker."""


@pytest.mark.parametrize("name", SMALL)
def test_what_a_recording_holds_is_found(name: str) -> None:
    """Serial number, model and version where a search through all of it finds what could be one; the vendor always."""
    rows = list(lines(recordings()[name]))
    device = make(Walk(dict(response(_packet(Data.of(rows).bindings)).values)), "192.0.2.1")
    known = {device.name, device.vendor, device.model, device.serial, device.version, device.description}
    missed = {f: held(f, rows, known) for f in ("serial", "model", "version") if not getattr(device, f)}
    assert {field: found for field, found in missed.items() if found} == {}
    assert bool(device.vendor) == (name not in NO_VENDOR)
    interfaces = {row[0][-1] for row in rows if row[0][:10] == IF_DESCRIPTION}
    assert {port.index for port in device.ports} >= interfaces


IF_DESCRIPTION = oid("1.3.6.1.2.1.2.2.1.2")


def _packet(bindings: list[bytes]) -> bytes:
    """One reply with all of them: what no device sends, and what is read all the same."""
    numbers = tlv(2, b"\1") + tlv(2, b"\0") + tlv(2, b"\0")
    return tlv(0x30, tlv(2, b"\1") + tlv(4, b"x") + tlv(0xA2, numbers + tlv(0x30, b"".join(bindings))))


def test_a_search_that_finds_something_says_so() -> None:
    """The search is no formality: a serial number that no family's file knows counts as held, and so as missed."""
    place = oid("1.3.6.1.4.1.99999.1.7.0")
    assert held("serial", [(place, 4, b"SN-4711-0815")], ()) == [("1.3.6.1.4.1.99999.1.7.0", "SN-4711-0815")]
    assert held("serial", [(oid("1.3.6.1.2.1.1.5.0"), 4, b"SN-4711-0815")], ()) == []


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
