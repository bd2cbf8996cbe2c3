"""Corosync, and with it Pacemaker and Proxmox VE: the nodes of the cluster and their votes; format: corosync.conf(5).

A node that does not see more than half of the expected votes loses quorum and stops what it runs (votequorum(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, address, majority, parsed

_TOKEN = re.compile(r"([A-Za-z0-9_]+)[ \t]*\{|\}|([A-Za-z0-9_]+)[ \t]*:[ \t]*([^\n]*)")
PORT, DEVICE_PORT = 5405, 5403
Block = tuple[str, dict[str, str]]


def parse(text: str) -> Parsed:
    """The nodes of the list, and a quorum device; with `two_node` one node of two goes on alone."""
    blocks = list(_blocks(re.sub(r"(?m)^[ \t]*#.*$", "", text)))
    quorum = next((said for place, said in blocks if place == "quorum"), {})
    port = next((_number(said, "mcastport", PORT) for place, said in blocks if place == "totem.interface"), PORT)
    votes: dict[Named, int] = {}
    for place, said in blocks:
        if place == "nodelist.node" and (at := _at(said.get("ring0_addr", ""), port, "udp")):
            votes[at] = _number(said, "quorum_votes", 1)
        elif place == "quorum.device.net" and (at := _at(said.get("host", ""), DEVICE_PORT, "tcp")):
            votes[at] = next((_number(d, "votes", 1) for p, d in blocks if p == "quorum.device"), 1)
    counted = {at: weight for at, weight in votes.items() if weight > 0}
    if quorum.get("provider") != "corosync_votequorum" or len(counted) < 2:
        return Parsed()
    expected = _number(quorum, "expected_votes", sum(counted.values()))
    needs = 1 if quorum.get("two_node") == "1" and len(counted) == 2 else majority(expected)
    return parsed((), [Pool(tuple(counted), needs=needs, peers=True, weights=tuple(counted.values()))])


def _at(host: str, port: int, protocol: str) -> Named | None:
    found = address(f"[{host}]" if ":" in host else host, port)
    return Named(found.host, found.port, protocol) if found else None


def _number(said: dict[str, str], name: str, otherwise: int) -> int:
    text = said.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 6 else otherwise


def _blocks(text: str) -> Iterator[Block]:
    """Each block by the names of those it stands in, such as nodelist.node, with its own settings."""
    open_: list[Block] = []
    for opened, name, value in (found.groups() for found in _TOKEN.finditer(text)):
        if opened:
            open_.append((".".join([*(open_[-1][0] for _ in open_[:1]), opened]), {}))
            yield open_[-1]
        elif name is None:
            open_ = open_[:-1]
        elif open_:
            open_[-1][1][name] = value.strip()


COROSYNC = Configuration(
    name="corosync",
    programs=("corosync",),
    places=("/etc/corosync/corosync.conf",),
    parse=parse,
)
