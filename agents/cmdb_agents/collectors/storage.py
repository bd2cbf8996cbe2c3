"""Disks, and what is made of them: partitions, logical volumes, arrays, multipath and encrypted devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from cmdb.words import Evidence, Item, Link, Ref, Section
from cmdb_agents.collector import Collector, View, item, section
from cmdb_agents.parsers.blocks import is_virtual
from cmdb_agents.transports.readings import Block

LAID = "STORED_ON"
SPARE: Mapping[str, Callable[[int], int]] = {
    "raid1": lambda _n: 1,
    "raid4": lambda n: n - 1,
    "raid5": lambda n: n - 1,
    "raid6": lambda n: n - 2,
    "raid10": lambda n: (n + 1) // 2,
}
"""How many of its n members keep an array of this level alive (of raid10: at best)."""


def collect(view: View) -> Section:
    """A Disk or Volume for each device, and what each volume lies on."""
    blocks = view.machine.blocks
    refs = places(blocks)
    items = [_disk(b, refs[b.name]) if b.kind == "disk" else _volume(b) for b in blocks]
    links = [
        Link(LAID, refs[b.name], refs[parent], Evidence("block device", f"{b.kind} on {parent}", 1.0))
        for b in blocks
        for parent in b.parents
        if parent in refs and refs[parent] != refs[b.name]
    ]
    links += [_remote(b, refs[b.name]) for b in blocks if b.portal]
    return section("storage", view.machine, items, links)


def places(blocks: Iterable[Block]) -> dict[str, Ref]:
    """How each device is named in a report: several paths to one disk are that disk."""
    names: dict[str, set[str]] = defaultdict(set)
    for b in blocks:
        names[b.serial].add(b.wwn)
    return {b.name: Ref("Volume", b.name) if b.kind != "disk" else Ref("Disk", _key(b, names)) for b in blocks}


def _key(block: Block, names: dict[str, set[str]]) -> str:
    # Namespaces of one NVMe controller share its serial number and differ in their world-wide name.
    if block.serial and len(names[block.serial]) == 1:
        return block.serial
    return block.wwn or block.serial or block.path or block.name


def _disk(block: Block, ref: Ref) -> Item:
    kind = "virtual" if is_virtual(block) else "rotating" if block.rotational else "solid state"
    return item(
        "Disk",
        ref.key,
        block.name,
        serial=block.serial,
        vendor=block.vendor,
        model=block.model,
        device=block.name,
        wwn=block.wwn,
        kind=kind,
        size_bytes=block.size_bytes or None,
        firmware=block.firmware,
    )


def _volume(block: Block) -> Item:
    members = len(block.parents)
    needed = SPARE[block.level](members) if block.level in SPARE and members > 1 else 0
    return item(
        "Volume",
        block.name,
        block.name,
        kind=block.kind,
        size_bytes=block.size_bytes or None,
        level=block.level,
        volume_group=block.group,
        wwn=block.wwn,
        filesystem=block.filesystem,
        uuid=block.uuid,
        redundancy=(f"{LAID}: {needed} full {members}",) if needed else (),
    )


def _remote(block: Block, ref: Ref) -> Link:
    return Link(LAID, ref, Ref("Endpoint", block.portal), Evidence("iscsi", f"session of {block.name}", 1.0))


STORAGE = Collector("storage", "Disks and what is made of them.", ("Disk", "Volume"), collect)
