"""Routes, neighbours, resolvers and LLDP as Linux and lldpd write them: proc(5), resolv.conf(5), lldpctl(8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cmdb_agents.addresses import from_hex, is_link_local, shortest
from cmdb_agents.transports.readings import Neighbour, Resolver, Route

UP, REJECT, LOCAL = 0x1, 0x200, 0x80000000


def routes(text: str) -> Iterator[Route]:
    """The rows of /proc/net/route that are up."""
    for line in text.splitlines()[1:]:
        row = line.split()
        if len(row) < 8 or not int(row[3], 16) & UP or int(row[3], 16) & REJECT:
            continue
        prefix = int(row[7], 16).bit_count()
        yield Route(f"{from_hex(row[1])}/{prefix}", _gateway(from_hex(row[2])), row[0], int(row[6]))


def routes6(text: str) -> Iterator[Route]:
    """The rows of /proc/net/ipv6_route that lead somewhere: no loopback, link-local or multicast ones."""
    for line in text.splitlines():
        row = line.split()
        flags = int(row[8], 16) if len(row) >= 10 else 0
        if not flags & UP or flags & (REJECT | LOCAL) or row[9] == "lo":
            continue
        destination = _ipv6(row[0])
        if not is_link_local(destination) and not destination.startswith("ff"):
            yield Route(f"{destination}/{int(row[1], 16)}", _gateway(_ipv6(row[4])), row[9], int(row[5], 16))


def _gateway(address: str) -> str:
    return "" if address in ("0.0.0.0", "::") else address  # noqa: S104  # compared, never bound


def _ipv6(digits: str) -> str:
    return shortest(":".join(digits[i : i + 4] for i in range(0, 32, 4)))


def arp(text: str) -> Iterator[Neighbour]:
    """The complete entries of /proc/net/arp."""
    for line in text.splitlines()[1:]:
        row = line.split()
        if len(row) >= 6 and int(row[2], 16) & 0x2 and row[3] != "00:00:00:00:00:00":
            yield Neighbour("arp", row[5], shortest(row[0]), row[3].lower())


def resolver(text: str) -> Resolver:
    """The name servers and search domains of resolv.conf."""
    servers: list[str] = []
    search: tuple[str, ...] = ()
    for line in text.splitlines():
        word, *rest = line.split("#", 1)[0].split(";", 1)[0].split() or [""]
        if word == "nameserver" and rest:
            servers.append(shortest(rest[0]))
        elif word in ("search", "domain") and rest:
            search = tuple(rest)  # the last line of either counts
    return Resolver(tuple(dict.fromkeys(servers)), tuple(sorted(set(search))))


def lldp(text: str) -> Iterator[Neighbour]:
    """The neighbours `lldpctl -f json0` knows."""
    body = json.loads(text)
    for top in body.get("lldp", []) if isinstance(body, dict) else []:
        for seen in top.get("interface", []):
            chassis, port = _first(seen.get("chassis")), _first(seen.get("port"))
            yield Neighbour(
                table="lldp",
                interface=str(seen.get("name", "")),
                address=_value(chassis.get("mgmt-ip")),
                mac=_value(chassis.get("id")).lower() if _kind(chassis.get("id")) == "mac" else "",
                system=_value(chassis.get("name")),
                description=_value(chassis.get("descr")),
                chassis=_value(chassis.get("id")),
                port=_value(port.get("id")),
                port_description=_value(port.get("descr")),
            )


def _first(value: Any) -> dict[str, Any]:
    row = value[0] if isinstance(value, list) and value else value
    return row if isinstance(row, dict) else {}


def _value(value: Any) -> str:
    return str(_first(value).get("value", ""))


def _kind(value: Any) -> str:
    return str(_first(value).get("type", ""))
