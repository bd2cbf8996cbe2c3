"""The vendor files: as many families as promised, each recognised by its object id, none by two equally good ones."""

from __future__ import annotations

import re

import pytest

from cmdb.errors import DeclarationError
from cmdb.words.device import Device
from cmdb_agents.device import make
from cmdb_agents.transports.snmp_ber import SnmpValue
from cmdb_agents.transports.snmp_walk import Cut, Walk, oid
from cmdb_agents.vendor import Vendor, candidates, vendors

FAMILIES = (
    ("Cisco IOS", "1.3.6.1.4.1.9.1.516", "Cisco IOS Software, C3750 Software Version 12.2(35)SE5", "Cisco"),
    ("Cisco IOS XE", "1.3.6.1.4.1.9.1.1745", "Cisco IOS Software, IOS-XE Software, Version 03.06.05E", "Cisco"),
    ("Cisco NX-OS", "1.3.6.1.4.1.9.12.3.1.3.1084", "Cisco NX-OS(tm) n5000, Version 6.0(2)N2(3)", "Cisco"),
    ("Cisco ASA", "1.3.6.1.4.1.9.1.745", "Cisco Adaptive Security Appliance Version 9.1(7)", "Cisco"),
    ("Cisco small business", "1.3.6.1.4.1.9.6.1.82.48.1", "SG300-28 28-Port Gigabit Managed Switch", "Cisco"),
    ("Juniper", "1.3.6.1.4.1.2636.1.1.1.2.29", "Juniper Networks, Inc. mx480 internet router", "Juniper Networks"),
    ("Arista", "1.3.6.1.4.1.30065.1.3011.7048.427.3648", "Arista Networks EOS version 4.20.7M", "Arista Networks"),
    ("ProCurve", "1.3.6.1.4.1.11.2.3.7.11.79", "HP J9020A ProCurve Switch 2510-48, revision U.11.04", "HPE"),
    ("Aruba", "1.3.6.1.4.1.14823.1.1.32", "ArubaOS (MODEL: Aruba7210), Version 6.5.1.6", "Aruba"),
    ("Aruba CX", "1.3.6.1.4.1.47196.4.1.1.1.100", "Aruba JL635A GL.10.04.0003", "Aruba"),
    ("Comware", "1.3.6.1.4.1.25506.11.1.79", "HP Comware Platform Software, Software Version 5.20", "HPE"),
    ("Huawei", "1.3.6.1.4.1.2011.2.23.276", "S5720-36C-EI-AC Huawei Versatile Routing Platform", "Huawei"),
    ("Dell PowerConnect", "1.3.6.1.4.1.674.10895.3031", "Dell Networking N2048", "Dell"),
    ("Force10", "1.3.6.1.4.1.6027.1.3.14", "Dell Force10 OS", "Dell"),
    ("Extreme", "1.3.6.1.4.1.1916.2.167", "ExtremeXOS (X440-48p) version 15.3.1.4 v1531b4", "Extreme Networks"),
    ("Brocade", "1.3.6.1.4.1.1991.1.3.57.1.1.1.1", "Brocade Communications Systems, Inc. ICX6430-24", "Brocade"),
    ("Ruckus", "1.3.6.1.4.1.25053.3.1.5.3", "Ruckus Wireless ZD3025", "Ruckus"),
    ("Fortinet", "1.3.6.1.4.1.12356.101.1.10004", "", "Fortinet"),
    ("Palo Alto", "1.3.6.1.4.1.25461.2.3.9", "Palo Alto Networks PA-5000 series firewall", "Palo Alto Networks"),
    ("Check Point", "1.3.6.1.4.1.2620.1.6.123.1.49", "Linux gw 2.6.18-92cp", "Check Point"),
    ("MikroTik", "1.3.6.1.4.1.14988.1", "RouterOS CCR1036-12G-4S", "MikroTik"),
    ("Ubiquiti", "1.3.6.1.4.1.41112.1.4", "Linux 2.6.32.61", "Ubiquiti"),
    ("D-Link", "1.3.6.1.4.1.171.10.113.3.1", "DES-3200-18 Fast Ethernet Switch", "D-Link"),
    ("TP-Link", "1.3.6.1.4.1.11863.5.1", "JetStream 24-Port Gigabit L2 Managed Switch", "TP-Link"),
    ("Netgear", "1.3.6.1.4.1.4526.100.4.19", "GSM7224V2", "Netgear"),
    ("Zyxel", "1.3.6.1.4.1.890.1.15", "GS1920-24", "Zyxel"),
    ("Eltex", "1.3.6.1.4.1.35265.1.52", "MES3124 28-port 1G/10G Managed Switch", "Eltex"),
    ("Allied Telesis", "1.3.6.1.4.1.207.1.14.54", "Allied Telesis router/switch, AW+ v5.4.2", "Allied Telesis"),
    ("OmniSwitch", "1.3.6.1.4.1.6486.800.1.1.2.1.7", "Alcatel-Lucent OS6850-24 6.4.4.R01", "Alcatel-Lucent Enterprise"),
    ("Nokia", "1.3.6.1.4.1.6527.1.3.3", "TiMOS-C-12.0.R8 cpm/hops ALCATEL SR 7750", "Nokia"),
    ("Ciena", "1.3.6.1.4.1.6141.1.96", "3916 Service Delivery Switch", "Ciena"),
    ("Avocent", "1.3.6.1.4.1.10418.16.1.11", "Avocent ACS6048", "Avocent"),
    ("APC", "1.3.6.1.4.1.318.1.3.4.6", "APC Web/SNMP Management Card MN:AP8932", "APC"),
    ("Eaton", "1.3.6.1.4.1.705.1", "EATON 93E 80", "Eaton"),
    ("Raritan", "1.3.6.1.4.1.13742.6", "PX2 030210", "Raritan"),
    ("Vertiv", "1.3.6.1.4.1.476.1.42", "Liebert", "Vertiv"),
    ("NetApp", "1.3.6.1.4.1.789.2.3", "NetApp Release 8.2.3 7-Mode", "NetApp"),
    ("VMware", "1.3.6.1.4.1.6876.4.1", "VMware ESXi 6.7.0 build-8169922", "VMware"),
    ("F5", "1.3.6.1.4.1.3375.2.1.3.4.43", "BIG-IP", "F5"),
    ("A10", "1.3.6.1.4.1.22610.1.3.14", "Thunder Series Unified Application Service Gateway TH3030S", "A10 Networks"),
    ("Citrix", "1.3.6.1.4.1.5951.1", "NetScaler NS10.1: Build 118.7.nc", "Citrix"),
    ("Sophos", "1.3.6.1.4.1.2604.5", "Sophos XG", "Sophos"),
    ("WatchGuard", "1.3.6.1.4.1.3097.1.5.32", "XTM525", "WatchGuard"),
    ("HP printer", "1.3.6.1.4.1.11.2.3.9.1", "HP ETHERNET MULTI-ENVIRONMENT", "HP"),
    ("net-snmp host", "1.3.6.1.4.1.8072.3.2.10", "Linux web1 6.1.0", ""),
)  # fmt: skip


@pytest.mark.parametrize(("object_id", "described", "vendor"), [f[1:] for f in FAMILIES], ids=[f[0] for f in FAMILIES])
def test_each_family_is_recognised(object_id: str, described: str, vendor: str) -> None:
    """The object id, and sysDescr where one id serves several families, lead to the maker's file."""
    assert candidates(object_id, described)[0].vendor == vendor


@pytest.mark.parametrize(
    ("name", "value", "vendor"),
    [
        ("1.3.6.1.4.1.6574.1.5.1.0", b"DS918+", "Synology"),
        ("1.3.6.1.4.1.24681.1.2.12.0", b"TS-453A", "QNAP"),
        ("1.3.6.1.4.1.2620.1.6.16.7.0", b"Check Point 5600", "Check Point"),
        ("1.3.6.1.4.1.2.3.51.3.1.5.2.1.5.0", b"System x3250 M3", "IBM"),
        ("1.3.6.1.4.1.13400.2.3.1.2.0", b"UL33 UPS", "Vertiv"),
    ],
)
def test_an_appliance_that_hides_behind_net_snmp_is_known_by_what_it_answers(
    name: str, value: bytes, vendor: str
) -> None:
    """Its object id is net-snmp's; its own tables say whose it is."""
    system = {oid("1.3.6.1.2.1.1.2.0"): oid("1.3.6.1.4.1.8072.3.2.10"), oid("1.3.6.1.2.1.1.1.0"): b"Linux nas 4.4"}
    device = make(Walk({**system, oid(name): value}), "192.0.2.1")
    assert (device.vendor, device.model) == (vendor, value.decode())
    assert make(Walk({**system}), "192.0.2.1").cls == "Host"


def test_a_pattern_beside_a_place_takes_its_part_of_what_stands_there() -> None:
    """What is around a model, or another value altogether, is no model."""
    place, system = oid("1.3.6.1.4.1.35047.1.1.0"), {oid("1.3.6.1.2.1.1.2.0"): oid("1.3.6.1.4.1.35047.2.1")}
    assert make(Walk({**system, place: b"model=M5400"}), "192.0.2.1").model == "M5400"
    assert make(Walk({**system, place: b"LIHUA-H61"}), "192.0.2.1").model == ""


def test_a_row_of_a_column_is_walked_with_its_column() -> None:
    """A name that is a value's own has nothing under it: walking it would find nothing."""
    imm = next(v for v in vendors() if v.name == "ibm_imm")
    assert oid("1.3.6.1.4.1.2.3.51.3.1.5.1.1.3") in imm.columns()
    told = {oid("1.3.6.1.4.1.2.3.51.3.1.5.1.1.3.1"): b"YUOO91K", oid("1.3.6.1.4.1.2.3.51.3.1.5.1.1.3.2"): b"GYE148A"}
    assert make(Walk(told), "192.0.2.1").version == "YUOO91K"


def test_a_device_whose_family_nobody_wrote_down_has_the_maker_of_its_enterprise_number() -> None:
    """By IANA's numbers; a number that is not known makes no maker, and net-snmp made the agent, not the box."""

    def read(object_id: str) -> Device:
        return make(Walk({oid("1.3.6.1.2.1.1.2.0"): oid(object_id)}), "192.0.2.1")

    assert read("1.3.6.1.4.1.1981.1.1").vendor == read("1.3.6.1.4.1.1981.1.1").maker == "EMC"
    assert read("1.3.6.1.4.1.4294967295.1").vendor == ""
    assert (read("1.3.6.1.4.1.8072.3.2.10").vendor, read("1.3.6.1.4.1.8072.3.2.10").maker) == ("Net-SNMP", "")


def test_old_cisco_devices_are_known_by_their_image() -> None:
    """Where ENTITY tells no model: the family of the image, and the version of the first module."""
    told: dict[str, SnmpValue] = {
        "1.3.6.1.2.1.1.2.0": oid("1.3.6.1.4.1.9.1.366"), "1.3.6.1.4.1.9.9.25.1.1.1.2.3": b"CW_FAMILY$C3550$",
        "1.3.6.1.4.1.9.9.25.1.1.1.2.2": b"CW_IMAGE$C3550-I9Q3L2-M$", "1.3.6.1.4.1.9.5.1.3.1.1.19.1": b"12.1(8)EA1c",
    }  # fmt: skip
    device = make(Walk({oid(name): value for name, value in told.items()}), "192.0.2.1")
    assert (device.vendor, device.model, device.version) == ("Cisco", "C3550", "12.1(8)EA1c")


def test_a_bridge_without_a_table_of_interfaces_has_the_ports_it_counts() -> None:
    """Not one whose table of interfaces was cut: its ports have names that were not read."""
    told = {oid("1.3.6.1.2.1.17.1.4.1.2.49"): 10149, oid("1.3.6.1.2.1.17.1.4.1.2.50"): 10150}
    assert [(p.index, p.name) for p in make(Walk(told), "192.0.2.1").ports] == [(10149, "port 49"), (10150, "port 50")]
    cut = Cut("1.3.6.1.2.1.2.2.1.2", "no answer")
    assert make(Walk(told, (cut,)), "192.0.2.1").ports == ()


def test_there_are_the_families_that_were_promised() -> None:
    """Forty at least, each with a sentence of its own."""
    assert len(vendors()) >= 40
    assert len({v.sentence for v in vendors()}) == len(vendors())


def test_no_two_families_are_recognised_by_the_same() -> None:
    """Who shares a prefix is told apart by sysDescr."""
    seen: dict[tuple[str, str], str] = {}
    for vendor in vendors():
        for prefix in vendor.object_ids:
            assert (prefix, vendor.describes) not in seen, (vendor.name, seen[(prefix, vendor.describes)])
            seen[(prefix, vendor.describes)] = vendor.name


def test_every_pattern_compiles_and_catches_something() -> None:
    """Each has a named group; and none takes long on a hostile description."""
    hostile = "A1-" * 300
    for vendor in vendors():
        for pattern in vendor.patterns:
            assert re.compile(pattern).groupindex
            re.search(pattern, hostile)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"kind": "toaster"}, "toaster"),
        ({"object_ids": ()}, "recognised by nothing"),
        ({"serial": ("iso.org",)}, "iso.org"),
        ({"patterns": ("(?P<colour>.)",)}, "groups"),
        ({"model": (("1.3.6.1.4.1.99.1.0", "no group"),)}, "not one group"),
        ({"sentence": "no stop"}, "full stop"),
    ],
)
def test_a_vendor_file_checks_itself(wrong: dict[str, object], word: str) -> None:
    """A mistake in a file stops the start, and names the file."""
    good: dict[str, object] = {"name": "x", "vendor": "X", "sentence": "X devices.", "object_ids": ("1.3.6.1.4.1.99",)}
    Vendor(**good)  # type: ignore[arg-type]  # as declared
    with pytest.raises(DeclarationError, match=word):
        Vendor(**{**good, **wrong})  # type: ignore[arg-type]  # as declared, but wrong
