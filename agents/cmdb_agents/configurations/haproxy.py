"""HAProxy: the servers of its backends and the certificates of its binds; format: its configuration manual."""

from __future__ import annotations

from itertools import pairwise

from cmdb_agents.configuration import Configuration, Named, Parsed, address


def parse(text: str) -> Parsed:
    """The servers that are not switched off for good, and every `crt` file."""
    named: list[Named] = []
    certificates: list[str] = []
    section = ""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if not line[0].isspace():
            section = words[0]
        if section in ("backend", "listen", "peers", "ring") and words[0] in ("server", "peer") and len(words) > 2:
            place = words[2].removeprefix("ipv4@").removeprefix("ipv6@")
            found = None if "disabled" in words else address(place, 80)
            named += [found] if found else []
        if words[0] == "bind":
            certificates += [b for a, b in pairwise(words) if a == "crt"]
    return Parsed(tuple(named), tuple(certificates))


HAPROXY = Configuration(
    name="haproxy",
    programs=("haproxy",),
    places=("/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg"),
    parse=parse,
)
