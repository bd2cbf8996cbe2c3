"""Disks and what is made of them, from sysfs and udev's data: neither root nor a command is needed."""

from __future__ import annotations

from dataclasses import replace

from cmdb_agents.addresses import endpoint, shortest
from cmdb_agents.parsers.blocks import FILES, block, udev
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Block

MAX_BLOCKS = 4_000
FOLDER = "/sys/class/block"


def read(hand: Hand) -> tuple[Block, ...]:
    """Every device there is something behind, with the devices it is made of by their names here."""
    names = hand.names(FOLDER)
    if len(names) > MAX_BLOCKS:
        hand.trouble("storage", f"block devices after the first {MAX_BLOCKS}", "truncated")
    found = {name: one for name in names[:MAX_BLOCKS] if (one := _one(hand, name))}
    named = {name: one.name for name, one in found.items()}
    return tuple(
        replace(one, parents=tuple(sorted(named[p] for p in one.parents if p in named)), portal=_portal(hand, name))
        for name, one in sorted(found.items())
    )


def _one(hand: Hand, name: str) -> Block | None:
    base = f"{FOLDER}/{name}"
    files = {file: text for file in FILES if (text := hand.line(f"{base}/{file}", 4096))}
    parents = hand.names(f"{base}/slaves")
    if files.get("partition"):
        parents = [hand.link(base).split("/")[-2]]
    properties = udev(hand.line(f"/run/udev/data/b{files['dev']}")) if files.get("dev") else {}
    return block(name, files, properties, parents)


def _portal(hand: Hand, name: str) -> str:
    """The server of an iSCSI disk: its session stands in the device's path, and knows the address."""
    path = hand.link(f"{FOLDER}/{name}")
    session = next((part.removeprefix("session") for part in path.split("/") if part.startswith("session")), "")
    base = f"/sys/class/iscsi_connection/connection{session}:0"
    address = hand.line(f"{base}/persistent_address") if session else ""
    port = hand.line(f"{base}/persistent_port")
    return endpoint("tcp", shortest(address), int(port)) if address and port.isdigit() else ""


BLOCKS = Reader("blocks", "storage", read, every=60)
