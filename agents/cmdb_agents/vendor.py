"""What a vendor file declares, and how a device finds its own among them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from cmdb.errors import DeclarationError
from cmdb.registry import discover
from cmdb_agents.mib import Draft
from cmdb_agents.snmp_text import real
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Walk, oid

ENTERPRISES = "1.3.6.1.4.1."
KINDS = ("switch", "router", "access point", "modem", "other", "")
GENERIC = ("1.3.6.1.4.1.8072", "1.3.6.1.4.1.2021")
"""The object ids of net-snmp: what stands behind them may be a host, or an appliance built on one."""


Place = str | tuple[str, str]
"""Where a value stands: one that ends in .0, a column, or column/row; alone or with a pattern of one group."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One family of devices: how it is recognised, and where it keeps what the standard MIBs do not tell.

    `object_ids` are prefixes of sysObjectID, the longest counts. `describes`, where given, must be found in sysDescr:
    one prefix may serve several families. `serial`, `model` and `version` are object identifiers or columns, the surest
    first; with a pattern beside it, its one group of what stands there. `patterns` have groups of these names and are
    searched in sysDescr. `known_by_answers` marks who shows net-snmp's own object id, or none, and is known by what
    else it answers.
    """

    name: str
    vendor: str
    sentence: str
    object_ids: tuple[str, ...]
    cls: str = "NetworkDevice"
    kind: str = ""
    describes: str = ""
    serial: tuple[Place, ...] = ()
    model: tuple[Place, ...] = ()
    version: tuple[Place, ...] = ()
    patterns: tuple[str, ...] = ()
    known_by_answers: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DeclarationError(f"vendor {self.name}: {self.kind!r} is none of {KINDS}")
        if not self.object_ids and not self.describes:
            raise DeclarationError(f"vendor {self.name} is recognised by nothing")
        if not self.sentence.endswith("."):
            raise DeclarationError(f"vendor {self.name} needs a sentence that ends with a full stop")
        for text in (*self.object_ids, *(text for text, _ in self.places())):
            if not re.fullmatch(r"1(\.\d+){5,}(/\d+(\.\d+)*)?", text):
                raise DeclarationError(f"vendor {self.name}: {text!r} is no object identifier")
        for _, pattern in self.places():
            if pattern and re.compile(pattern).groups != 1:
                raise DeclarationError(f"vendor {self.name}: {pattern!r} has not one group")
        for pattern in self.patterns:
            if not set(re.compile(pattern).groupindex) <= {"serial", "model", "version"}:
                raise DeclarationError(f"vendor {self.name}: a pattern's groups are serial, model and version")

    def places(self) -> tuple[tuple[str, str], ...]:
        """Each place it names, with its pattern or an empty text."""
        return tuple(map(_place, (*self.serial, *self.model, *self.version)))

    def columns(self) -> tuple[Oid, ...]:
        """What is to be walked for it: one value is asked for by the name of what holds it."""
        return tuple(oid(text.partition("/")[0].removesuffix(".0")) for text, _ in self.places())


def _place(told: Place) -> tuple[str, str]:
    return (told, "") if isinstance(told, str) else told


@cache
def vendors() -> tuple[Vendor, ...]:
    """All there are."""
    from cmdb_agents import vendors as folder

    return tuple(discover(folder, Vendor).values())


def candidates(object_id: str, description: str) -> tuple[Vendor, ...]:
    """The families a device may belong to, the best first."""
    found = []
    for vendor in vendors():
        sizes = [len(p) for p in vendor.object_ids if f"{object_id}.".startswith(f"{p}.")]
        described = bool(vendor.describes) and re.search(vendor.describes, description) is not None
        if (sizes and (described or not vendor.describes)) or (described and not vendor.object_ids):
            found.append((max(sizes, default=0), described, vendor))
    best = [vendor for _, _, vendor in sorted(found, key=lambda f: (-f[0], not f[1], f[2].name))]
    if not object_id or object_id.startswith(GENERIC):
        best += [v for v in vendors() if v.known_by_answers and v not in best]
    return tuple(best)


def apply(walk: Walk, draft: Draft) -> None:
    """Say what the best family knows; one known by its answers must have answered something of its own."""
    chosen = candidates(draft.object_id, draft.description)
    own = [v for v in chosen if v.known_by_answers and any(_told(walk, v.places()))]
    best = (own or [v for v in chosen if not v.known_by_answers or _by_id(v, draft)])[:1]
    for vendor in best:
        draft.vendor = vendor.vendor
        draft.cls = draft.cls or vendor.cls
        draft.kinds += [vendor.kind] if vendor.kind else []
        said = [m.groupdict() for p in vendor.patterns for m in (re.search(p, draft.description),) if m]
        for field, known in (("serial", draft.serials), ("model", draft.models), ("version", draft.versions)):
            matched = [real(one.get(field) or "") for one in said]
            known[:0] = [*_told(walk, map(_place, getattr(vendor, field))), *(m for m in matched if m)]


def _by_id(vendor: Vendor, draft: Draft) -> bool:
    return any(f"{draft.object_id}.".startswith(f"{p}.") for p in vendor.object_ids)


def _told(walk: Walk, places: Iterable[tuple[str, str]]) -> Iterator[str]:
    for text, pattern in places:
        at = oid(text.replace("/", "."))
        values = [walk.values[at]] if at in walk.values else list(walk.column(at).values())[:8]
        for said in (real(value) for value in values):
            found = re.search(pattern, said) if pattern else None
            if wanted := real(found[1]) if found else "" if pattern else said:
                yield wanted
