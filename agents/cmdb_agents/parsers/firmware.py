"""Memory modules from the firmware's own tables (SMBIOS, type 17), as sysfs gives them to root. Pure."""

from __future__ import annotations

from collections.abc import Iterable

_KINDS = {
    0x12: "DDR",
    0x13: "DDR2",
    0x18: "DDR3",
    0x1A: "DDR4",
    0x1B: "LPDDR",
    0x1E: "LPDDR4",
    0x22: "DDR5",
    0x23: "LPDDR5",
}
_MORE = 0x7FFF
"""A size that says: it stands in the longer field further behind."""

CHASSIS = {
    "3": "desktop", "4": "desktop", "6": "tower", "7": "tower", "8": "laptop", "9": "laptop", "10": "laptop",
    "14": "laptop", "17": "server", "23": "server", "25": "server", "28": "blade", "29": "blade enclosure",
    "30": "tablet", "31": "convertible", "35": "mini computer", "36": "stick",
}  # fmt: skip


def modules(entries: Iterable[bytes]) -> tuple[str, ...]:
    """Each slot that holds a module: "DIMM A1: 16384 MiB DDR4"."""
    found = []
    for raw in entries:
        if len(raw) < 0x15 or raw[0] != 17 or not (size := _mebibytes(raw)):
            continue
        strings = raw[raw[1] :].split(b"\0")
        slot = strings[raw[0x10] - 1].decode("latin-1").strip() if 0 < raw[0x10] <= len(strings) else "slot"
        found.append(f"{slot}: {size} MiB {_KINDS.get(raw[0x12], '')}".strip())
    return tuple(sorted(found))


def _mebibytes(raw: bytes) -> int:
    size = int.from_bytes(raw[0x0C:0x0E], "little")
    if size == _MORE and len(raw) >= 0x20:
        return int.from_bytes(raw[0x1C:0x20], "little") & 0x7FFFFFFF
    return 0 if size == 0xFFFF else (size & 0x7FFF) // 1024 if size & 0x8000 else size
