"""Everything that follows from a set of devices, in one answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cmdb.topology.attach import Attachment, attachments
from cmdb.topology.levels import uplinks
from cmdb.topology.links import Joint, links
from cmdb.topology.same import Merge, merged
from cmdb.topology.who import Directory, Placeholder
from cmdb.words.device import Device


@dataclass(frozen=True, slots=True)
class Topology:
    """Devices once each, links, who is plugged in where, who was only heard of, and what was left open.

    `uplinks` are (dependent, dependency): who reaches the network through whom.
    """

    devices: tuple[Device, ...]
    merges: tuple[Merge, ...]
    joints: tuple[Joint, ...]
    attachments: tuple[Attachment, ...]
    placeholders: tuple[Placeholder, ...]
    uplinks: tuple[tuple[str, str], ...]
    doubts: tuple[str, ...]


def topology(devices: Sequence[Device]) -> Topology:
    """The whole; the order in which the devices come changes nothing."""
    once, merges = merged(devices)
    directory = Directory(once)
    joints, doubts = links(directory)
    placeholders = directory.placeholders()
    attached = attachments(directory, joints, placeholders)
    # A router that nobody read may as well be the way out: nothing is said of who hangs on whom there.
    placed = {*directory.devices, *(p.key for p in placeholders if p.capabilities and "router" not in p.capabilities)}
    pairs = {tuple(sorted((j.a.device, j.b.device))) for j in joints if {j.a.device, j.b.device} <= placed}
    # A host that a forwarding table places hangs on that switch; what speaks LLDP itself has said so already.
    pairs |= {tuple(sorted((a.device, a.at.device))) for a in attached if a.device}
    up = uplinks(directory.devices, ((a, b) for a, b in pairs))
    return Topology(once, merges, joints, attached, placeholders, up, doubts)
