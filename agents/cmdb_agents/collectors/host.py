"""The host itself: what identifies it, its operating system and its hardware."""

from __future__ import annotations

from cmdb.words import Section
from cmdb_agents.collector import Collector, View, item, section
from cmdb_agents.transports.readings import Machine, Platform

PLACEHOLDERS = frozenset({
    "", "none", "n/a", "na", "null", "empty", "unknown", "default string", "default", "oem", "o.e.m.", "invalid",
    "to be filled by o.e.m.", "to be filled by oem", "not specified", "not applicable", "not available", "not present",
    "system manufacturer", "system product name", "system serial number", "system version", "chassis serial number",
    "board serial number", "base board serial number", "chassis manufacture", "type1productconfigid", "<private>",
    "no asset information", "no enclosure", "123456789", "0123456789", "1234567890", "xxxxxxxxxx",
    "03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc",
})  # fmt: skip
"""What makers leave in firmware tables instead of a value; two machines with it are not the same machine."""

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
        macs=permanent_macs(machine),
        boot_id=platform.boot_id,
        virtualisation=virtualisation(platform),
        os_id=release.get("ID"),
        os_name=release.get("PRETTY_NAME") or release.get("NAME"),
        os_version=release.get("VERSION_ID"),
        kernel=platform.kernel,
        architecture=platform.architecture,
        cpu_model=platform.cpu_model,
        cpu_cores=platform.cpu_cores or None,
        cpu_threads=platform.cpu_threads or None,
        memory_bytes=platform.memory_bytes or None,
        swap_bytes=platform.swap_bytes,
    )
    return section("host", machine, [host])


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
