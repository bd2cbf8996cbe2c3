"""Reports as agents send them, made short for tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cmdb.words import Evidence, Item, Link, Ref, Section, Snapshot, Value, section_hash

NOW = "2026-11-01T12:00:00.000Z"
SOCKET = Evidence("socket", "tcp", 0.9)


def host(name: str = "web1", **attributes: Value) -> Section:
    """The host section of a host called `name`."""
    return Section("host", True, (Item("Host", "self", name, {"hostname": name, **attributes}),))


def network(*addresses: str) -> Section:
    """One interface, eth0, with the addresses."""
    eth0 = Item("NetworkInterface", "eth0", "eth0", {"state": "up"})
    items = [Item("IPAddress", f"eth0 {a}", a, {"address": a}) for a in addresses]
    links = [Link("ASSIGNED_TO", i.ref, eth0.ref, Evidence("kernel", "eth0", 1.0)) for i in items]
    return Section("network", True, (eth0, *items), tuple(links))


def service(name: str, port: int, address: str = "0.0.0.0", **attributes: Value) -> Item:
    """A listening program."""
    key = f"{name}@{port}"
    return Item("Service", key, name, {"kind": "program", "listens": (f"tcp://{address}:{port}",), **attributes})


def services(*items: Item, complete: bool = True) -> Section:
    """The services section."""
    return Section("services", complete, items)


def uses(source: Item, target: str, evidence: Evidence = SOCKET) -> Link:
    """A socket from a service to an endpoint such as 10.0.0.5:5432."""
    return Link("DEPENDS_ON", source.ref, Ref("Endpoint", f"tcp://{target}"), evidence)


def sockets(*links: Link, complete: bool = True) -> Section:
    """The sockets section."""
    return Section("sockets", complete, (), links)


def report(
    seq: int, *sections: Section, node: str = "nd_1", boot: str = "boot-1", unchanged: Iterable[Section] = ()
) -> Snapshot:
    """One report of a node; its id follows from node and sequence, so sending it twice is sending it again."""
    whole = {s.name: section_hash(s.to_wire()) for s in sections}
    known = {s.name: section_hash(s.to_wire()) for s in unchanged}
    return Snapshot(f"report-{node}-{seq}", node, boot, seq, NOW, sections, {**known, **whole})


def wire(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as the agent writes it."""
    sections: dict[str, Any] = {name: {"hash": text} for name, text in snapshot.hashes.items()}
    for section in snapshot.sections:
        sections[section.name] |= section.to_wire()
    return {
        "schema": 1, "report_id": snapshot.report_id, "node": snapshot.node, "boot_id": snapshot.boot_id,
        "seq": snapshot.seq, "taken_at": snapshot.taken_at, "sections": sections,
    }  # fmt: skip
