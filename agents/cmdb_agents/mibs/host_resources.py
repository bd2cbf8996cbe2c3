"""HOST-RESOURCES-MIB: memory, processors and file systems of hosts."""

from __future__ import annotations

from cmdb.words.device import Store
from cmdb_agents.mib import Draft, Mib, columns
from cmdb_agents.snmp_text import number, text
from cmdb_agents.transports.snmp_walk import Walk, oid

MEMORY = oid("1.3.6.1.2.1.25.2.2")
STORAGE = oid("1.3.6.1.2.1.25.2.3.1")
DEVICES = oid("1.3.6.1.2.1.25.3.2.1")
FIXED_DISK = oid("1.3.6.1.2.1.25.2.1.4")
RAM = oid("1.3.6.1.2.1.25.2.1.2")
PROCESSOR = oid("1.3.6.1.2.1.25.3.1.3")
MOST_STORES = 500
_PSEUDO = ("/proc", "/sys", "/dev", "/run", "/var/lib/docker/", "/snap/")


def read(walk: Walk, draft: Draft) -> None:
    """Sizes in bytes; the kernel's own file systems are left out."""
    kinds, labels, units, sizes = (walk.column((*STORAGE, n)) for n in (2, 3, 4, 5))
    draft.memory_bytes = number(walk.values.get((*MEMORY, 0))) * 1024
    for index, kind in kinds.items():
        size = number(units.get(index)) * (number(sizes.get(index)) % 2**32)  # a 32-bit counter that went below zero
        if kind == RAM and not draft.memory_bytes:
            draft.memory_bytes = size
        place = text(labels.get(index), 300)
        if kind == FIXED_DISK and size and place and not place.startswith(_PSEUDO) and len(draft.stores) < MOST_STORES:
            draft.stores.append(Store(place, size))
    draft.processors = sum(kind == PROCESSOR for kind in walk.column((*DEVICES, 2)).values())


HOST_RESOURCES = Mib(
    "host_resources", "Memory, processors and file systems of hosts.",
    (MEMORY, *columns(STORAGE, 2, 3, 4, 5), (*DEVICES, 2)), read,
)  # fmt: skip
