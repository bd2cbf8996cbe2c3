"""What each promised family answers at its maker's own places, or at ENTITY-MIB's, and what a device is called by it.

The names stand here as the makers' MIBs have them, not as our files do: a wrong number in a file is found here.
"""

from __future__ import annotations

import pytest

from cmdb_agents.device import make
from cmdb_agents.transports.snmp_ber import SnmpValue
from cmdb_agents.transports.snmp_walk import Walk, oid

MAKER = "1.3.6.1.4.1."
CHASSIS = "1.3.6.1.2.1.47.1.1.1.1."


def entity(serial: str, model: str, version: str = "") -> dict[str, SnmpValue]:
    """A chassis in entPhysicalTable: class, description, software, serial number and model of its row 1."""
    rows = {"5.1": 3, "2.1": b"chassis", "4.1": 0, "11.1": serial.encode(), "13.1": model.encode()}
    return {CHASSIS + place: value for place, value in rows.items()} | (
        {f"{CHASSIS}10.1": version.encode()} if version else {}
    )


def own(base: str, **rows: str) -> dict[str, SnmpValue]:
    """Values below a maker's own place; `_` stands for a dot and `n` begins each name."""
    return {f"{MAKER}{base}.{name[1:].replace('_', '.')}": said.encode() for name, said in rows.items()}


# family, sysObjectID below the makers' numbers, sysDescr, answers, (vendor, model, serial, version)
ANSWERS = (
    ("Cisco IOS", "9.1.516", "Cisco IOS Software, C3750 Software (C3750-IPSERVICESK9-M), Version 12.2(35)SE5, RELEASE",
     entity("FDO1601R0AB", "WS-C3750G-24T"), ("Cisco", "WS-C3750G-24T", "FDO1601R0AB", "12.2(35)SE5")),
    ("Cisco IOS, old", "9.1.324", "Cisco Internetwork Operating System Software IOS (tm) C2950, Version 12.1(22)EA1,",
     own("9.3", n6_3_0="FHK0652Y0AB"), ("Cisco", "", "FHK0652Y0AB", "12.1(22)EA1")),
    ("Cisco IOS XE", "9.1.1745", "Cisco IOS Software, IOS-XE Software, Catalyst L3, Version 03.06.05E RELEASE",
     entity("FCW2025G0AB", "WS-C3850-24T"), ("Cisco", "WS-C3850-24T", "FCW2025G0AB", "03.06.05E")),
    ("Cisco NX-OS", "9.12.3.1.3.1084", "Cisco NX-OS(tm) n5000, Software (n5000-uk9), Version 6.0(2)N2(3), RELEASE",
     entity("SSI1601ABCD", "N5K-C5548UP"), ("Cisco", "N5K-C5548UP", "SSI1601ABCD", "6.0(2)N2(3)")),
    ("Cisco ASA", "9.1.745", "Cisco Adaptive Security Appliance Version 9.1(7)", entity("JMX1601X0AB", "ASA5505"),
     ("Cisco", "ASA5505", "JMX1601X0AB", "9.1(7)")),
    ("Cisco small business", "9.6.1.83.28.1", "SG300-28 28-Port Gigabit Managed Switch",
     own("9.6.1.101.53.14.1", n2_1="1.4.1.3", n5_1="DNI1601A0AB"), ("Cisco", "SG300-28", "DNI1601A0AB", "1.4.1.3")),
    ("Juniper", "2636.1.1.1.2.29", "Juniper Networks, Inc. mx480 internet router, kernel JUNOS 15.1R6.7, Build date",
     own("2636.3.1", n3_0="JN1160AB0AFB"), ("Juniper Networks", "mx480", "JN1160AB0AFB", "15.1R6.7")),
    ("Arista", "30065.1.3011.7048.427.3648",
     "Arista Networks EOS version 4.20.7M running on an Arista Networks DCS-7048T-A",
     entity("JSH1601ABCD", "DCS-7048T-A"), ("Arista Networks", "DCS-7048T-A", "JSH1601ABCD", "4.20.7M")),
    ("ProCurve", "11.2.3.7.11.79", "HP J9020A ProCurve Switch 2510-48, revision U.11.04, ROM R.10.06",
     own("11.2.36.1.1.2", n9_0="CN601XY0AB"), ("HPE", "HP J9020A ProCurve Switch 2510-48", "CN601XY0AB", "U.11.04")),
    ("Aruba", "14823.1.1.32", "ArubaOS (MODEL: Aruba7210), Version 6.5.1.6 (59321)",
     own("14823.2.2.1.2.1", n29_0="BC0001601"), ("Aruba", "Aruba7210", "BC0001601", "6.5.1.6")),
    ("Aruba CX", "47196.4.1.1.1.100", "Aruba JL635A GL.10.04.0003", entity("SG01KM0AB", "JL635A"),
     ("Aruba", "JL635A", "SG01KM0AB", "GL.10.04.0003")),
    ("Comware", "25506.11.1.79", "HP Comware Platform Software, Software Version 5.20 Release 2220P02",
     entity("CN16BX0AB", "JG091A"), ("HPE", "JG091A", "CN16BX0AB", "5.20 Release 2220P02")),
    ("Huawei", "2011.2.23.276", "S5720-36C-EI-AC\nHuawei Versatile Routing Platform Software\nVRP (R) software,"
     "Version 5.160 (S5720 V200R008C00SPC500)",
     own("2011.5.25", n188_1_1_0="2102350DLS0AB"), ("Huawei", "S5720", "2102350DLS0AB", "V200R008C00SPC500")),
    ("Dell PowerConnect", "674.10895.3031", "Dell Networking N2048, 6.2.0.5, Linux 3.6.5",
     own("674.10895.3000.1.2.100", n1_0="Dell Networking N2048", n4_0="6.2.0.5", n8_1_4_1="AB0CDE1"),
     ("Dell", "Dell Networking N2048", "AB0CDE1", "6.2.0.5")),
    ("Force10", "6027.1.3.14", "Dell Force10 OS Operating System Version: 2.0 Application Software Version: 8.3.12.1 "
     "Series: S50N", own("6027.3.10.1.2.2.1", n12_1="DL267320AB"), ("Dell", "S50N", "DL267320AB", "8.3.12.1")),
    ("Extreme", "1916.2.167", "ExtremeXOS (X440-48p) version 15.3.1.4 v1531b4 by release-manager",
     entity("1350N-40AB", "X440-48p"), ("Extreme Networks", "X440-48p", "1350N-40AB", "15.3.1.4")),
    ("Brocade", "1991.1.3.57", "Brocade Communications Systems, Inc. ICX6430-24, IronWare Version 07.4.00T311 Compiled",
     own("1991.1.1", n1_1_2_0="CQH3301J0AB", n2_1_11_0="07.4.00T311"),
     ("Brocade", "ICX6430-24", "CQH3301J0AB", "07.4.00T311")),
    ("Ruckus", "25053.3.1.5.3", "Ruckus Wireless ZD3025",
     own("25053.1.2.1.1.1.1", n9_0="ZD3025", n15_0="391249000AB", n18_0="9.5.1.0"),
     ("Ruckus", "ZD3025", "391249000AB", "9.5.1.0")),
    ("Fortinet", "12356.101.1.10004", "", own("12356", n100_1_1_1_0="FG100D3G16800AB", n101_4_1_1_0="v6.0.4,build0231"),
     ("Fortinet", "", "FG100D3G16800AB", "v6.0.4,build0231")),
    ("Palo Alto", "25461.2.3.9", "Palo Alto Networks PA-5000 series firewall",
     own("25461.2.1.2.1", n1_0="7.1.10", n3_0="0007S00000AB"),
     ("Palo Alto Networks", "PA-5000", "0007S00000AB", "7.1.10")),
    ("Check Point", "2620.1.6.123.1.49", "Linux gw 2.6.18-92cp",
     own("2620.1.6", n4_1_0="R77.30", n16_3_0="LR2016010AB", n16_7_0="Check Point 5600"),
     ("Check Point", "Check Point 5600", "LR2016010AB", "R77.30")),
    ("MikroTik", "14988.1", "RouterOS CCR1036-12G-4S",
     own("14988.1.1", n4_4_0="6.42.1", n7_3_0="468B02C00AB", n7_8_0="CCR1036-12G-4S"),
     ("MikroTik", "CCR1036-12G-4S", "468B02C00AB", "6.42.1")),
    ("Ubiquiti", "41112.1.6", "UAP-AC-PRO 4.0.10",
     own("41112.1.6.3", n3_0="UAP-AC-PRO", n6_0="4.0.10.9653"), ("Ubiquiti", "UAP-AC-PRO", "", "4.0.10.9653")),
    ("D-Link", "171.10.113.3.1", "DES-3200-18 Fast Ethernet Switch",
     {**own("171.12.1.1", n12_0="P1UQ1AC0000AB"), "1.3.6.1.2.1.16.19.2.0": b"Build 1.28.B009"},
     ("D-Link", "DES-3200-18", "P1UQ1AC0000AB", "1.28.B009")),
    ("TP-Link", "11863.5.1", "JetStream 24-Port Gigabit L2 Managed Switch",
     own("11863.6.1.1", n5_0="T2600G-28TS 3.0", n6_0="3.0.0 Build 20170918", n8_0="2168A000000AB"),
     ("TP-Link", "T2600G-28TS 3.0", "2168A000000AB", "3.0.0 Build 20170918")),
    ("Netgear", "4526.100.4.19", "GSM7224V2 - 24 GE, 4 TENGIG",
     own("4526.10.1.1.1", n3_0="GSM7224v2", n4_0="27H1137U000AB", n13_0="8.0.1.31"),
     ("Netgear", "GSM7224v2", "27H1137U000AB", "8.0.1.31")),
    ("Zyxel", "890.1.15", "GS1920-24",
     own("890.1.15.3.1", n6_0="V4.50(AAOB.1)", n11_0="GS1920-24v2", n12_0="S160H310000AB"),
     ("Zyxel", "GS1920-24v2", "S160H310000AB", "V4.50(AAOB.1)")),
    ("Eltex", "35265.1.52", "MES3124 28-port 1G/10G Managed Switch",
     own("89", n2_4_0="2.5.48.11", n53_14_1_5_1="ES2D0000AB"), ("Eltex", "MES3124", "ES2D0000AB", "2.5.48.11")),
    ("Allied Telesis", "207.1.14.54", "Allied Telesis router/switch, AW+ v5.4.2-3.7",
     entity("A04123G1100AB", "x600-24Ts"),
     ("Allied Telesis", "x600-24Ts", "A04123G1100AB", "5.4.2-3.7")),
    ("OmniSwitch", "6486.800.1.1.2.1.7", "Alcatel-Lucent OS6850-24 6.4.4.R01", entity("K2981600AB", "OS6850-24"),
     ("Alcatel-Lucent Enterprise", "OS6850-24", "K2981600AB", "6.4.4.R01")),
    ("Nokia", "6527.1.3.3", "TiMOS-C-12.0.R8 cpm/hops64 ALCATEL SR 7750 Copyright (c) 2000-2014 Alcatel-Lucent.",
     own("6527.3.1.2.2.1.8.1", n5_1_1="NS1601A00AB"), ("Nokia", "SR 7750", "NS1601A00AB", "C-12.0.R8")),
    ("Ciena", "6141.1.96", "3916 Service Delivery Switch",
     own("6141.2.60", n11_1_1_1_67_0="M65400AB"), ("Ciena", "3916", "M65400AB", "")),
    ("Avocent", "10418.16.1.11", "Avocent ACS6048",
     own("10418.16.2.1", n2_0="ACS6048", n4_0="0520190AB", n7_0="3.0.0.12"),
     ("Avocent", "ACS6048", "0520190AB", "3.0.0.12")),
    ("APC PDU", "318.1.3.4.6", "APC Web/SNMP Management Card (MB:v4.1.0 MN:AP8932)",
     own("318.1.1.26.2.1", n6_1="6.1.3", n8_1="AP8932", n9_1="ZA16010000AB"),
     ("APC", "AP8932", "ZA16010000AB", "6.1.3")),
    ("APC UPS", "318.1.3.27", "APC Web/SNMP Management Card",
     own("318.1.1.1.1", n1_1_0="Smart-UPS 3000", n2_1_0="UPS 08.8", n2_3_0="AS16010000AB"),
     ("APC", "Smart-UPS 3000", "AS16010000AB", "UPS 08.8")),
    ("Eaton", "534.1", "Eaton 9PX 5000i",
     own("534.1.1", n2_0="9PX 5000i", n3_0="01.14.2234", n6_0="G118A000AB"),
     ("Eaton", "9PX 5000i", "G118A000AB", "01.14.2234")),
    ("Raritan", "13742.6", "PX2 030210",
     own("13742.6.3.2", n1_1_3_1="PX2-5464V", n1_1_4_1="PKE16000AB", n3_1_6_1_1_1="3.2.10.5-42"),
     ("Raritan", "PX2-5464V", "PKE16000AB", "3.2.10.5-42")),
    ("Vertiv", "476.1.42", "Liebert",
     own("476.1.42.2.1", n2_0="Liebert GXT4", n3_0="U120D116", n4_0="1601000AB"),
     ("Vertiv", "Liebert GXT4", "1601000AB", "U120D116")),
    ("NetApp", "789.2.3", "NetApp Release 8.2.3 7-Mode: Thu Jan 15",
     own("789.1.1", n5_0="FAS3240", n9_0="700001600AB"), ("NetApp", "FAS3240", "700001600AB", "8.2.3")),
    ("Synology", "8072.3.2.10", "Linux nas 4.4.59+",
     own("6574.1.5", n1_0="DS918+", n2_0="17A0PDN0000AB", n3_0="DSM 6.2-23739"),
     ("Synology", "DS918+", "17A0PDN0000AB", "DSM 6.2-23739")),
    ("QNAP", "8072.3.2.10", "Linux TS-453A 4.2.8",
     own("55062.1.12", n3_0="TS-453A", n5_0="Q161I000AB", n6_0="4.3.4"), ("QNAP", "TS-453A", "Q161I000AB", "4.3.4")),
    ("VMware", "6876.4.1", "VMware ESXi 6.7.0 build-8169922 VMware, Inc. x86_64", own("6876.1", n2_0="6.7.0"),
     ("VMware", "", "", "6.7.0")),
    ("F5", "3375.2.1.3.4.43", "Linux lb 2.6.32", own("3375.2.1", n3_3_3_0="f5-abcd-efgh", n3_5_2_0="BIG-IP 1600",
     n4_2_0="11.5.1"), ("F5", "BIG-IP 1600", "f5-abcd-efgh", "11.5.1")),
    ("A10", "22610.1.3.14", "Thunder Series Unified Application Service Gateway TH3030S, ACOS 2.7.2-P9,",
     own("22610.2.4.1", n1_1_0="2.7.2-P9.53", n6_2_0="TH30B6000AB"), ("A10 Networks", "TH3030S", "TH30B6000AB",
     "2.7.2-P9.53")),
    ("Citrix", "5951.1", "NetScaler NS10.1: Build 118.7.nc",
     own("5951.4.1.1", n11_0="NSMPX-5500 4*CPU", n14_0="GUEFG0AB"),
     ("Citrix", "NSMPX-5500 4*CPU", "GUEFG0AB", "10.1: Build 118.7")),
    ("Sophos", "2604.5", "Linux fw 3.14",
     own("2604.5.1.1", n2_0="XG125", n3_0="SFOS 18.0.4 MR-4", n4_0="S1701E0000AB"),
     ("Sophos", "XG125", "S1701E0000AB", "SFOS 18.0.4 MR-4")),
    ("WatchGuard", "3097.1.5.32", "XTM525", {}, ("WatchGuard", "XTM525", "", "")),
    ("HP printer", "11.2.3.9.1", "HP ETHERNET MULTI-ENVIRONMENT",
     own("11.2.3.9.4.2.1.1.3", n2_0="HP LaserJet P3015", n3_0="VNBCC000AB", n5_0="20160110"),
     ("HP", "HP LaserJet P3015", "VNBCC000AB", "20160110")),
    ("Printer MIB", "641.2.71106873", "Lexmark MS610dn", {"1.3.6.1.2.1.43.5.1.1.17.1": b"451445HH00AB"},
     ("Lexmark", None, "451445HH00AB", None)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("number", "described", "answers", "wanted"), [a[1:] for a in ANSWERS], ids=[a[0] for a in ANSWERS]
)
def test_a_family_is_called_by_what_it_answers(
    number: str, described: str, answers: dict[str, SnmpValue], wanted: tuple[str | None, ...]
) -> None:
    """Maker, model, serial number and version, each from where that maker's MIB keeps it; None: whatever it says."""
    system: dict[str, SnmpValue] = {
        "1.3.6.1.2.1.1.1.0": described.encode(), "1.3.6.1.2.1.1.2.0": oid(MAKER + number), "1.3.6.1.2.1.1.5.0": b"x",
    }  # fmt: skip
    device = make(Walk({oid(name): value for name, value in (system | answers).items()}), "192.0.2.1")
    found = (device.vendor, device.model, device.serial, device.version)
    assert tuple(f if w is not None else None for f, w in zip(found, wanted, strict=True)) == wanted
