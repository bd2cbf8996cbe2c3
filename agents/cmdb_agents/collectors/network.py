"""Network interfaces, their addresses, and which address is on which interface."""

from __future__ import annotations

from cmdb.words import Evidence, Item, Link, Ref, Section
from cmdb_agents.addresses import is_link_local, is_loopback
from cmdb_agents.collector import Collector, View, item, section
from cmdb_agents.transports.readings import Address, Interface

TUNNELS = frozenset({768, 769, 776, 778, 512, 65534})
"""ARP hardware types (if_arp.h) of ipip, ip6tnl, sit, gre, ppp and none (WireGuard, tun)."""
KINDS = {"bridge": "bridge", "bond": "bond", "vlan": "vlan", "vxlan": "tunnel", "wireguard": "tunnel",
         "geneve": "tunnel", "wlan": "ethernet", "team": "bond", "ppp": "tunnel"}  # fmt: skip


def collect(view: View) -> Section:
    """A NetworkInterface item for each interface, an IPAddress item and an ASSIGNED_TO link for each address."""
    items: list[Item] = []
    links: list[Link] = []
    shown = {i.name for i in view.machine.interfaces if not _plumbing(i)}
    for interface in view.machine.interfaces:
        if _plumbing(interface):
            continue
        device = _interface(interface)
        items.append(device)
        links += [_carried(device.ref, Ref("NetworkInterface", name)) for name in interface.lower if name in shown]
        for address in interface.addresses:
            if not address.temporary:
                assigned = _address(interface, address)
                items.append(assigned)
                links.append(_assigned(assigned.ref, device.ref))
    return section("network", view.machine, items, links)


def kind(interface: Interface) -> str:
    """What the interface is, in one of the words the class declares."""
    if interface.arp_type == 772:
        return "loopback"
    if interface.devtype in KINDS:
        return KINDS[interface.devtype]
    if interface.tun or interface.arp_type in TUNNELS:
        return "tunnel"
    return "ethernet" if interface.device else "virtual"


def _plumbing(interface: Interface) -> bool:
    """The host's end of a container's or virtual machine's cable: renamed at each of its starts."""
    reachable = any(not is_link_local(a.address) for a in interface.addresses)
    return bool(interface.master) and not reachable and kind(interface) in ("virtual", "tunnel")


def _interface(interface: Interface) -> Item:
    mac = interface.mac if interface.mac != "00:00:00:00:00:00" and interface.mac.count(":") == 5 else ""
    permanent = interface.slave_mac or (mac if interface.device and interface.assign_type == 0 else "")
    # The loopback and tunnels never say more than "unknown", and carry traffic all the same.
    return item(
        "NetworkInterface",
        interface.name,
        interface.name,
        mac=mac,
        permanent_mac=permanent,
        kind=kind(interface),
        master=interface.master,
        index=interface.index or None,
        bond_mode=interface.bond_mode,
        vlan_id=interface.vlan or None,
        driver=interface.driver,
        mtu=interface.mtu or None,
        speed_mbps=interface.speed if 0 < interface.speed < 10**7 else None,
        state="down" if interface.state in ("down", "lowerlayerdown", "notpresent", "dormant") else "up",
    )


def _carried(upper: Ref, lower: Ref) -> Link:
    return Link("CARRIED_BY", upper, lower, Evidence("interface", f"{upper.key} sends through {lower.key}", 1.0))


def _address(interface: Interface, address: Address) -> Item:
    here = "host" if is_loopback(address.address) else "link" if is_link_local(address.address) else "global"
    return item(
        "IPAddress",
        f"{interface.name} {address.address}",
        address.address,
        address=address.address,
        prefix_length=address.prefix_length or None,
        family="IPv6" if ":" in address.address else "IPv4",
        scope=here,
    )


def _assigned(address: Ref, interface: Ref) -> Link:
    return Link("ASSIGNED_TO", address, interface, Evidence("interface", f"address of {interface.key}", 1.0))


NETWORK = Collector("network", "Interfaces and their addresses.", ("NetworkInterface", "IPAddress"), collect)
