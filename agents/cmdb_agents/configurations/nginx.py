"""nginx: upstream servers and the addresses requests are passed to; format: nginx.org/en/docs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cmdb_agents.configuration import SCHEMES, Configuration, Named, Parsed, Pool, address, parsed

_STATEMENT = re.compile(r"(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^;{}\"'])+[;{]|\}")
_PASS = {
    "proxy_pass": 80,
    "fastcgi_pass": 9000,
    "uwsgi_pass": 0,
    "scgi_pass": 0,
    "grpc_pass": 80,
    "memcached_pass": 11211,
}


def parse(text: str) -> Parsed:
    """The servers of its upstream blocks, what it passes to directly, and the certificates it shows.

    A server that is `down` gets nothing. Of the others one is enough: the next is asked when one fails, and `backup`
    ones when all fail. One on a socket of this host is none that a report could name: with it the others are soft.
    """
    certificates: list[str] = []
    upstreams: dict[str, list[Named]] = {}
    local: set[str] = set()
    upstream, passed = "", list[tuple[str, int]]()
    for block, words in _statements(text):
        if words[0] == "upstream" and len(words) > 1:
            upstream = words[1]
            upstreams.setdefault(upstream, [])
        elif words[0] == "server" and block == "upstream" and len(words) > 1:
            if words[1].startswith("unix:"):
                local.add(upstream)
            elif "down" not in words[2:] and (found := address(words[1], 80)):
                upstreams[upstream].append(found)
        elif words[0] in _PASS and len(words) > 1:
            passed.append((words[1], _PASS[words[0]]))
        elif words[0] == "ssl_certificate" and len(words) > 1:
            certificates.append(words[1])
    groups = {name: tuple(dict.fromkeys(servers)) for name, servers in upstreams.items()}
    pools = [Pool(s, soft=name in local) for name, s in groups.items() if len(s) > 1 or (s and name in local)]
    alone = [s[0] for name, s in groups.items() if len(s) == 1 and name not in local]
    alone += _direct(passed, upstreams)
    return parsed(alone, pools, (c for c in certificates if "$" not in c and not c.startswith("data:")))


def _direct(passed: list[tuple[str, int]], upstreams: dict[str, list[Named]]) -> Iterator[Named]:
    for target, port in passed:
        scheme, separator, rest = target.partition("://")
        place = (rest if separator else target).partition("/")[0].rpartition("@")[2]
        # A name without a port may be an upstream of another file; asking for it as a host name would invent one.
        if (
            place not in upstreams
            and "$" not in place
            and ("." in place or ":" in place)
            and (found := address(place, SCHEMES.get(scheme, port) if separator else port))
        ):
            yield found


def _statements(text: str) -> Iterator[tuple[str, list[str]]]:
    """(the block around it, its words) of each statement; an opening block counts as one."""
    blocks: list[str] = []
    plain = re.sub(r"(?m)(^|\s)#.*$", "", text)
    for found in _STATEMENT.findall(plain):
        if found == "}":
            blocks = blocks[:-1]
            continue
        words = [word.strip("\"'") for word in found[:-1].split()]
        if words:
            yield (blocks[-1] if blocks else ""), words
        if found.endswith("{"):
            blocks.append(words[0] if words else "")


NGINX = Configuration(
    name="nginx",
    programs=("nginx", "openresty"),
    places=(
        "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*",
        "/etc/nginx/stream.d/*.conf", "/etc/nginx/modules-enabled/*.conf",
    ),
    parse=parse,
)  # fmt: skip
