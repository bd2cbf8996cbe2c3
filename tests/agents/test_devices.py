"""From walks to devices: recorded ones as their makers describe them, and the traps that devices lay."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from support.snmp_replay import lines, recordings

from cmdb.words.device import Device
from cmdb_agents.device import all_mibs, make, wanted
from cmdb_agents.snmp_text import bits, ip, mac, real, text
from cmdb_agents.transports.snmp_ber import Missing, Oid, SnmpValue, _value
from cmdb_agents.transports.snmp_walk import Cut, Walk

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
ENTITY = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)
LLDP = (1, 0, 8802, 1, 1, 2, 1)
LLDP2 = (1, 3, 111, 2, 802, 1, 1, 13, 1)
CDP = (1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1)
BRIDGE = (1, 3, 6, 1, 2, 1, 17)
Values = dict[Oid, SnmpValue]


@cache
def recorded(name: str) -> Device:
    """The device of a recording."""
    read = {one: _value(kind, body, 0) for one, kind, body in lines(recordings()[name])}
    return make(Walk({k: v for k, v in read.items() if not isinstance(v, Missing)}), "192.0.2.1")


def system(name: bytes = b"sw1", description: bytes = b"a switch", object_id: Oid = (0, 0)) -> Values:
    """The system group."""
    return {(*SYSTEM, 1, 0): description, (*SYSTEM, 2, 0): object_id, (*SYSTEM, 5, 0): name}


def ports(*names: str, kind: int = 6) -> Values:
    """Interfaces from 1, each with a hardware address that ends in its index."""
    found: Values = {}
    for n, name in enumerate(names, 1):
        found |= {(*IF, 2, n): name.encode(), (*IF, 3, n): kind, (*IF, 6, n): bytes((0, 0x1B, 0x21, 0, 0, n))}
    return found


def remote(index: Oid, **said: tuple[int, bytes] | bytes) -> Values:
    """A row of LLDP's remote table: `chassis` and `port` with their subtypes."""
    root = (*LLDP, 4, 1, 1)
    found: Values = {}
    for word, column in (("chassis", 4), ("port", 6)):
        kind, value = said[word]
        found |= {(*root, column, *index): int(kind), (*root, column + 1, *index): value}  # type: ignore[dict-item]
    found |= {(*root, n, *index): said[w] for w, n in (("described", 8), ("name", 9)) if w in said}  # type: ignore[misc]
    return found


def made(*parts: Values) -> Device:
    """The device of all these values."""
    return make(Walk({k: v for part in parts for k, v in part.items()}), "192.0.2.1")


# --- recordings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("network/switch/cisco-c3560", ("Cisco", "WS-C3560G-48TS-E", "FOC1408Z61U", "12.2(55)SE3")),
        ("network/switch/brocade-icx6430-24", ("Brocade", "ICX6430-24", "BZN3215N09A", "08.0.30tT311")),
        ("network/firewall/paloalto-pa-5000", ("Palo Alto Networks", "PA-5000", "0009C100761", "8.0.1")),
        ("network/switch/hpe-procurve-516733-b21", ("HPE", None, "3C421900TX", "Z.14.31")),
        ("UPS/apc-8932", ("APC", "AP8932", "3F503A169043", "v6.7.2")),
        ("storage/netapp-fas3270", ("NetApp", "FAS3270", "940001051000", "8.2.3")),
        ("cloud/arista-dcs-7150s-52-cl", ("Arista Networks", "DCS-7150S-52-CL", "JPE15151458", "4.20.5F")),
    ],
)
def test_a_recorded_device_is_described_as_its_maker_does(name: str, what: tuple[str | None, ...]) -> None:
    """Vendor, model, serial number and version, each from where that maker keeps it."""
    device = recorded(name)
    found = (device.vendor, device.model, device.serial, device.version)
    assert [one for one, wanted_ in zip(found, what, strict=True) if wanted_] == [w for w in what if w]
    assert device.problems == ()


def test_a_recorded_switch_has_its_ports_and_no_others() -> None:
    """48 copper and 4 fibre ports of a WS-C3560G-48TS can be plugged, VLANs and Null0 cannot."""
    device = recorded("network/switch/cisco-c3560")
    plugged = [p.name for p in device.ports if p.physical]
    assert len(plugged) == 52
    assert {name[:2] for name in plugged} == {"Gi"}
    assert {p.kind for p in device.ports if p.name.startswith("Vl")} == {"vlan"}


def test_a_recorded_switch_has_its_ports_in_their_vlans() -> None:
    """Of a D-Link, whose lists of ports run backwards: all 28 in VLAN 602, two uplinks with a tag and in 2004 too."""
    device = recorded("network/switch/dlink-des3038")
    assert {p.index: (p.untagged, p.tagged) for p in device.ports if p.untagged or p.tagged} == {
        **dict.fromkeys((*range(1, 25), 27, 28), ((602,), ())),
        **dict.fromkeys((25, 26), ((), (602, 2004))),
    }


def test_a_recorded_cisco_trunk_carries_the_vlans_that_there_are() -> None:
    """A trunk allows all numbers; it carries those of its switch's VLANs that it allows, and its native one bare."""
    trunks = [p for p in recorded("network/switch/cisco-c3750").ports if p.tagged]
    assert (trunks[0].name, trunks[0].untagged, trunks[0].tagged) == ("Gi1/0/1", (1,), (2, 21, 100, 105, 113))
    assert len(trunks) == 6


# --- names, serial numbers, addresses ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"sw1\x00\x00", "sw1"),
        (b"\xff\xfe\x80raw", "ÿþraw"),
        ("Büro".encode(), "Büro"),
        (b"a\x1b[31mb\r\n c", "a[31mb c"),
        (b"x" * 5_000, "x" * 500),
        (b"", ""),
    ],
)
def test_a_text_of_any_bytes_is_readable_and_bounded(raw: bytes, shown: str) -> None:
    """Raw bytes, NULs and control characters in a name still leave a name."""
    assert text(raw) == shown


@pytest.mark.parametrize(
    "raw", ["<private>", "empty", "000000", "FFFFFFFF", "ffff-ffff", "", "N/A", "None", "To be filled by O.E.M.", "0"]
)
def test_a_placeholder_is_no_serial_number(raw: str) -> None:
    """What makers leave in the field names no device."""
    assert real(raw) == ""
    assert made(system(), {(*ENTITY, 5, 1): 3, (*ENTITY, 11, 1): raw.encode()}).serial == ""


@pytest.mark.parametrize(
    "raw",
    [bytes.fromhex("001b21aabbcc"), b"00:1B:21:AA:BB:CC", b"001b.21aa.bbcc", b"0-1b-21-aa-bb-cc", b"0x001b21aabbcc"],
)
def test_a_hardware_address_is_one_however_it_is_written(raw: bytes) -> None:
    """Six bytes or text in five ways."""
    assert mac(raw) == "00:1b:21:aa:bb:cc"


def test_what_is_no_address_is_none() -> None:
    """Zeros, broadcasts and other lengths name nobody."""
    assert [mac(b"\0" * 6), mac(b"\xff" * 6), mac(b"abc"), mac(None)] == ["", "", "", ""]
    assert [ip(b"\0\0\0\0"), ip(b"123"), ip((300, 1, 1, 1)), ip(bytes((10, 0, 0, 1)))] == ["", "", "", "10.0.0.1"]


def test_a_port_list_of_12_kilobytes_is_read() -> None:
    """Bit by bit, and quickly."""
    assert bits(b"\x00" * 11_999 + b"\x81") == [95_993, 96_000]


# --- ports -------------------------------------------------------------------------------------------------


def test_ports_that_share_a_name_are_told_apart() -> None:
    """Where ifName is the same for all, the description names them; where both are, the index does."""
    values = ports("Slot: 0 Port: 1", "Slot: 0 Port: 2") | {(*IFX, 1, 1): b"port", (*IFX, 1, 2): b"port"}
    assert [p.name for p in made(system(), values).ports] == ["Slot: 0 Port: 1", "Slot: 0 Port: 2"]
    assert [p.name for p in made(system(), ports("eth", "eth")).ports] == ["eth 1", "eth 2"]


def test_members_know_their_aggregate() -> None:
    """By LACP's own table, and by what lies under an aggregate."""
    lag = {(1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 13, 1): 3}
    stack = {(1, 3, 6, 1, 2, 1, 31, 1, 2, 1, 3, 3, 2): 1}
    device = made(system(), ports("ge1", "ge2", "ae0"), {(*IF, 3, 3): 161}, lag, stack)
    assert [(p.name, p.master, p.kind) for p in device.ports] == [
        ("ge1", "ae0", "ethernet"), ("ge2", "ae0", "ethernet"), ("ae0", "", "bond"),
    ]  # fmt: skip


LAG_LISTS = (1, 2, 840, 10006, 300, 43, 1, 1, 2, 1, 1)
COMWARE_LISTS = (1, 3, 6, 1, 4, 1, 25506, 8, 25, 1, 1, 1, 4)
TRUNKS, TRUNKED = ((1, 3, 6, 1, 4, 1, 2011, 5, 25, 41, 1, *rest) for rest in ((3, 3, 1, 4), (4, 1, 1, 2)))


def bundled(*parts: Values) -> dict[str, str]:
    """The aggregate of each port that has one, of a device with four ports and two aggregates."""
    names = ports("ge1", "ge2", "ge3", "ge4", "Bridge-Aggregation1", "Eth-Trunk7")
    return {
        p.name: p.master for p in made(system(), names, {(*IF, 3, 5): 161, (*IF, 3, 6): 161}, *parts).ports if p.master
    }


def test_a_list_of_members_bundles_where_no_port_says_so() -> None:
    """A bit for each interface, or for each port of the bridge; what a port itself says of its aggregate stays."""
    lists: Values = {(*LAG_LISTS, 5): b"\xc0", (*LAG_LISTS, 6): b"\x00"}
    assert bundled(lists) == {"ge1": "Bridge-Aggregation1", "ge2": "Bridge-Aggregation1"}
    bridge: Values = {(*BRIDGE, 1, 4, 1, 2, 10 + n): n for n in range(1, 5)}
    assert bundled(bridge, {(*LAG_LISTS, 6): b"\x00\x18"}) == {"ge2": "Eth-Trunk7", "ge3": "Eth-Trunk7"}
    own: Values = {(1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 13, 1): 6}
    assert bundled(lists, own) == {"ge1": "Eth-Trunk7", "ge2": "Bridge-Aggregation1"}


@pytest.mark.parametrize(
    "lists",
    [
        {(*LAG_LISTS, 5): b"\x00\x40"},
        {(*LAG_LISTS, 5): b"\xc0", (*LAG_LISTS, 6): b"\x60"},
        {(*LAG_LISTS, 5): b"\xc4"},
        {(*LAG_LISTS, 1): b"\x80", (*LAG_LISTS, 2): b"\x40"},
        {(*LAG_LISTS, 77): b"\xc0"},
        {(*LAG_LISTS, 5): b"\xc0"} | {(*BRIDGE, 1, 4, 1, 2, n): 5 - n for n in range(1, 5)},
        {(*LAG_LISTS, 5): 7},
        {(*TRUNKS, 0): 1, (*TRUNKS, 1): 2, (*TRUNKED, 0, 2): 1, (*TRUNKED, 1, 1): 1},
    ],
    ids=[
        "no such port", "in two lists", "a bundle in itself", "each on its own", "no such bundle", "two readings",
        "no list", "in a circle",
    ],
)  # fmt: skip
def test_a_list_that_can_be_read_in_two_ways_or_none_bundles_nothing(lists: Values) -> None:
    """No membership is invented: every member exists, is Ethernet, in one list, and by one numbering alone."""
    assert bundled(lists) == {}


def test_makers_own_lists_bundle() -> None:
    """Comware numbers its groups as in their names; Huawei tells the interface of each trunk, and what is valid."""
    assert bundled({(*COMWARE_LISTS, 1): b"\x30"}) == {"ge3": "Bridge-Aggregation1", "ge4": "Bridge-Aggregation1"}
    assert bundled({(*COMWARE_LISTS, 2): b"\x30"}) == {}
    trunk: Values = {(*TRUNKS, 0): 6}
    members: Values = {(*TRUNKED, 0, n): valid for n, valid in ((1, 1), (2, 1), (3, 2), (99, 1))}
    assert bundled(trunk, members) == {"ge1": "Eth-Trunk7", "ge2": "Eth-Trunk7"}
    assert bundled(members) == {}


def test_recorded_bundles_are_found() -> None:
    """Huawei's trunks, of which no standard table tells and whose type is no bundle's: rows of a recorded S12704."""
    names = {14: "XGigabitEthernet3/0/0", 15: "XGigabitEthernet3/0/1", 16: "XGigabitEthernet4/0/0",
             17: "XGigabitEthernet4/0/1", 51: "Eth-Trunk3", 52: "Eth-Trunk4"}  # fmt: skip
    table: Values = {(*IF, 2, n): name.encode() for n, name in names.items()}
    types: Values = {(*IF, 3, n): 53 if n > 50 else 6 for n in names}
    trunks: Values = {(*TRUNKS, 0): 51, (*TRUNKS, 1): 52, **{(*TRUNKED, (n - 14) // 2, n): 1 for n in range(14, 18)}}
    device = made(system(), table, types, trunks)
    assert {p.name: p.master for p in device.ports if p.master} == {
        f"XGigabitEthernet{slot}/0/{n}": f"Eth-Trunk{slot}" for slot in (3, 4) for n in (0, 1)
    }
    assert {p.name for p in device.ports if p.kind == "bond"} == {"Eth-Trunk3", "Eth-Trunk4"}


QBRIDGE = (1, 3, 6, 1, 2, 1, 17, 7, 1, 4)
STP = (1, 3, 6, 1, 2, 1, 17, 2, 15, 1, 3)


def test_what_is_in_force_counts_before_what_is_configured() -> None:
    """A VLAN's list of ports as it is now; one that is only configured by its configuration; a state by its word."""
    now: Values = {(*QBRIDGE, 2, 1, 4, 0, 10): b"\xc0", (*QBRIDGE, 2, 1, 5, 0, 10): b"\x80", (*STP, 2): 2, (*STP, 1): 5}
    configured: Values = {(*QBRIDGE, 3, 1, 2, 10): b"\x20", (*QBRIDGE, 3, 1, 2, 20): b"\xa0"}
    device = made(system(), ports("ge1", "ge2", "ge3"), now, configured)
    assert [(p.untagged, p.tagged, p.spanning_tree) for p in device.ports] == [
        ((10,), (20,), "forwarding"), ((), (10,), "blocking"), ((), (20,), ""),
    ]  # fmt: skip


def test_a_list_of_ports_that_cannot_be_read_makes_no_members() -> None:
    """Neither forwards nor backwards are these ports of the device: some makers write their lists in their own way."""
    strange: Values = {(*QBRIDGE, 2, 1, 4, 0, 10): bytes((0, 0, 0, 1, 0, 0x18, 0, 0x42, 0, 0x43, 0, 0))}
    assert all(not p.tagged and not p.untagged for p in made(system(), ports("ge1", "ge2"), strange).ports)


def test_a_port_that_some_vlans_block_says_which() -> None:
    """Where each VLAN has a spanning tree of its own, in a context of its own."""
    whole = Walk({**system(), **ports("ge1"), (*STP, 1): 5})
    inner = {str(vlan): Walk({(*STP, 1): state}) for vlan, state in ((10, 5), (20, 2), (21, 2))}
    assert make(replace(whole, contexts=inner), "192.0.2.1").ports[0].spanning_tree == "forwarding; blocking in 20-21"


def test_a_stack_is_several_enclosures_behind_one_agent() -> None:
    """Each outer chassis with its serial number; a chassis inside another is none, and a circle ends."""
    rows: Values = {(*ENTITY, 5, 1): 11, (*ENTITY, 4, 1): 0}
    for n, (inside, serial) in {2: (1, b"AAA111"), 3: (1, b"BBB222"), 4: (3, b"CCC333"), 5: (5, b"DDD444")}.items():
        rows |= {(*ENTITY, 5, n): 3, (*ENTITY, 4, n): inside, (*ENTITY, 11, n): serial, (*ENTITY, 7, n): b"unit %d" % n}
    device = made(system(), rows)
    assert [c.serial for c in device.chassis] == ["AAA111", "BBB222", "DDD444"]
    assert device.serial == "AAA111"


def test_a_serial_number_on_the_only_module_is_the_devices() -> None:
    """Where no enclosure has one and all modules say the same; a power supply's never is."""
    rows: Values = {(*ENTITY, 5, 1): 11, (*ENTITY, 5, 2): 9, (*ENTITY, 4, 2): 1, (*ENTITY, 11, 2): b"A308023010"}
    supply: Values = {(*ENTITY, 5, 3): 6, (*ENTITY, 4, 3): 1, (*ENTITY, 11, 3): b"PSU0001"}
    second: Values = {(*ENTITY, 5, 4): 9, (*ENTITY, 4, 4): 1, (*ENTITY, 11, 4): b"B999"}
    assert made(system(), rows, supply).serial == "A308023010"
    assert made(system(), rows, second).serial == ""
    assert made(system(), {k: v for k, v in rows.items() if k[-2] != 11}, supply).serial == ""


# --- neighbours --------------------------------------------------------------------------------------------


def test_an_lldp_neighbour_is_on_the_port_that_lldp_means() -> None:
    """LLDP's own port numbers are translated by name (subtype 5) or by the ifIndex they are (subtype 7)."""
    local = (*LLDP, 3, 7, 1)
    told: Values = {
        (*local, 2, 101): 5, (*local, 3, 101): b"Gi0/2", (*local, 2, 102): 7, (*local, 3, 102): b"1\x00",
    }  # fmt: skip
    far = {"chassis": (4, bytes.fromhex("001b21000099")), "port": (5, b"Eth1/19\x00")}
    device = made(
        system(), ports("Gi0/1", "Gi0/2"), told, remote((0, 101, 1), **far, name=b"sw2"), remote((0, 102, 1), **far)
    )
    assert [(n.port, n.chassis, n.ports, n.name) for n in device.neighbours] == [
        ("Gi0/2", "00:1b:21:00:00:99", ("Eth1/19",), "sw2"),
        ("Gi0/1", "00:1b:21:00:00:99", ("Eth1/19",), ""),
    ]


def test_a_port_whose_id_is_the_bridges_address_is_read_from_its_description() -> None:
    """Some devices send one hardware address for every port; the words come first."""
    rows = remote((0, 1, 1), chassis=(4, bytes.fromhex("001b21000099")), port=(3, bytes.fromhex("001b21000099")),
                  described=b"port 7")  # fmt: skip
    assert made(system(), ports("Gi0/1"), rows).neighbours[0].ports == ("port 7", "00:1b:21:00:00:99")


def test_both_editions_of_lldp_are_one_neighbour() -> None:
    """What the old and the new MIB both say counts once; what only the new one says counts."""
    far = {"chassis": (4, bytes.fromhex("001b21000099")), "port": (5, b"xe-0/0/1")}
    old = remote((0, 1, 1), **far)
    shifted: Values = {
        (*LLDP2, 4, 1, 1, name[10] + 1, 0, 1, 1, 1): value
        for name, value in old.items()
        if name[:10] == (*LLDP, 4, 1, 1)
    }
    managed: Values = {(*LLDP2, 4, 2, 1, 3, 0, 1, 1, 1, 1, 4, 10, 0, 0, 9): 2}
    assert len(made(system(), ports("Gi0/1"), old, shifted).neighbours) == 1
    (only,) = made(system(), ports("Gi0/1"), shifted, managed).neighbours
    assert (only.chassis, only.addresses) == ("00:1b:21:00:00:99", ("10.0.0.9",))


@pytest.mark.parametrize(
    ("told", "name", "chassis"),
    [
        (b"n5k-1(SSI12345678)", "n5k-1", "SSI12345678"),
        (b"core.example.net", "core.example.net", "core.example.net"),
        (b"001b21000099", "", "00:1b:21:00:00:99"),
        (b"\x00\x1b\x21\x00\x00\x99", "", "00:1b:21:00:00:99"),
        (b"switch", "switch", "switch"),
    ],
)
def test_a_cdp_id_is_taken_apart(told: bytes, name: str, chassis: str) -> None:
    """A name with its serial number, a full name, or a hardware address."""
    rows = {(*CDP, 6, 1, 1): told, (*CDP, 7, 1, 1): b"Ethernet1/19", (*CDP, 4, 1, 1): bytes((10, 0, 0, 9))}
    (found,) = made(system(), ports("Gi0/1"), rows).neighbours
    assert (found.name, found.chassis, found.ports, found.addresses) == (
        name,
        chassis,
        ("Ethernet1/19",),
        ("10.0.0.9",),
    )


# --- forwarding, addresses ---------------------------------------------------------------------------------


def test_forwarding_tables_name_ports_by_the_bridges_numbers() -> None:
    """Learned addresses land on the interface behind the bridge port, own ones are the device's."""
    far, own = (0, 0x50, 0x56, 1, 2, 3), (0, 0x1B, 0x21, 9, 9, 9)
    rows: Values = {
        (*BRIDGE, 1, 4, 1, 2, 49): 2, (*BRIDGE, 4, 3, 1, 2, *far): 49, (*BRIDGE, 4, 3, 1, 3, *far): 3,
        (*BRIDGE, 4, 3, 1, 2, *own): 49, (*BRIDGE, 4, 3, 1, 3, *own): 4,
    }  # fmt: skip
    device = made(system(), ports("Gi0/1", "Gi0/2"), rows)
    assert [(one.mac, one.port) for one in device.learned] == [("00:50:56:01:02:03", "Gi0/2")]
    assert "00:1b:21:09:09:09" in device.macs


def test_a_forwarding_table_in_a_vlans_own_context_is_read_too() -> None:
    """Each VLAN's table has its own bridge ports."""
    far = (0, 0x50, 0x56, 1, 2, 3)
    inner = Walk({(*BRIDGE, 1, 4, 1, 2, 5): 1, (*BRIDGE, 4, 3, 1, 2, *far): 5, (*BRIDGE, 4, 3, 1, 3, *far): 3})
    device = make(Walk(system() | ports("Gi0/1", "Gi0/2"), contexts={"12": inner}), "192.0.2.1")
    assert [(one.mac, one.port, one.vlan) for one in device.learned] == [("00:50:56:01:02:03", "Gi0/1", 12)]


def test_own_addresses_have_their_prefix_and_are_not_resolved() -> None:
    """From the old table and the new one; ARP's entry for oneself says nothing new."""
    address = (1, 3, 6, 1, 2, 1, 4)
    rows: Values = {
        (*address, 20, 1, 2, 10, 0, 0, 1): 1, (*address, 20, 1, 3, 10, 0, 0, 1): bytes((255, 255, 255, 0)),
        (*address, 34, 1, 3, 2, 16, *bytes.fromhex("20010db8" + "0" * 23 + "1")): 1,
        (*address, 22, 1, 2, 1, 10, 0, 0, 1): bytes.fromhex("001b21000001"),
        (*address, 22, 1, 2, 1, 10, 0, 0, 9): bytes.fromhex("005056010203"),
    }  # fmt: skip
    device = made(system(), ports("Vl1"), rows)
    assert {(a.address, a.prefix_length, a.port) for a in device.addresses} == {
        ("10.0.0.1", 24, "Vl1"), ("2001:db8::1", None, "Vl1"),
    }  # fmt: skip
    assert [(r.address, r.mac, r.port) for r in device.resolved] == [("10.0.0.9", "00:50:56:01:02:03", "Vl1")]


# --- what was not seen -------------------------------------------------------------------------------------


def test_a_cut_is_a_problem_of_the_device() -> None:
    """What the walk could not read is said where people look."""
    device = make(Walk(system(), (Cut("1.3.6.1.2.1.2.2.1.2", "no answer"),)), "192.0.2.1")
    assert [(p.what, p.why) for p in device.problems] == [("1.3.6.1.2.1.2.2.1.2", "no answer")]


def test_a_device_that_says_nothing_has_its_address_for_a_name() -> None:
    """An empty walk is a device nonetheless."""
    assert (make(Walk({}), "192.0.2.1").name, make(Walk({}), "192.0.2.1").kind) == ("192.0.2.1", "other")


@pytest.mark.parametrize("size", [0, 1, 3, 40])
def test_rubbish_in_every_column_breaks_nothing(size: int) -> None:
    """Any value at any index of any column that is read makes a device, and no MIB file fails."""
    values: Values = {}
    for root in wanted(Walk(system())):
        for n, value in enumerate((b"\xff" * 9, -1, 2**64 - 1, (1, 3), b"", 0)):
            values[(*root, *(2**32 - 1 - n for _ in range(size)))] = value
            values[(*root, *range(n, n + size))] = value
    assert [p for p in make(Walk(values), "192.0.2.1").problems if p.what.startswith("the MIB")] == []


def test_every_mib_says_what_it_reads() -> None:
    """Each has a sentence and columns, and is found by itself."""
    assert {m.name for m in all_mibs()} >= {"system", "interfaces", "addresses", "entity", "lldp", "cdp", "bridge",
                                            "host_resources", "printer", "ups"}  # fmt: skip
    assert all(m.sentence.endswith(".") and m.columns for m in all_mibs())
