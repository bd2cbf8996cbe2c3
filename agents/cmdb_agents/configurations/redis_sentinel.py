"""Redis Sentinel: the server it watches, that server's replicas, and the other sentinels; format: sentinel.conf.

A sentinel alone goes on saying who is master; only a majority of the sentinels promotes a replica. So all of it is
soft.
"""

from __future__ import annotations

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, parsed
from cmdb_agents.configurations.redis import at


def parse(text: str) -> Parsed:
    """For each watched master: it with its replicas, and the other sentinels that were met."""
    watched: dict[str, list[Named]] = {}
    others: dict[str, list[Named]] = {}
    for words in map(str.split, text.splitlines()):
        match words:
            case ["sentinel", "monitor" | "known-replica" | "known-slave", name, host, port, *_]:
                watched.setdefault(name, []).extend(at(host, port))
            case ["sentinel", "known-sentinel", name, host, port, *_]:
                others.setdefault(name, []).extend(at(host, port))
    pools = [Pool(tuple(dict.fromkeys(of)), soft=True) for of in watched.values() if of]
    pools += [Pool(tuple(dict.fromkeys(of)), needs=0, soft=True, peers=True) for of in others.values() if of]
    return parsed((), pools)


REDIS_SENTINEL = Configuration(
    name="redis_sentinel",
    programs=("redis-sentinel", "valkey-sentinel"),
    places=("/etc/redis/sentinel.conf", "/etc/redis-sentinel.conf", "/etc/valkey/sentinel.conf"),
    parse=parse,
)
