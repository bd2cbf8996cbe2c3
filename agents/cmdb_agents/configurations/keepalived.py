"""keepalived: the real servers behind each virtual server; format: keepalived.conf(5).

A checker takes a server that fails out of its pool. When the weight that is left is below the quorum, all are taken out
and the sorry server answers, if there is one: it says sorry, so the service is degraded then and not down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, address, parsed

_COMMENT = re.compile(r"(?m)(^|\s)[#!].*$")
_CHECK = re.compile(r"[A-Z]+_CHECK|(HTTP|SSL)_GET")


def parse(text: str) -> Parsed:
    """One pool a virtual server that balances; a server of weight 0 gets nothing, one alone is needed."""
    pools = [pool for block in _blocks(text) if block.words[:1] == ["virtual_server"] and (pool := _pool(block))]
    several = [pool for pool in pools if len(pool.members) > 1 or pool.soft]
    return parsed((pool.members[0] for pool in pools if pool not in several), several)


@dataclass(slots=True)
class _Block:
    """What stands before a brace, and inside of it."""

    words: list[str]
    lines: list[list[str]] = field(default_factory=list)
    inside: list[_Block] = field(default_factory=list)

    def said(self, name: str, otherwise: str) -> str:
        """The first word after a name."""
        return next((line[1] for line in self.lines if line[0] == name and len(line) > 1), otherwise)

    def number(self, name: str) -> int:
        """The number after a name; 1 without."""
        text = self.said(name, "1")
        return int(text) if text.isdecimal() and len(text) < 6 else 1


def _pool(virtual: _Block) -> Pool | None:
    """Who nobody checks is never taken out: while it is gone, its share of the requests fails."""
    protocol = virtual.said("protocol", "TCP").lower()
    weights: dict[Named, int] = {}
    blind = False
    for one in virtual.inside:
        if one.words[0] == "real_server" and (named := _at(one.words[1:], protocol)) and one.number("weight"):
            weights[named] = one.number("weight")
            blind = blind or not any(_CHECK.fullmatch(check.words[0]) for check in one.inside)
    if not weights:
        return None
    quorum, sorry = virtual.number("quorum"), any(line[0] == "sorry_server" for line in virtual.lines)
    weighed = tuple(weights.values()) if quorum > 1 else ()
    full = len(weights) if blind and not weighed else 0
    return Pool(tuple(weights), needs=quorum, full=full, soft=sorry and not blind, weights=weighed)


def _at(words: list[str], protocol: str) -> Named | None:
    """The address and port of a server; they stand apart, and IPv6 has no brackets."""
    if len(words) < 2:
        return None
    host, port = words[:2]
    found = address(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return Named(found.host, found.port, protocol) if found else None


def _blocks(text: str) -> Iterator[_Block]:
    """The outermost blocks; a brace may stand on a line of its own."""
    whole = _Block([])
    open_, last = [whole], list[str]()
    for piece in re.findall(r"[{}]|[^{}\n]+", _COMMENT.sub("", text)):
        words = piece.split()
        if piece == "{":
            open_[-1].inside.append(_Block(last or [""]))
            open_.append(open_[-1].inside[-1])
            last = []
        elif piece == "}":
            open_ = open_[:-1] if len(open_) > 1 else open_
        elif words:
            open_[-1].lines.append(words)
            last = words
    yield from whole.inside


KEEPALIVED = Configuration(
    name="keepalived",
    programs=("keepalived",),
    places=("/etc/keepalived/keepalived.conf", "/etc/keepalived/conf.d/*.conf"),
    parse=parse,
)
