"""The host itself: what identifies it, its operating system and its hardware."""

from __future__ import annotations

from urllib.parse import quote

from cmdb.words import Evidence, Item, Link, Ref, Section, Value
from cmdb_agents.collector import Collector, View, item, section
from cmdb_agents.moments import iso
from cmdb_agents.parsers.firmware import CHASSIS
from cmdb_agents.transports.readings import Machine, Platform, Route

PLACEHOLDERS = frozenset({
    "", "none", "n/a", "na", "null", "empty", "unknown", "default string", "default", "oem", "o.e.m.", "invalid",
    "to be filled by o.e.m.", "to be filled by oem", "not specified", "not applicable", "not available", "not present",
    "system manufacturer", "system product name", "system serial number", "system version", "chassis serial number",
    "board serial number", "base board serial number", "chassis manufacture", "type1productconfigid", "<private>",
    "no asset information", "no enclosure", "123456789", "0123456789", "1234567890", "xxxxxxxxxx",
    "03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc",
})  # fmt: skip
"""What makers leave in firmware tables instead of a value; two machines with it are not the same machine."""

CLOUDS = (
    ("amazon ec2", "aws"), ("google", "gcp"), ("digitalocean", "digitalocean"), ("hetzner", "hetzner"),
    ("openstack", "openstack"), ("alibaba", "alibaba"), ("scaleway", "scaleway"), ("ovh", "ovh"), ("vultr", "vultr"),
)  # fmt: skip
AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"
"""What every machine of that cloud carries as its chassis' asset tag; its vendor is that of any Hyper-V guest."""

HYPERVISORS = (
    ("amazon ec2", "kvm"), ("google", "kvm"), ("qemu", "kvm"), ("kvm", "kvm"), ("openstack", "kvm"), ("bochs", "kvm"),
    ("digitalocean", "kvm"), ("hetzner", "kvm"), ("vmware", "vmware"), ("innotek", "virtualbox"),
    ("virtualbox", "virtualbox"), ("xen", "xen"), ("parallels", "parallels"), ("virtual machine", "hyper-v"),
    ("bhyve", "bhyve"), ("apple virtualization", "apple"), ("nutanix", "nutanix"),
)  # fmt: skip


def collect(view: View) -> Section:
    """One Host item."""
    machine, platform = view.machine, view.machine.platform
    dmi, release = platform.dmi, platform.os_release
    short = platform.hostname.partition(".")[0]
    host = item(
        "Host",
        "self",
        short or "localhost",
        hostname=short,
        fqdn=platform.fqdn,
        machine_id=platform.machine_id,
        smbios_uuid=_real(dmi.get("product_uuid", "")).lower(),
        serial=_real(dmi.get("product_serial", "")),
        board_serial=_real(dmi.get("board_serial", "")),
        chassis_serial=_real(dmi.get("chassis_serial", "")),
        vendor=_real(dmi.get("sys_vendor", "")),
        model=_real(dmi.get("product_name", "")),
        bios_version=_real(dmi.get("bios_version", "")),
        bios_vendor=_real(dmi.get("bios_vendor", "")),
        bios_date=_real(dmi.get("bios_date", "")),
        chassis_type=CHASSIS.get(dmi.get("chassis_type", "")),
        **_cloud(platform),
        macs=permanent_macs(machine),
        boot_id=platform.boot_id,
        boot_time=iso(platform.boot_time) if platform.boot_time else "",
        virtualisation=virtualisation(platform) if platform.machine_id or dmi else "",  # else it cannot be told
        os_id=release.get("ID"),
        os_name=release.get("PRETTY_NAME") or release.get("NAME"),
        os_version=release.get("VERSION_ID"),
        kernel=platform.kernel,
        architecture=platform.architecture,
        cpu_model=platform.cpu_model,
        cpu_sockets=platform.cpu_sockets or None,
        cpu_cores=platform.cpu_cores or None,
        cpu_threads=platform.cpu_threads or None,
        memory_bytes=platform.memory_bytes or None,
        memory_modules=platform.modules,
        swap_bytes=platform.swap_bytes,
        routes=tuple(map(_route, machine.routes)),
        dns_servers=machine.resolver.servers,
        dns_search=machine.resolver.search,
    )
    return section("host", machine, [host], _system(host))


def _system(host: Item) -> list[Link]:
    """The release of the operating system it runs, by a key that says all of it."""
    parts = [str(host.attributes.get(name, "")) for name in ("os_id", "os_name", "os_version")]
    # The version stands in a release's long name too ("Debian GNU/Linux 12 (bookworm)").
    parts[1] = parts[1].partition(f" {parts[2]}")[0] if parts[2] else parts[1]
    if not all(parts):
        return []
    key = "os:" + "/".join(quote(part, safe=" ") for part in parts)
    return [
        Link("RUNS_SYSTEM", host.ref, Ref("OperatingSystem", key), Evidence("os-release", "as it says itself", 1.0))
    ]


def _route(route: Route) -> str:
    via = f" via {route.gateway}" if route.gateway else ""
    return f"{route.destination}{via} dev {route.interface}"


def _cloud(platform: Platform) -> dict[str, Value]:
    """The cloud its firmware names, and the instance's id: from cloud-init's file, or an asset tag that is one."""
    dmi = platform.dmi
    said = f"{dmi.get('sys_vendor', '')} {dmi.get('product_name', '')} {dmi.get('bios_vendor', '')}".lower()
    tag = dmi.get("board_asset_tag", "")
    named = next((name for word, name in CLOUDS if word in said), "")
    if dmi.get("chassis_asset_tag") == AZURE_TAG:
        named = "azure"
    instance = platform.cloud_instance or (tag if tag.startswith("i-") else "")
    return {"cloud": named, "cloud_instance_id": instance if named or instance.startswith("i-") else ""}


def _real(value: str) -> str:
    """The value, unless it is a maker's placeholder: a known phrase, or one character repeated."""
    text = value.strip()
    letters = set(text.lower()) - set(" -._:/")
    return "" if text.lower() in PLACEHOLDERS or len(letters) <= 1 else text


def permanent_macs(machine: Machine) -> tuple[str, ...]:
    """The burnt-in addresses of devices, also of those that a bond has given another."""
    found = {i.slave_mac or i.mac for i in machine.interfaces if i.device and (i.slave_mac or i.assign_type == 0)}
    return tuple(sorted(found - {"", "00:00:00:00:00:00"}))


def virtualisation(platform: Platform) -> str:
    """The container runtime, else the hypervisor (other: one that hides its name), else none."""
    if platform.container:
        return platform.container
    said = f"{platform.dmi.get('sys_vendor', '')} {platform.dmi.get('product_name', '')}".lower()
    if "metal" in said:  # a cloud's bare metal carries the cloud's name too
        return "none"
    named = next((kind for word, kind in HYPERVISORS if word in said), "")
    return named or ("other" if platform.cpu_flags_hypervisor else "none")


HOST = Collector("host", "The host's identity, operating system and hardware.", ("Host",), collect)
