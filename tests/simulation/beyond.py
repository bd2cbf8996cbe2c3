"""The one long question of the write path, about everything around a host, asked of tables in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Table = Mapping[str, Mapping[str, Any]]
Row = dict[str, Any]
_NOT_PROPERTIES = {"type", "from", "to"}


def row_of(edge: Mapping[str, Any]) -> list[Any]:
    """An edge as the statements return it: properties, type, source, target."""
    properties = {name: value for name, value in edge.items() if name not in _NOT_PROPERTIES}
    return [properties, edge["type"], edge["from"], edge["to"]]


def beyond(cis: Table, edges: Table, speaks: Callable[[str], bool], asked: Mapping[str, Any], *, every: bool) -> Row:
    """What `facts.BEYOND` returns; not `every`: what `facts.beyond_of` does, of whose incoming edges pairs are named.

    `speaks` tells whether the agent of a CI has told all its connections.
    """
    host, own = asked["host"], set(asked["own"])
    open_now = [edge for edge in edges.values() if "valid_to" not in edge]
    here = {host} | {ci for ci, one in cis.items() if one.get("parent") == host}
    going = [e for e in open_now if e["from"] in here]
    targets = {e["to"] for e in going if cis[e["to"]]["class"] == "Endpoint"}
    others = [e for e in open_now if e["from"] not in here]
    incoming = _incoming(cis, others, here, own, host) if every else _paired(cis, others, asked["clients"], host)
    named = {a for a in own if any(a not in row[4] and a in _places(row[0]) for row in incoming)}

    def elsewhere(place: Mapping[str, Any]) -> bool:
        if place["address"] in own and "parent" not in place:
            return False
        return any(e["to"] == place["id"] and e["from"] not in here for e in open_now)

    places = [one for one in cis.values() if one["class"] == "Endpoint"]
    wanted = [p for p in places if p["key"] in asked["keys"] and p.get("parent", host) == host]
    left = [p for p in places if p["address"] in own and "parent" not in p]
    led = [p for p in places if p["id"] in targets]
    return {
        "edges": [row_of(e) for e in going if e["from"] != host or e["scope"] not in asked["quiet"]],
        "incoming": incoming,
        "placeholders": [[p, elsewhere(p)] for p in (*wanted, *left, *led)],
        "callers": _callers(cis, open_now, speaks, asked),
        "listeners": _listeners(cis, {*asked["foreign"], *named}, host),
        "shared": _shared(cis, asked),
    }


def places(cis: Table, edges: Table, asked: Mapping[str, Any]) -> list[list[Any]]:
    """The placeholders that a retirement may need or leave unused, as `commands.PLACES` tells of them."""
    used = {e["to"] for e in edges.values() if "valid_to" not in e and e["from"] not in asked["every"]}
    known = [one for one in cis.values() if one["class"] == "Endpoint"]
    wanted = [p for p in known if p["key"] in asked["keys"] and p.get("parent", asked["host"]) == asked["host"]]
    led = [p for p in known if p["id"] in asked["targets"]]
    return [[p, p["id"] in used] for p in (*wanted, *led)]


def _places(properties: Mapping[str, Any]) -> str:
    return str(properties.get("endpoint") or "") + str(properties.get("also") or "")


def _incoming(cis: Table, others: list[Any], here: set[str], own: set[str], host: str) -> list[list[Any]]:
    rows = []
    for edge in others:
        to = cis[edge["to"]]
        service = to["class"] == "Service" and edge["to"] in here and edge["to"] != host
        place = to["class"] == "Endpoint" and to["address"] in own and "parent" not in to
        if service or place:
            rows.append([*row_of(edge), _addresses(cis, edge["from"])])
    return rows


def _paired(cis: Table, others: list[Any], pairs: Iterable[Mapping[str, str]], host: str) -> list[list[Any]]:
    wanted = {
        (one["parent"], pair["service"])
        for pair in pairs
        for one in cis.values()
        if _address_of(one) not in (None, host) and one["address"] == pair["address"]
    }
    ends = [(e, cis[e["from"]].get("parent")) for e in others]
    return [
        [*row_of(e), _addresses(cis, e["from"])]
        for e, home in ends
        if not wanted.isdisjoint({(e["from"], e["to"]), (home, e["to"])})
    ]


def _callers(cis: Table, open_now: list[Any], speaks: Callable[[str], bool], asked: Mapping[str, Any]) -> list[Any]:
    virtual = {v["address"] for v in cis.values() if v["class"] == "VirtualAddress" and v["status"] == "live"}
    rows = []
    for address in sorted({*asked["callers"]} - virtual):
        owners = {_address_of(one) for one in cis.values() if _address_of(one) and one["address"] == address}
        if len(owners) != 1 or asked["host"] in owners:
            continue
        owner = cis[str(*owners)]
        met = {
            cis[e["to"]].get("parent")
            for e in open_now
            if e["from"] == owner["id"] and e["type"] in ("USES", "COMMUNICATES_WITH") and e["kind"] in asked["brief"]
            and cis[e["to"]]["class"] == "Service"
        } - {asked["host"]}  # fmt: skip
        looks = min(len(met), asked["most"]) if address in asked["glanced"] else 0
        if owner["status"] == "live":
            told = owner.get("stale_since") is None and speaks(owner["id"])
            rows.append([address, owner["id"], owner["class"], owner.get("kind") or "", told, looks])
    return rows


def _addresses(cis: Table, source: str) -> list[str]:
    home = cis[source].get("parent", source)
    return [str(i["address"]) for i in cis.values() if _address_of(i) == home]


def _address_of(one: Mapping[str, Any]) -> str | None:
    return one.get("parent") if one["class"] == "IPAddress" and one["status"] == "live" else None


def _listeners(cis: Table, wanted: set[str], host: str) -> list[list[Any]]:
    owners: dict[str, list[str]] = {}
    for one in cis.values():
        owner = _address_of(one)
        if owner is not None and owner != host and one["address"] in wanted:
            known = owners.setdefault(owner, [])
            known += [one["address"]] if one["address"] not in known else []
    return [[addresses, _services(cis, owner)] for owner, addresses in owners.items()]


def _services(cis: Table, owner: str) -> list[list[Any]]:
    found = [s for s in cis.values() if s.get("parent") == owner and s["class"] == "Service" and s["status"] == "live"]
    found.sort(key=lambda one: str(one["key"]))
    return [[s["id"], s["listens"], s.get("clients"), s["source"]] for s in found if s.get("listens") is not None]


def _shared(cis: Table, asked: Mapping[str, Any]) -> list[list[Any]]:
    def known(cls: str, row: Mapping[str, Any]) -> list[list[Any]]:
        names = [name for name in row if name != "key"]
        fits = [c for c in cis.values() if c["class"] == cls and all(c.get(name) == row[name] for name in names)]
        return [[cls, row["key"], c] for c in sorted(fits, key=lambda one: (one["status"], one["id"]))]

    packages = [one for row in asked["packages"] for one in known("SoftwareVersion", row)]
    return packages + [one for row in asked["systems"] for one in known("OperatingSystem", row)]
