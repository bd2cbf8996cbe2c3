"""The rows that a discovery reports: what becomes of hosts, stacks, placeholders and VLANs. No server, no device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cmdb.imports import Unread, parse
from cmdb.topology import topology
from cmdb.words.device import Chassis, Device, Learned, LocalVlan, Neighbour, OwnAddress, Port
from cmdb_processes.cli.discovery.rows import ref, rows

MAC = "00:50:56:00:00:01"
SWITCH = Device(
    "10.0.0.1", "sw1", kind="switch", vendor="Cisco", serial="FDO1601R0AB", model="WS-C3750",
    macs=frozenset({"00:1b:21:00:00:00"}), ids=frozenset({"00:1b:21:00:00:00", "sw1"}),
    ports=(Port(1, ("Gi1/0/1",), physical=True, state="up"), Port(2, ("Vl1",), kind="vlan")),
    addresses=(OwnAddress("10.0.0.1", 24, "Vl1"), OwnAddress("10.9.0.1")),
)  # fmt: skip


def seen(*devices: Device, known: dict[str, str] | None = None, domain: str | None = None) -> list[dict[str, Any]]:
    """The rows, each fit to be imported."""
    made = rows(topology(devices), known or {}, domain)
    wrong = [one for n, row in enumerate(made, 1) if isinstance(one := parse(n, row), Unread)]
    assert wrong == []
    return made


def edges(made: list[dict[str, Any]], relation: str) -> set[tuple[str, str]]:
    """(from, to) of a relation."""
    return {(row["from"], row["to"]) for row in made if row.get("type") == relation}


def cis(made: list[dict[str, Any]], cls: str) -> list[dict[str, Any]]:
    """The CIs of a class."""
    return [row for row in made if row.get("class") == cls]


def test_a_device_brings_its_interfaces_and_addresses() -> None:
    """Each under its device, each address on its interface where the device said which."""
    made = seen(SWITCH)
    (whole,) = cis(made, "NetworkDevice")
    assert (whole["ref"], whole["attributes"]["ports"]) == ("Cisco FDO1601R0AB", 1)
    assert [(row["key"], row["parent"]) for row in cis(made, "NetworkInterface")] == [
        ("Gi1/0/1", whole["ref"]), ("Vl1", whole["ref"]),
    ]  # fmt: skip
    assert {row["attributes"]["address"] for row in cis(made, "IPAddress")} == {"10.0.0.1", "10.9.0.1"}
    assert edges(made, "ASSIGNED_TO") == {
        (f"{whole['ref']} IPAddress Vl1 10.0.0.1", f"{whole['ref']} NetworkInterface Vl1")
    }


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({}, "Cisco FDO1601R0AB"),
        ({"serial": "", "engine_id": "80000009aa"}, "80000009aa"),
        ({"serial": ""}, "10.0.0.1"),
    ],
)
def test_a_device_keeps_its_ref_when_its_address_changes(change: dict[str, str], name: str) -> None:
    """The serial number names it, else its engine id; its address only where it said nothing."""
    assert ref(replace(SWITCH, **change)) == name  # type: ignore[arg-type]  # fields of a Device


def test_a_stack_says_its_members() -> None:
    """One device, and every enclosure with its serial number."""
    stack = replace(SWITCH, chassis=(Chassis("1", "FDO1601R0AB"), Chassis("2", "FDO1602R0CD")))
    (whole,) = cis(seen(stack), "NetworkDevice")
    assert whole["extra"] == {"stack_members": "1 FDO1601R0AB; 2 FDO1602R0CD"}


def test_a_host_that_the_graph_knows_is_that_host() -> None:
    """By its hardware addresses, when all that are known say the same; else it is found by its own keys."""
    host = Device("10.0.0.9", "web1", cls="Host", macs=frozenset({MAC, "00:50:56:00:00:02"}))
    assert cis(seen(host, known={MAC: "ci_1"}), "Host")[0]["id"] == "ci_1"
    assert "id" not in cis(seen(host, known={MAC: "ci_1", "00:50:56:00:00:02": "ci_2"}), "Host")[0]
    assert "id" not in cis(seen(host), "Host")[0]


def test_a_known_host_hangs_on_the_switch_that_hears_it() -> None:
    """Though nobody read it; an address that the graph does not know makes nothing."""
    hears = replace(SWITCH, learned=(Learned(MAC, "Gi1/0/1"), Learned("00:50:56:00:00:99", "Gi1/0/1")))
    assert edges(seen(hears, known={MAC: "ci_1"}), "ATTACHED_TO") == {("ci_1", "Cisco FDO1601R0AB")}
    assert edges(seen(hears), "ATTACHED_TO") == set()


def told(**more: Any) -> Neighbour:
    """A neighbour on Gi1/0/1."""
    return replace(Neighbour("lldp", "Gi1/0/1", "00:0c:29:00:00:01", "x1", ("eth0",)), **more)


@pytest.mark.parametrize(
    ("able", "kind"),
    [(("access point",), "access point"), (("bridge", "router"), "router"), (("bridge",), "switch"), ((), "other")],
)
def test_who_was_only_seen_is_a_device_of_its_kind(able: tuple[str, ...], kind: str) -> None:
    """With the address its neighbour told, so that it is the same CI once it is read."""
    made = seen(replace(SWITCH, neighbours=(told(capabilities=able, addresses=("10.0.0.77",)),)))
    (other,) = [row for row in cis(made, "NetworkDevice") if row["ref"].startswith("seen ")]
    assert other["attributes"] == {"kind": kind, "management_address": "10.0.0.77"}
    assert edges(made, "CONNECTED_TO") == {("Cisco FDO1601R0AB NetworkInterface Gi1/0/1", other["ref"])}


def test_a_computer_that_was_only_seen_is_not_made() -> None:
    """Its agent makes it, or reading it does."""
    made = seen(replace(SWITCH, neighbours=(told(capabilities=("station",)),)))
    assert len(cis(made, "NetworkDevice")) == 1
    assert cis(made, "Host") == []
    assert edges(made, "CONNECTED_TO") == set()


def test_a_link_carries_its_evidence() -> None:
    """The protocol, both ends, and how sure it is."""
    made = seen(replace(SWITCH, neighbours=(told(),)))
    (cable,) = [row for row in made if row.get("type") == "CONNECTED_TO"]
    assert cable["evidence"] == {
        "kind": "lldp", "detail": "one-way: LLDP of 10.0.0.1: 10.0.0.1 Gi1/0/1 to 00:0c:29:00:00:01 eth0",
        "confidence": 0.75,
    }  # fmt: skip


def test_vlans_are_reported_only_within_a_domain() -> None:
    """Once each, with the first name that somebody gives; who carries thousands names none."""
    first = replace(SWITCH, vlans=(LocalVlan(10), LocalVlan(20, "voice")))
    second = replace(SWITCH, address="10.0.0.2", serial="S2", model="other", vlans=(LocalVlan(10, "office"),))
    all_of_them = replace(
        SWITCH, address="10.0.0.3", serial="S3", model="third", vlans=tuple(map(LocalVlan, range(1, 4095)))
    )
    assert cis(seen(first, second), "Vlan") == []
    made = cis(seen(first, second, all_of_them, domain="campus"), "Vlan")
    assert [(row["name"], row["attributes"]) for row in made] == [
        ("office", {"vlan_id": 10, "domain": "campus"}), ("voice", {"vlan_id": 20, "domain": "campus"}),
    ]  # fmt: skip


def test_a_port_is_in_the_vlans_that_it_carries() -> None:
    """By edges within a domain, to VLANs that the device has; and by its attributes in any case."""
    ports = (Port(1, ("Gi1",), untagged=(10,), tagged=(20, 21, 22, 99)), Port(2, ("Gi2",), tagged=tuple(range(2, 200))))
    one = replace(SWITCH, vlans=tuple(map(LocalVlan, range(2, 30))), ports=ports)
    assert edges(seen(one), "IN_NETWORK") == set()
    made = seen(one, domain="campus")
    source = "Cisco FDO1601R0AB NetworkInterface Gi1"
    assert edges(made, "IN_NETWORK") == {(source, f"vlan campus {n}") for n in (10, 20, 21, 22)}
    assert [row["evidence"]["detail"] for row in made if row.get("to") == "vlan campus 10"] == [
        "Gi1 carries VLAN 10 untagged"
    ]
    shown = [row["attributes"] for row in cis(made, "NetworkInterface")]
    assert [(one.get("untagged_vlans"), one["tagged_vlans"]) for one in shown] == [("10", "20-22,99"), (None, "2-199")]


def test_a_bundle_sends_through_its_members() -> None:
    """So that it goes down with the last of them, not with the first."""
    ports = (Port(1, ("Po1",), kind="bond"), Port(2, ("Gi1",), master="Po1"), Port(3, ("Gi2",), master="Po1"))
    whole = "Cisco FDO1601R0AB NetworkInterface"
    assert edges(seen(replace(SWITCH, ports=ports)), "CARRIED_BY") == {
        (f"{whole} Po1", f"{whole} Gi1"), (f"{whole} Po1", f"{whole} Gi2"),
    }  # fmt: skip


def test_hostile_words_are_clean_rows() -> None:
    """Control characters, NULs and markup in names are text without power, or gone."""
    evil = replace(
        SWITCH, name="sw\x1b[2J<script>", description="'}) DETACH DELETE (n",
        ports=(Port(1, ("Gi\x00\u202e1",), description="=cmd()"),),
    )  # fmt: skip
    made = seen(evil)
    assert all(str(value).isprintable() for row in made for value in (row.get("name"), row.get("key"), row.get("ref")))
