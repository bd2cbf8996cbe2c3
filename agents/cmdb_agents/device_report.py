"""A Device as sections of items and links: the same nouns in which the host agent reports. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cmdb.words import Evidence, Item, Link, Problem, Ref, Section
from cmdb.words.device import Device, OwnAddress, Port, ranges
from cmdb_agents.addresses import is_link_local
from cmdb_agents.collector import item

SELF = "self"
MOST_SPEED = 10**7
_UNIXES = ("Linux", "FreeBSD", "OpenBSD", "NetBSD", "SunOS", "Darwin")


def sections(device: Device) -> tuple[Section, ...]:
    """The device itself, its interfaces, their addresses, and a host's file systems.

    A device that could not be read whole is in no section complete: what is missing is not gone.
    """
    whole = not device.problems
    interfaces = {port.name: _interface(port) for port in device.ports}
    addresses = [(_address(one), one) for one in device.addresses]
    links = [_assigned(made.ref, interfaces[one.port].ref) for made, one in addresses if one.port in interfaces]
    links += [
        _carried(interfaces[port.master].ref, interfaces[port.name].ref)
        for port in device.ports
        if port.master in interfaces and port.master != port.name
    ]
    stores = [
        item(
            "Filesystem", s.mount_point, s.mount_point, mount_point=s.mount_point, size_bytes=s.size_bytes, type=s.type
        )
        for s in device.stores
        if device.cls == "Host"
    ]
    return (
        _section("device", [_device(device)], whole=whole, problems=device.problems),
        _section("network", [*interfaces.values(), *(made for made, _ in addresses)], links, whole=whole),
        _section("filesystems", stores, whole=whole),
    )


def _section(
    name: str, items: Iterable[Item], links: Iterable[Link] = (), *, whole: bool, problems: Iterable[Problem] = ()
) -> Section:
    unique = {one.ref: one for one in items}
    return Section(name, whole, tuple(unique[ref] for ref in sorted(unique)), tuple(links), tuple(problems))


def _device(device: Device) -> Item:
    if device.cls == "Host":
        return _host(device)
    common = {
        "serial": device.serial, "vendor": device.maker, "model": device.model, "firmware": device.version,
        "management_address": device.address,
    }  # fmt: skip
    if device.cls == "StorageArray":
        return item(device.cls, SELF, device.name, **common)
    ports = sum(port.physical for port in device.ports)
    return item(
        device.cls, SELF, device.name, **common, kind=device.kind or "other", engine_id=device.engine_id,
        ports=ports or None,
    )  # fmt: skip


def _host(device: Device) -> Item:
    system = device.description.partition(" ")[0]
    unix = system in _UNIXES
    full = device.name.lower() if "." in device.name and not device.name.replace(".", "").isdigit() else ""
    return item(
        "Host",
        SELF,
        device.name,
        hostname=device.name.partition(".")[0] if full else device.name,
        fqdn=full,
        serial=device.serial,
        vendor=device.maker if device.serial else "",
        model=device.model,
        os_name=system if unix else "Windows" if device.vendor == "Microsoft" else "",
        os_version="" if unix else device.version,
        kernel=device.version if unix else "",
        memory_bytes=device.memory_bytes or None,
        cpu_threads=device.processors or None,
    )


def _interface(port: Port) -> Item:
    return item(
        "NetworkInterface",
        port.name,
        port.name,
        mac=port.mac,
        kind=port.kind,
        master=port.master,
        mtu=port.mtu or None,
        speed_mbps=port.speed_mbps if 0 < port.speed_mbps < MOST_SPEED else None,
        state=port.state,
        untagged_vlans=ranges(port.untagged),
        tagged_vlans=ranges(port.tagged),
        spanning_tree=port.spanning_tree,
    )


def _address(one: OwnAddress) -> Item:
    return item(
        "IPAddress",
        f"{one.port or '?'} {one.address}",
        one.address,
        address=one.address,
        prefix_length=one.prefix_length,
        family="IPv6" if ":" in one.address else "IPv4",
        scope="link" if is_link_local(one.address) else "global",
    )


def _carried(bundle: Ref, member: Ref) -> Link:
    return Link("CARRIED_BY", bundle, member, Evidence("interface", f"{bundle.key} sends through {member.key}", 1.0))


def _assigned(address: Ref, interface: Ref) -> Link:
    return Link("ASSIGNED_TO", address, interface, Evidence("interface", f"address of {interface.key}", 1.0))
