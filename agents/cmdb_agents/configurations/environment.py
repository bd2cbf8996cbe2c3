"""Environment files of services: URLs, and hosts with ports. Of a value only the target is kept, never the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, address, parsed, pool_of, url
from cmdb_agents.configurations.postgresql import conninfo, hosts

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$", re.MULTILINE)
_HOST = re.compile(r"(.*?)_?(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS)", re.IGNORECASE)
_LISTENS = re.compile(r"(?:^|_)(?:BIND|LISTEN|PUBLIC|ADVERTISED?|EXTERNAL|SELF|ALLOWED|ORIGIN)", re.IGNORECASE)
"""Names of what a service is itself or lets in, not of what it needs."""
_SENTINELS = re.compile(r"(?:.*_)?SENTINELS?(?:_(?:HOSTS?|NODES|ADDRS|ADDRESSES|URLS?))?", re.IGNORECASE)
_CONNINFO = re.compile(r"(?:.*\s)?host(?:addr)?\s*=\s*\S", re.DOTALL)
SENTINEL = 26379
"""The port of Redis Sentinel."""


def parse(text: str) -> Parsed:
    """Every URL of a known scheme, every host with a port of its own, NAME_HOST with NAME_PORT, and connection strings.

    Several hosts in one value of libpq, one URL or a list of sentinels stand in for each other: clients try them in
    turn. Elsewhere a list says nothing about that.
    """
    values = {name: value.strip("\"'") for name, value in _LINE.findall(text)}
    alone: list[Named] = []
    pools: list[Pool] = []
    for name, value in values.items():
        if _LISTENS.search(name):
            continue
        found, pool = _target(name, value, values)
        if pool is not None:
            pools.append(pool)
        else:
            alone += found
    return parsed(alone, pools)


def _target(name: str, value: str, values: Mapping[str, str]) -> tuple[list[Named], Pool | None]:
    """Whom one variable names, and as what."""
    if "://" in value:
        return url(value), pool_of(value)
    listed = _listed(name, value, values)
    if listed is not None:
        members = tuple(dict.fromkeys(listed))
        return listed, Pool(members) if len(members) > 1 else None
    host = _HOST.fullmatch(name)
    port = values.get(f"{host[1]}_PORT" if host[1] else "PORT", "") if host else ""
    one = address(value, int(port) if port.isdecimal() else 0) if host else None
    return [one] if one else [], None


def _listed(name: str, value: str, values: Mapping[str, str]) -> list[Named] | None:
    """The hosts of a variable that may name several of one kind; None: it is none of these."""
    if name in ("PGHOST", "PGHOSTADDR"):
        # An address spares libpq the name, so of both the address counts.
        spared = name == "PGHOST" and "PGHOSTADDR" in values
        return [] if spared else hosts(value, values.get("PGPORT", "5432"))
    if _SENTINELS.fullmatch(name):
        return [one for part in value.split(",") if (one := address(part, SENTINEL))]
    return conninfo(value) if _CONNINFO.match(value) else None


def unit(path: str) -> str:
    """/etc/default/shop and /etc/sysconfig/shop belong to shop.service."""
    return path.rpartition("/")[2] + ".service"


ENVIRONMENT = Configuration(
    name="environment",
    programs=(),
    places=("/etc/default/*", "/etc/sysconfig/*"),
    parse=parse,
    unit=unit,
)
