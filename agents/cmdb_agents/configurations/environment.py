"""Environment files of services: URLs, and hosts with ports. Of a value only the target is kept, never the rest."""

from __future__ import annotations

import re

from cmdb_agents.configuration import Configuration, Named, Parsed, address, url

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$", re.MULTILINE)
_HOST = re.compile(r"(.*?)_?(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS)", re.IGNORECASE)
_LISTENS = re.compile(r"(?:^|_)(?:BIND|LISTEN|PUBLIC|ADVERTISED?|EXTERNAL|SELF|ALLOWED|ORIGIN)", re.IGNORECASE)
"""Names of what a service is itself or lets in, not of what it needs."""


def parse(text: str) -> Parsed:
    """Every URL of a known scheme, every host with a port of its own, and NAME_HOST with NAME_PORT."""
    values = {name: value.strip("\"'") for name, value in _LINE.findall(text)}
    named: list[Named] = []
    for name, value in values.items():
        if _LISTENS.search(name):
            continue
        if found := url(value):
            named += found
        elif host := _HOST.fullmatch(name):
            port = values.get(f"{host[1]}_PORT" if host[1] else "PORT", "")
            one = address(value, int(port) if port.isdigit() else 0)
            named += [one] if one else []
    return Parsed(tuple(dict.fromkeys(named)))


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
