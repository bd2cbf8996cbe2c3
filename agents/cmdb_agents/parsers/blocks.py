"""Block devices from the small files sysfs and udev keep of each: parsed from text, wherever it was read. Pure.

The names are those below /sys/class/block/<device>/ (`size`, `dev`, `dm/uuid`, `device/model`), so a script that prints
these files of another machine serves as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cmdb_agents.transports.readings import Block

FILES = (
    "size", "dev", "partition", "dm/uuid", "dm/name", "md/level", "loop/backing_file", "queue/rotational",
    "device/vendor", "device/model", "device/serial", "device/rev", "device/firmware_rev", "device/wwid", "wwid",
)  # fmt: skip
"""What is read of each device; most have a few of them."""

SECTOR = 512
_IGNORED = re.compile(r"(?:ram|zram|fd|sr|nbd)\d+")
_MAPPED = (("LVM-", "lvm"), ("mpath-", "multipath"), ("CRYPT-", "crypt"), ("part", "partition"))
_VIRTUAL = re.compile(r"(?:vd|xvd|pmem)[a-z]+|nvme\d+n\d+")
_VIRTUAL_MAKERS = ("qemu", "vmware", "msft", "virtual", "0x1af4", "google", "amazon", "xen", "vbox")


def udev(text: str) -> dict[str, str]:
    """The properties in a file of /run/udev/data: the lines that start with E."""
    pairs = (line[2:].partition("=") for line in text.splitlines() if line.startswith("E:"))
    return {name: value for name, _, value in pairs}


def block(name: str, files: Mapping[str, str], properties: Mapping[str, str], parents: Iterable[str]) -> Block | None:
    """One device, or None when there is nothing behind it (an unused loop, a RAM disk, a drive without a disc)."""
    size = int(files.get("size") or 0) * SECTOR
    kind = _kind(files)
    if not size or _IGNORED.fullmatch(name) or (kind == "disk" and name.startswith("loop")):
        return None
    mapped = files.get("dm/name", "")
    return Block(
        name=mapped or name,
        kind=kind,
        path=f"/dev/mapper/{mapped}" if mapped else f"/dev/{name}",
        number=files.get("dev", ""),
        size_bytes=size,
        parents=tuple(sorted(parents)),
        vendor=_maker(files.get("device/vendor", "") or properties.get("ID_VENDOR", "")),
        model=files.get("device/model", "") or properties.get("ID_MODEL", "").replace("_", " "),
        serial=properties.get("ID_SERIAL_SHORT", "") or files.get("device/serial", ""),
        wwn=_wwn(properties.get("ID_WWN", "") or files.get("wwid", "") or files.get("device/wwid", "")),
        firmware=files.get("device/firmware_rev", "") or files.get("device/rev", ""),
        rotational=files.get("queue/rotational") == "1",
        level=files.get("md/level", ""),
        group=volume_group(mapped) if kind == "lvm" else "",
        filesystem=properties.get("ID_FS_TYPE", ""),
        uuid=properties.get("ID_FS_UUID", ""),
    )


def _kind(files: Mapping[str, str]) -> str:
    if uuid := files.get("dm/uuid"):
        return next((kind for prefix, kind in _MAPPED if uuid.startswith(prefix)), "mapped")
    if files.get("dm/name"):
        return "mapped"
    for file, kind in (("partition", "partition"), ("md/level", "raid"), ("loop/backing_file", "loop")):
        if files.get(file):
            return kind
    return "disk"


def volume_group(mapped: str) -> str:
    """The volume group in a mapped name: a hyphen parts it from the volume, a doubled one belongs to the name."""
    group = re.split(r"(?<!-)-(?!-)", mapped, maxsplit=1)[0]
    return group.replace("--", "-")


def _maker(vendor: str) -> str:
    # A transport's name or a PCI number says nothing about who made the disk.
    return "" if vendor in ("ATA", "NVMe", "USB") or vendor.startswith("0x") else vendor


def _wwn(text: str) -> str:
    return text.strip().lower()


def is_virtual(found: Block) -> bool:
    """Whether the disk is made by a hypervisor."""
    said = f"{found.vendor} {found.model}".lower()
    return any(maker in said for maker in _VIRTUAL_MAKERS) or bool(_VIRTUAL.fullmatch(found.name) and not found.model)
