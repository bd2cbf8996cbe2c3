"""From a walk to a Device: every MIB file reads, the vendor's file says what they could not, and one rule decides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache

from cmdb.registry import discover
from cmdb.words import Problem
from cmdb.words.device import Device, Port, ranges
from cmdb_agents import mibs
from cmdb_agents.enterprises import maker
from cmdb_agents.mib import Draft, DraftPort, Mib
from cmdb_agents.mibs.bridge import CONTEXT_COLUMNS, contexts
from cmdb_agents.mibs.system import ROOT
from cmdb_agents.snmp_text import first, text
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Walk, dotted
from cmdb_agents.vendor import apply, candidates

__all__ = ["CONTEXT_COLUMNS", "all_mibs", "contexts", "make", "wanted"]

KINDS = {24: "loopback", 53: "virtual", 54: "bond", 161: "bond", 131: "tunnel", 135: "vlan", 136: "vlan", 209: "bridge",
         23: "tunnel", 1: "virtual", 150: "tunnel", 166: "virtual"}  # fmt: skip
"""IANAifType in the words of the class; what is not here is a port like any other."""
PHYSICAL = frozenset({6, 26, 62, 69, 117, 71, 56, 37, 39, 5, 22, 18, 30, 49, 50, 94, 96, 97, 15, 9, 171, 195, 196, 250})
"""IANAifType of what a cable, a fibre or a radio is behind."""
_NOT_PLUGGED = re.compile(
    r"(?i)^(lo\d*$|loopback|null|in-?loop|vlan|vl\d|bvi|irb|tunnel|tu\d|docker|veth|virbr|br-|bond|team|po\d|port-?channel|"
    r"ae\d|lag|trk\d|trunk|eth-trunk|bagg|bridge-agg|bridge|dummy|sit\d|ip6tnl|gre|ppp|register|cpu|nvi|control plane|"
    r"stack-?port|voip|unrouted|ifb|tap|tun|vnet|macvlan|aggregateport|span|erspan|internal|software|self)"
)
_VLAN = re.compile(r"(?i)vl(?:an)?[- ]?\d")
_SUBINTERFACE = re.compile(r"\d[.:]\d+$")


@cache
def all_mibs() -> tuple[Mib, ...]:
    """Every MIB file there is, in the order in which they read."""
    return tuple(sorted(discover(mibs, Mib).values(), key=lambda m: (m.order, m.name)))


def wanted(system: Walk) -> tuple[Oid, ...]:
    """The columns to walk, once the system group is known: all MIBs', and those of the families it may belong to."""
    said = system.column(ROOT)
    identified = said.get((2, 0))
    object_id = dotted(identified) if isinstance(identified, tuple) else ""
    chosen = candidates(object_id, text(said.get((1, 0)), 1_000))
    own = [column for vendor in chosen for column in vendor.columns()]
    return tuple(dict.fromkeys([*(c for mib in all_mibs() for c in mib.columns), *own]))


def make(walk: Walk, address: str) -> Device:
    """The device of a walk at an address; what could not be read, or not understood, is in its problems."""
    draft = Draft()
    for mib in all_mibs():
        try:
            mib.read(walk, draft)
        except Exception as error:
            # A mistake in one file must not silence the others.
            draft.problems.append(Problem(f"the MIB {mib.name}", repr(error)[:200]))
    apply(walk, draft)
    draft.problems += [Problem(cut.where, cut.why[:200]) for cut in walk.cuts]
    draft.problems += [
        Problem(f"VLAN {name} {cut.where}", cut.why[:200]) for name, one in walk.contexts.items() for cut in one.cuts
    ]
    cls, kind = _kind(draft)
    masters = {port.master for port in draft.ports.values()}
    return Device(
        address=address,
        name=first(draft.name, *sorted(i for i in draft.ids if ":" not in i), address),
        cls=cls,
        kind=kind,
        vendor=first(draft.vendor, *(c.vendor for c in draft.chassis), maker(draft.object_id)),
        model=first(*draft.models),
        serial=first(*draft.serials),
        version=first(*draft.versions),
        description=draft.description,
        object_id=draft.object_id,
        location=draft.location,
        engine_id=draft.engine_id,
        uptime_s=draft.uptime_s,
        memory_bytes=draft.memory_bytes,
        processors=draft.processors,
        macs=frozenset(draft.macs),
        ids=frozenset(draft.ids | {draft.name} - {""}),
        chassis=tuple(draft.chassis),
        ports=tuple(_port(port, draft, masters) for port in draft.ports.values()),
        addresses=tuple(draft.addresses.values()),
        vlans=tuple(draft.vlans.values()),
        stores=tuple(draft.stores),
        neighbours=tuple(draft.neighbours),
        learned=tuple(draft.learned.values()),
        resolved=tuple(draft.resolved.values()),
        problems=tuple(draft.problems),
    )


def _kind(draft: Draft) -> tuple[str, str]:
    """What it is, in this order: as its vendor's file says, as it behaves, as the services it claims."""
    said = first(*draft.kinds)
    if said in ("printer", "power supply"):
        return "NetworkDevice", "other"
    cls = draft.cls or "NetworkDevice"
    if cls == "Host":
        return cls, ""
    if said:
        return cls, said
    if draft.bridges and (not draft.forwards or len(draft.bridge_ports) > 4):
        return cls, "switch"
    if draft.forwards or draft.services & 0x04:
        return cls, "router"
    return cls, "switch" if draft.services & 0x02 else "other"


def _port(port: DraftPort, draft: Draft, masters: AbstractSet[int]) -> Port:
    names = dict.fromkeys(n for n in (port.name, port.short, port.label, *port.other) if n)
    kind = "bond" if port.index in masters else KINDS.get(port.type, "ethernet")
    if kind == "virtual" and any(_VLAN.match(n) for n in names):
        kind = "vlan"
    looks = not any(_NOT_PLUGGED.match(n) for n in (port.short, port.label) if n) and not _SUBINTERFACE.search(
        port.name
    )
    return Port(
        index=port.index,
        names=tuple(names),
        kind=kind if kind != "ethernet" or looks else "virtual",
        physical=port.type in PHYSICAL and looks and port.connector is not False,
        mac=port.mac,
        description=port.alias,
        master=draft.port_name(port.master) if port.master else "",
        state="up" if port.up else "down",
        mtu=port.mtu if 0 < port.mtu < 2**31 - 1 else 0,
        speed_mbps=port.speed_mbps,
        untagged=tuple(sorted(port.untagged)),
        tagged=tuple(sorted(port.tagged)),
        spanning_tree=_spanning_tree(port.spanning),
    )


def _spanning_tree(states: Mapping[int, str]) -> str:
    """One word where all VLANs agree; else the bridge's own, or the usual one, and the VLANs that differ."""
    if len(set(states.values())) <= 1:
        return next(iter(states.values()), "")
    usual = states.get(0) or Counter(states.values()).most_common(1)[0][0]
    others: dict[str, list[int]] = {}
    for vlan, state in states.items():
        if state != usual:
            others.setdefault(state, []).append(vlan)
    return "; ".join([usual, *(f"{state} in {ranges(vlans)}" for state, vlans in sorted(others.items()))])[:400]
