"""Who reaches the network through whom: from the routers outwards, each device hangs on those one step nearer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cmdb.words.device import Device

Pair = tuple[str, str]


def uplinks(devices: Mapping[str, Device], pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """(dependent, dependency) of each pair that lies one step apart; two of one device are spare to each other.

    Nothing hangs on a host, and pairs at the same distance hang on neither: they are joined, no more.
    """
    around: dict[str, set[str]] = {}
    for a, b in pairs:
        around.setdefault(a, set()).add(b)
        around.setdefault(b, set()).add(a)
    found = set[Pair]()
    left = set(around)
    while left:
        island = _reach(min(left), around)
        left -= island
        distance = _distances(_roots(island, around, devices), around)
        for one in island:
            found |= {
                (one, two) for two in around[one] if distance[two] + 1 == distance[one] and not _leaf(two, devices)
            }
    return tuple(sorted(found))


def _leaf(key: str, devices: Mapping[str, Device]) -> bool:
    return key in devices and devices[key].cls in ("Host", "StorageArray")


def _reach(start: str, around: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = around[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _roots(island: set[str], around: Mapping[str, set[str]], devices: Mapping[str, Device]) -> set[str]:
    """Routers and firewalls; else who resolves most addresses; else who has most neighbours."""
    inner = {key for key in island if not _leaf(key, devices)} or island
    routers = {k for k in inner if k in devices and (devices[k].kind == "router" or devices[k].cls == "Firewall")}
    if routers:
        return routers
    resolved = {key: len(devices[key].resolved) if key in devices else 0 for key in inner}
    if top := max(resolved.values()):
        return {key for key, count in resolved.items() if count == top}
    most = max(len(around[key]) for key in inner)
    return {key for key in inner if len(around[key]) == most}


def _distances(roots: set[str], around: Mapping[str, set[str]]) -> dict[str, int]:
    found, edge, step = dict.fromkeys(roots, 0), set(roots), 0
    while edge:
        step += 1
        edge = set[str]().union(*(around[one] for one in edge)) - found.keys()
        found |= dict.fromkeys(edge, step)
    return found
