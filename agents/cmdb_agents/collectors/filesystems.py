"""Mounted filesystems that hold something: no kernel views, no container layers, each only once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cmdb.words import Evidence, Link, Ref, Section
from cmdb_agents.collector import MAX_KEY, Collector, View, clean, item, section
from cmdb_agents.collectors.storage import LAID, places
from cmdb_agents.transports.readings import Mount

REMOTE = ("nfs", "cifs", "smb", "ceph", "glusterfs", "9p", "virtiofs", "afs", "lustre", "beegfs", "gpfs")
POOLED = ("zfs", "btrfs", "bcachefs")
"""Local types whose device column need not be a path, or whose root is a subvolume."""

NOISE = (
    "/snap/", "/var/snap/", "/var/lib/snapd/", "/var/lib/docker/", "/var/lib/containers/", "/var/lib/containerd/",
    "/run/containerd/", "/run/docker/", "/var/lib/kubelet/", "/var/lib/rancher/", "/run/user/", "/run/credentials/",
    "/proc/", "/sys/", "/dev/",
    "/System/Volumes/VM", "/System/Volumes/Preboot", "/System/Volumes/Update", "/System/Volumes/xarts",
    "/System/Volumes/iSCPreboot", "/System/Volumes/Hardware", "/Library/Developer/CoreSimulator/", "/private/var/vm",
)  # fmt: skip
"""Mounts below these belong to a container, a snap or macOS itself and come and go with it."""
DRIVE = re.compile(r"[A-Za-z]:\\")
"""How the device of a filesystem of Windows starts."""


def collect(view: View) -> Section:
    """One Filesystem item for each, and what it lies on: a device of this host, or the server of a remote one."""
    items = (
        item(
            "Filesystem",
            mount.mount_point,
            mount.mount_point,
            mount_point=mount.mount_point,
            device=mount.device,
            type=mount.type,
            size_bytes=mount.size_bytes,
            read_only=mount.read_only,
        )
        for mount in real(view.machine.mounts)
    )
    return section("filesystems", view.machine, items, _laid(view))


def _laid(view: View) -> Iterator[Link]:
    blocks = view.machine.blocks
    refs = places(blocks)
    by = {b.number: b.name for b in blocks if b.number} | {b.path: b.name for b in blocks}
    for mount in real(view.machine.mounts):
        source = Ref("Filesystem", clean(mount.mount_point, MAX_KEY) or "?")
        if device := by.get(mount.number) or by.get(mount.device):
            yield Link(LAID, source, refs[device], Evidence("mount", f"{mount.device} is {device}"[:300], 1.0))
        elif mount.server:
            yield Link(LAID, source, Ref("Endpoint", mount.server), Evidence("mount", mount.device[:300], 1.0))


def real(mounts: Iterable[Mount]) -> Iterator[Mount]:
    """The mounts that count. Of several mounts at one place the last hides the others; of one filesystem mounted at
    several places the shortest place counts."""
    places = {mount.mount_point: mount for mount in mounts}
    seen: set[tuple[str, str]] = set()
    for mount in sorted(places.values(), key=lambda m: (len(m.mount_point), m.mount_point)):
        identity = (mount.number, mount.root)
        if _counts(mount) and identity not in seen:
            seen.add(identity)
            yield mount


def _counts(mount: Mount) -> bool:
    if mount.mount_point == "/":
        return mount.type not in ("rootfs", "ramfs")
    if mount.mount_point.startswith(NOISE) or mount.type in ("squashfs", "overlay", "autofs", "devtmpfs", "nsfs"):
        return False
    if mount.type.startswith(REMOTE) or mount.type == "fuse.sshfs":
        return True
    if mount.type in POOLED:
        return True
    # A bind mount shows a folder of a filesystem that is mounted elsewhere.
    device = mount.device.startswith("/dev/") or bool(DRIVE.match(mount.device))
    return device and mount.root == "/" and not mount.type.startswith("fuse.")


FILESYSTEMS = Collector("filesystems", "Filesystems that hold something.", ("Filesystem",), collect)
