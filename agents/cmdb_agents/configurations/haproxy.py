"""HAProxy: the servers of its backends and the certificates of its binds; format: its configuration manual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, address, parsed


def parse(text: str) -> Parsed:
    """The servers that are not switched off for good, backend by backend, and every `crt` file.

    Peers and rings keep copies of tables and logs: without them it goes on, degraded.
    """
    pools: list[Pool] = []
    alone: list[Named] = []
    certificates: list[str] = []
    for section in _sections(text):
        if section.kind in ("peers", "ring"):
            pools += [Pool((one,), soft=True, peers=section.kind == "peers") for one, _ in section.servers()]
        elif section.kind in ("backend", "listen"):
            pool = _pool(list(section.servers()))
            pools += [pool] if pool and len(pool.members) > 1 else []
            alone += pool.members if pool and len(pool.members) == 1 else ()
        certificates += [b for words in section.lines if words[0] == "bind" for a, b in pairwise(words) if a == "crt"]
    return parsed(alone, pools, certificates)


def _pool(servers: Sequence[tuple[Named, frozenset[str]]]) -> Pool | None:
    """A server that nobody checks is always taken as available: while it is gone, its share of the requests fails, and
    no backup server is asked."""
    active = [(one, said) for one, said in servers if "backup" not in said]
    blind = any(not {"check", "track"} & said for _, said in active)
    members = tuple(dict.fromkeys(one for one, _ in (active if blind else servers)))
    return Pool(members, full=len(members) if blind else 0) if members else None


@dataclass(slots=True)
class _Section:
    """What stands under one heading."""

    kind: str
    lines: list[list[str]] = field(default_factory=list)
    defaults: Iterable[str] = ()  # what a `defaults` section before it says of every server

    def of_servers(self) -> list[str]:
        """What is said of every server, the latest last."""
        return [*self.defaults, *(w for words in self.lines if words[0] == "default-server" for w in words[1:])]

    def servers(self) -> Iterator[tuple[Named, frozenset[str]]]:
        """Each that may get something, with the words about it."""
        for words in self.lines:
            if words[0] in ("server", "peer") and len(words) > 2:
                said = _said([*self.of_servers(), *words[3:]])
                place = words[2].removeprefix("ipv4@").removeprefix("ipv6@")
                found = None if "disabled" in said else address(place, 80)
                if found:
                    yield found, said


def _said(words: Iterable[str]) -> frozenset[str]:
    """The words that hold: a later `no-check` or `enabled` takes back what a default said."""
    found: set[str] = set()
    for word in words:
        found.discard({"enabled": "disabled", "no-check": "check", "no-backup": "backup"}.get(word, ""))
        found.add(word)
    return frozenset(found)


def _sections(text: str) -> list[_Section]:
    found, defaults = [_Section("")], list[str]()
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words and not line[0].isspace():
            if found[-1].kind == "defaults":
                defaults = found[-1].of_servers()
            found.append(_Section(words[0], defaults=() if words[0] == "defaults" else tuple(defaults)))
        elif words:
            found[-1].lines.append(words)
    return found


HAPROXY = Configuration(
    name="haproxy",
    programs=("haproxy",),
    places=("/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg"),
    parse=parse,
)
