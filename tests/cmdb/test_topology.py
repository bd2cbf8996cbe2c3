"""Links, attachments, placeholders and merges: what is declared is found, and nothing is invented."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from cmdb.topology import End, Topology, topology
from cmdb.topology.port_names import canonical, find
from cmdb.words.device import Device, Learned, Neighbour, OwnAddress, Port, Resolved


def mac(device: int, port: int = 0) -> str:
    """A hardware address of its own for each port of each device."""
    return f"00:1b:21:00:{device:02x}:{port:02x}"


def switch(n: int, *, ports: int = 8, style: str = "Gi0/{}", **more: object) -> Device:
    """Device number n, with so many ports named in a style."""
    own = tuple(Port(p, (style.format(p),), physical=True, mac=mac(n, p), state="up") for p in range(1, ports + 1))
    base = Device(
        f"10.0.0.{n}", f"sw{n}", kind="switch", serial=f"S{n:05}", vendor="Cisco", ports=own,
        macs=frozenset({mac(n), *(p.mac for p in own)}), ids=frozenset({mac(n), f"sw{n}"}),
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]  # fields of a Device


def sees(device: Device, port: int, other: Device, other_port: int, **more: object) -> Device:
    """The device with one more LLDP neighbour, who said its chassis id, name and port."""
    there = other.ports[other_port - 1].name
    one = Neighbour("lldp", device.ports[port - 1].name, min(other.ids), other.name, (there,))
    return replace(device, neighbours=(*device.neighbours, replace(one, **more)))  # type: ignore[arg-type]


def joined(devices: Iterable[Device]) -> set[tuple[str, str, str, str, str]]:
    """(device, port, device, port, word) of each link."""
    return {(j.a.device, j.a.port, j.b.device, j.b.port, j.word) for j in topology(list(devices)).joints}


def linked(a: Device, p: int, b: Device, q: int) -> tuple[Device, Device]:
    """Both with the other as neighbour."""
    return sees(a, p, b, q), sees(b, q, a, p)


# --- links -------------------------------------------------------------------------------------------------


def test_both_ends_agree() -> None:
    """One link, agreed, surer than any other evidence but a socket pair."""
    found = topology(linked(switch(1), 3, switch(2), 5))
    (joint,) = found.joints
    assert (joint.a, joint.b, joint.word) == (End("10.0.0.1", "Gi0/3"), End("10.0.0.2", "Gi0/5"), "agreed")
    assert (joint.confidence, joint.protocols, found.doubts) == (0.95, ("lldp",), ())
    assert joint.detail == "LLDP of both ends: 10.0.0.1 Gi0/3 to 10.0.0.2 Gi0/5"


def test_one_end_alone_is_marked() -> None:
    """A device without LLDP of its own is joined one-way, and less surely."""
    assert joined([sees(switch(1), 3, switch(2), 5), switch(2)]) == {
        ("10.0.0.1", "Gi0/3", "10.0.0.2", "Gi0/5", "one-way")
    }


def test_parallel_links_stay_apart() -> None:
    """Two cables between the same switches are two links, each with its own ports."""
    a, b = linked(switch(1), 1, switch(2), 1)
    a, b = linked(a, 2, b, 2)
    assert joined([a, b]) == {("10.0.0.1", f"Gi0/{n}", "10.0.0.2", f"Gi0/{n}", "agreed") for n in (1, 2)}


def test_parallel_links_without_port_names_are_not_paired_by_chance() -> None:
    """Who cannot tell which end answers which says one-way, and never pairs the wrong two."""
    a, b = switch(1), switch(2)
    for n in (1, 2):
        a, b = sees(a, n, b, n, ports=()), sees(b, n, a, n, ports=())
    assert {word for *_, word in joined([a, b])} == {"one-way"}


def test_two_protocols_tell_one_link() -> None:
    """LLDP and CDP on one cable are one link with two witnesses; CDP's long name is LLDP's short one."""
    a, b = linked(switch(1), 1, switch(2), 1)
    a = sees(a, 1, b, 1, protocol="cdp", ports=("GigabitEthernet0/1",), chassis="sw2")
    (joint,) = topology([a, b]).joints
    assert (joint.word, joint.protocols) == ("agreed", ("cdp", "lldp"))


def test_a_bundle_answers_for_its_member() -> None:
    """One end names the port, the other the bundle it is in: the same link."""
    a, b = switch(1), switch(2)
    members = tuple(replace(p, master="Po1") if p.index == 1 else p for p in b.ports)
    b = replace(b, ports=(*members, Port(99, ("Po1",), kind="bond")))
    a = sees(a, 1, b, 1)
    b = replace(b, neighbours=(Neighbour("lldp", "Po1", mac(1), "sw1", ("Gi0/1",)),))
    assert {word for *_, word in joined([a, b])} == {"agreed"}


def test_a_port_that_has_agreed_is_not_joined_again() -> None:
    """An old entry of a third switch is a doubt, not a link."""
    a, b = linked(switch(1), 1, switch(2), 1)
    stale = sees(switch(3), 1, b, 1)
    found = topology([a, b, stale])
    assert len(found.joints) == 1
    assert found.doubts == ("sw3 Gi0/1: names 10.0.0.2 Gi0/1, whose end has agreed with another",)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_cabled_is_found_and_nothing_else(seed: int) -> None:
    """Random networks of switches that name themselves and their ports in many ways: every link once, none invented."""
    dice = random.Random(seed)
    styles = (("Gi0/{}", "GigabitEthernet0/{}"), ("Eth1/{}", "Ethernet1/{}"), ("xe-0/0/{}", "xe-0/0/{}"), ("{}", "{}"))
    count = dice.randint(2, 12)
    chosen = [dice.choice(styles) for _ in range(count)]
    devices = [switch(n + 1, ports=16, style=style) for n, (style, _) in enumerate(chosen)]
    free = [(n, p) for n in range(count) for p in range(1, 17)]
    dice.shuffle(free)
    silent = {n for n in range(count) if dice.random() < 0.2}
    wanted = set()
    for _ in range(min(len(free) // 2, count * 3)):
        (n, p), (m, q) = free.pop(), free.pop()
        if n == m or (n in silent and m in silent):
            continue
        for here, port, there, other in ((n, p, m, q), (m, q, n, p)):
            if here in silent:
                continue
            told = chosen[there][dice.randint(0, 1)].format(other)
            ids = {"chassis": dice.choice([mac(there + 1), mac(there + 1, other), f"sw{there + 1}"])}
            name = dice.choice([f"sw{there + 1}", f"SW{there + 1}.example.net", ""])
            devices[here] = sees(devices[here], port, devices[there], other, ports=(told,), name=name, **ids)
        ends = sorted(
            [End(f"10.0.0.{n + 1}", styles_name(chosen[n], p)), End(f"10.0.0.{m + 1}", styles_name(chosen[m], q))]
        )
        wanted.add((tuple(ends), "one-way" if {n, m} & silent else "agreed"))
    dice.shuffle(devices)
    found = topology(devices)
    assert {(tuple(sorted((j.a, j.b))), j.word) for j in found.joints} == wanted
    assert len(found.joints) == len(wanted)
    assert (found.placeholders, found.doubts) == ((), ())


def styles_name(style: tuple[str, str], port: int) -> str:
    return style[0].format(port)


# --- who is meant ------------------------------------------------------------------------------------------


def test_a_neighbour_that_nobody_read_is_a_placeholder() -> None:
    """All that is said of it is kept together, whoever says it."""
    ap = {"chassis": "00:0c:29:00:00:01", "name": "ap-1", "ports": ("eth0",)}
    a = sees(switch(1), 3, switch(9), 1, **ap, capabilities=("access point",))
    b = sees(switch(2), 4, switch(9), 1, **ap, addresses=("10.0.0.77",))
    found = topology([a, b])
    (one,) = found.placeholders
    assert (one.key, one.name, one.addresses, one.capabilities) == (
        "00:0c:29:00:00:01", "ap-1", ("10.0.0.77",), ("access point",),
    )  # fmt: skip
    assert {j.b for j in found.joints} == {End("00:0c:29:00:00:01", "eth0")}


def test_an_address_that_unlike_devices_share_joins_nobody_wrongly() -> None:
    """A cloned chassis id alone is a doubt; with a name that only one has, it is that one."""
    twins = [replace(switch(n), ids=frozenset({"00:0c:29:aa:aa:aa", f"sw{n}"})) for n in (2, 3)]
    alone = sees(switch(1), 1, twins[0], 1, chassis="00:0c:29:aa:aa:aa", name="")
    assert topology([alone, *twins]).joints == ()
    assert "it could be sw2 (10.0.0.2), sw3 (10.0.0.3)" in topology([alone, *twins]).doubts[0]
    named = sees(switch(1), 1, twins[0], 1, chassis="00:0c:29:aa:aa:aa", name="sw3")
    assert {j.b.device for j in topology([named, *twins]).joints} == {"10.0.0.3"}


def test_an_address_alone_makes_no_link_to_a_device_of_another_id_and_name() -> None:
    """Private addresses are used at many places: who names neither the id nor the name of a device is another one."""
    told = {"chassis": "00:0f:e2:b3:72:16", "name": "core-36", "addresses": ("10.0.0.2",)}
    found = topology([sees(switch(1), 1, switch(9), 1, **told), switch(2)])
    assert {j.b.device for j in found.joints} == {"00:0f:e2:b3:72:16"}
    nameless = topology([sees(switch(1), 1, switch(9), 1, **{**told, "name": ""}), switch(2)])
    assert {j.b.device for j in nameless.joints} == {"10.0.0.2"}


def test_an_id_and_a_name_of_different_devices_are_a_doubt() -> None:
    """Who says it is two devices is taken for neither."""
    wrong = sees(switch(1), 1, switch(2), 1, chassis=mac(2), name="sw3")
    found = topology([wrong, switch(2), switch(3)])
    assert found.joints == ()
    assert "belong to" in found.doubts[0]


def test_a_device_that_sees_itself_is_not_joined_to_itself() -> None:
    """A looped port is said."""
    assert topology([sees(switch(1), 1, switch(1), 2)]).joints == ()


# --- port names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ethernet1/19", "Eth1/19"), ("GigabitEthernet1/0/1", "Gi1/0/1"), ("GE1/0/1", "GigabitEthernet1/0/1"),
        ("TenGigabitEthernet0/1", "Te0/1"), ("Ten-GigabitEthernet1/0/49", "XGE1/0/49"), ("Po1", "port-channel1"),
        ("port-channel 1", "Port-Channel1"), ("Bridge-Aggregation7", "BAGG7"), ("Slot: 0 Port: 1 Gigabit", "0/1"),
        ("gi01", "Gi1"), ("FastEthernet0/24", "Fa0/24"), ("HundredGigE1/0/1", "Hu1/0/1"),
        ("XGigabitEthernet0/0/1", "XGE0/0/1"),
    ],
)  # fmt: skip
def test_long_and_short_names_are_one(one: str, other: str) -> None:
    """As makers write them."""
    assert canonical(one) == canonical(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [("Gi1/0/1", "Te1/0/1"), ("Gi1/0/1", "Gi1/0/11"), ("Po1", "Gi1"), ("1/11", "11/1"), ("ge-0/0/1", "ge-0/0/1.0")],
)
def test_different_ports_stay_different(one: str, other: str) -> None:
    """Kind and every number count."""
    assert canonical(one) != canonical(other)


def test_a_name_that_fits_two_ports_finds_none() -> None:
    """`1/0/1` is Gi1/0/1 or Te1/0/1: not guessed; a hardware address that all ports share neither."""
    both = (Port(1, ("Gi1/0/1",), physical=True, mac=mac(1)), Port(2, ("Te1/0/1",), physical=True, mac=mac(1)))
    device = replace(switch(1), ports=both)
    assert find(device, ("1/0/1",)) is None
    assert find(device, (mac(1),)) is None
    assert find(device, ("1/0/1", "TenGigabitEthernet1/0/1")) == both[1]


# --- attachment --------------------------------------------------------------------------------------------


def hears(device: Device, port: int, *macs: str) -> Device:
    """The device with addresses learned on a port."""
    told = (Learned(m, device.ports[port - 1].name, 10) for m in macs)
    return replace(device, learned=(*device.learned, *told))


def test_a_host_is_where_the_fewest_addresses_are() -> None:
    """Its own switch's port wins over uplinks, which LLDP tells, and over ports with more behind them."""
    host, more = "00:50:56:00:00:01", [f"00:50:56:00:01:{n:02x}" for n in range(9)]
    a, b = linked(switch(1), 8, switch(2), 8)
    a = hears(hears(a, 1, host), 8, *more)
    b = hears(hears(b, 8, host), 3, *more)
    b = replace(b, resolved=(Resolved("10.0.0.50", host),))
    places = {one.mac: one for one in topology([a, b]).attachments}
    assert (places[host].at, places[host].seen, places[host].addresses) == (End("10.0.0.1", "Gi0/1"), 1, ("10.0.0.50",))
    assert {places[m].at for m in more} == {End("10.0.0.2", "Gi0/3")}
    assert places[host].confidence > places[more[0]].confidence


def test_an_address_with_two_equal_places_has_none() -> None:
    """Without LLDP nobody can tell which of two ports is the uplink."""
    a, b = hears(switch(1), 1, "00:50:56:00:00:01"), hears(switch(2), 1, "00:50:56:00:00:01")
    assert topology([a, b]).attachments == ()


# --- who hangs on whom -------------------------------------------------------------------------------------


def hangs(found: Topology) -> set[tuple[str, str]]:
    """(dependent, dependency) by the last number of the address."""
    return {(a.rpartition(".")[2], b.rpartition(".")[2]) for a, b in found.uplinks}


def test_two_uplinks_are_two_dependencies() -> None:
    """An access switch hangs on both cores, its host on it, and the cores on nobody."""
    core1, core2, access = switch(1, kind="router"), switch(2, kind="router"), switch(3)
    core1, core2 = linked(core1, 1, core2, 1)
    core1, access = linked(core1, 2, access, 1)
    core2, access = linked(core2, 2, access, 2)
    host = Device("10.0.0.4", "web1", cls="Host", macs=frozenset({"00:50:56:00:00:01"}))
    found = topology([core1, core2, hears(access, 5, "00:50:56:00:00:01"), host])
    assert hangs(found) == {("3", "1"), ("3", "2"), ("4", "3")}


def test_a_router_that_nobody_read_hangs_on_nobody() -> None:
    """It may be the way out; a phone or a radio at the end of a cable does hang on its switch."""
    ids = {"chassis": "00:0c:29:00:00:01", "name": "x1", "ports": ("eth0",)}
    at = switch(1, kind="router")
    assert hangs(topology([sees(at, 1, switch(9), 1, **ids, capabilities=("bridge", "router"))])) == set()
    assert hangs(topology([sees(at, 1, switch(9), 1, **ids)])) == set()
    phone = topology([sees(at, 1, switch(9), 1, **ids, capabilities=("bridge", "telephone"))])
    assert phone.uplinks == (("00:0c:29:00:00:01", "10.0.0.1"),)


def test_nothing_hangs_on_a_host() -> None:
    """A host with two switches is no way from one to the other."""
    a, b = hears(switch(1), 1, "00:50:56:00:00:01"), hears(switch(2), 1, "00:50:56:00:00:02")
    host = Device("10.0.0.4", "web1", cls="Host", macs=frozenset({"00:50:56:00:00:01", "00:50:56:00:00:02"}))
    assert hangs(topology([a, b, host])) == {("4", "1"), ("4", "2")}


# --- one device or two -------------------------------------------------------------------------------------


def test_one_device_under_two_addresses_is_one() -> None:
    """Engine id, serial number and hardware addresses agree: the fullest reading is kept, with all addresses."""
    first = switch(1, engine_id="80000009")
    again = replace(first, address="192.168.0.1", name="sw1-mgmt", ports=first.ports[:4])
    found = topology([again, first, switch(2)])
    assert [d.address for d in found.devices] == ["10.0.0.1", "10.0.0.2"]
    (merge,) = found.merges
    assert (merge.kept, merge.others) == ("10.0.0.1", ("192.168.0.1",))
    assert "engine id" in merge.why


@pytest.mark.parametrize(
    "shared",
    [
        {"serial": "S00001"},
        {"engine_id": "80000009"},
        {"engine_id": "80000009", "name": "sw1"},
        {"serial": "S00001", "engine_id": "80000009", "model": "another"},
    ],
)
def test_a_look_alike_is_never_merged(shared: dict[str, str]) -> None:
    """A cloned serial number, engine id or name, against hardware addresses or models that differ."""
    first = switch(1, engine_id="80000009", model="one")
    found = topology([first, replace(switch(2, ports=8, model="one"), **shared)])  # type: ignore[arg-type]
    assert len(found.devices) == 2
    assert found.merges == ()


def test_one_shared_address_alone_merges_nobody() -> None:
    """A virtual address that two routers answer at is on both."""
    a, b = (replace(switch(n), addresses=(OwnAddress("10.0.0.254"),), serial="") for n in (1, 2))
    assert len(topology([a, b]).devices) == 2


def test_the_order_of_devices_changes_nothing() -> None:
    """Any order gives the same answer."""
    a, b = linked(switch(1), 3, switch(2), 5)
    c = sees(switch(3), 1, switch(9), 1)
    assert topology([a, b, c]) == topology([c, b, a]) == topology([b, c, a])
