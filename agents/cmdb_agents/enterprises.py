"""Who made a device, by the enterprise number in its sysObjectID as IANA gave it: where nothing surer tells."""

from __future__ import annotations

from cmdb.words.device import AGENT_MAKERS

ENTERPRISES = {
    2: "IBM", 5: "ACC", 9: "Cisco", 11: "HP", 23: "Novell", 35: "Nortel", 36: "DEC", 42: "Sun Microsystems",
    43: "3Com", 45: "Nortel", 52: "Enterasys", 63: "Apple", 74: "AT&T", 75: "Ungermann-Bass", 94: "Nokia",
    111: "Oracle", 116: "Hitachi", 119: "NEC", 122: "Sony", 128: "Tektronix", 161: "Motorola", 164: "RAD",
    166: "Shiva", 171: "D-Link", 193: "Ericsson", 202: "SMC", 207: "Allied Telesis", 211: "Fujitsu",
    231: "Siemens Nixdorf", 232: "HPE", 236: "Samsung", 244: "Lantronix", 248: "Hirschmann", 253: "Xerox",
    259: "Accton", 303: "Hughes", 311: "Microsoft", 318: "APC", 332: "Digi", 343: "Intel", 367: "Ricoh", 368: "Axis",
    388: "Zebra", 429: "U.S. Robotics", 434: "EICON", 437: "Grand Junction", 476: "Vertiv", 529: "Ascend",
    534: "Eaton", 641: "Lexmark", 664: "ADTRAN", 674: "Dell", 705: "Eaton", 714: "Wyse", 789: "NetApp",
    850: "Tripp Lite", 890: "Zyxel", 935: "Phoenixtec", 1248: "Epson", 1347: "Kyocera", 1588: "Brocade",
    1602: "Canon", 1751: "Lucent", 1872: "Nortel", 1916: "Extreme Networks", 1981: "EMC", 1991: "Brocade",
    2001: "Oki Data", 2011: "Huawei", 2021: "UCD-SNMP", 2254: "Delta", 2272: "Extreme Networks", 2352: "Ericsson",
    2356: "LANCOM", 2435: "Brother", 2468: "Ingrasys", 2544: "ADVA", 2604: "Sophos", 2606: "Rittal",
    2620: "Check Point", 2636: "Juniper Networks", 2925: "Avocent", 3076: "Cisco", 3097: "WatchGuard",
    3181: "Microsens", 3224: "Juniper Networks", 3320: "BDCOM", 3375: "F5", 3401: "Blue Coat", 3417: "Blue Coat",
    3495: "Squid", 3582: "LSI", 3902: "ZTE", 3955: "Linksys", 4196: "Siemens", 4329: "Siemens",
    4346: "Phoenix Contact", 4413: "Broadcom", 4526: "Netgear", 4555: "Socomec", 4874: "Juniper Networks",
    4881: "Ruijie", 5003: "AudioCodes", 5089: "Clavister", 5528: "APC", 5596: "Tandberg", 5624: "Enterasys",
    5651: "Maipu", 5951: "Citrix", 6027: "Dell", 6141: "Ciena", 6321: "Calix", 6339: "Digital China",
    6486: "Alcatel-Lucent Enterprise", 6527: "Nokia", 6574: "Synology", 6876: "VMware", 6889: "Avaya",
    7564: "Array Networks", 7779: "Infoblox", 8072: "Net-SNMP", 8164: "Cisco", 8691: "Moxa", 8741: "SonicWall",
    8744: "HPE", 9148: "Oracle", 9304: "CTS", 9694: "Arbor", 9833: "Leadsec", 10002: "Ubiquiti", 10418: "Avocent",
    10704: "Barracuda", 10876: "Supermicro", 11256: "Stormshield", 11863: "TP-Link", 12124: "Dell", 12148: "ELTEK",
    12356: "Fortinet", 12532: "Pulse Secure", 12740: "Dell", 13400: "Vertiv", 13742: "Raritan", 14179: "Cisco",
    14331: "Topsec", 14501: "Blue Coat", 14525: "Juniper Networks", 14823: "Aruba", 14988: "MikroTik",
    15227: "Venustech", 15497: "Cisco", 15983: "Meru Networks", 17163: "Riverbed", 17713: "Cambium Networks",
    18334: "Konica Minolta", 19046: "Lenovo", 19849: "NSFOCUS", 20632: "Barracuda", 20916: "AVTECH", 21067: "Sophos",
    21239: "Vertiv", 21317: "Aten", 21671: "VSS Monitoring", 22610: "A10 Networks", 22736: "Digium",
    23867: "Silver Peak", 24681: "QNAP", 25049: "Opengear", 25053: "Ruckus", 25461: "Palo Alto Networks",
    25506: "H3C", 26866: "Gigamon", 26928: "Aerohive", 27971: "Infosec", 28507: "Gude", 29671: "Meraki",
    30065: "Arista Networks", 30155: "OpenBSD", 30803: "VyOS", 31648: "DPtech", 33049: "Mellanox", 34774: "Huawei",
    35047: "Sangfor", 35265: "Eltex", 35904: "MacroSAN", 36849: "Hanwha", 37447: "Nimble Storage", 37940: "WRD Tech",
    38616: "MetelStroi", 39165: "Hikvision", 40310: "Cumulus Networks", 40482: "Pure Storage", 40614: "EAST",
    41112: "Ubiquiti", 41263: "Nutanix", 44641: "VyOS", 45577: "Sundray", 47196: "Aruba", 48690: "Teltonika",
    49136: "Rubrik", 50001: "Hikvision", 52642: "FS",
}  # fmt: skip
"""By number; what makes and sells under another name today goes by that."""


def maker(object_id: str) -> str:
    """By sysObjectID; empty for what is none, or of a number that is not in the table.

    Some numbers say who wrote the agent (`AGENT_MAKERS`) and nothing of the box it runs on.
    """
    parts = object_id.split(".")
    number = parts[6] if parts[:6] == ["1", "3", "6", "1", "4", "1"] and len(parts) > 6 else ""
    return ENTERPRISES.get(int(number), "") if number.isdigit() else ""


assert set(ENTERPRISES.values()) >= AGENT_MAKERS
