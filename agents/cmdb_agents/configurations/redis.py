"""Redis and Valkey: the server a replica follows; format: redis.conf."""

from __future__ import annotations

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, address, parsed


def parse(text: str) -> Parsed:
    """Whom `replicaof` names; the last line counts. A replica without its master goes on answering reads, degraded."""
    follows: list[Named] = []
    for words in map(str.split, text.splitlines()):
        if len(words) == 3 and words[0].lower() in ("replicaof", "slaveof"):
            follows = at(words[1], words[2])
    return parsed((), [Pool(tuple(follows), soft=True)] if follows else [])


def at(host: str, port: str) -> list[Named]:
    """Whom a host and a port of its own mean, if anybody; `replicaof no one` means nobody."""
    found = address(f"[{host}]" if ":" in host else host, int(port) if port.isdecimal() else 0)
    return [found] if found else []


REDIS = Configuration(
    name="redis",
    programs=("redis-server", "valkey-server"),
    places=("/etc/redis/redis.conf", "/etc/redis.conf", "/etc/valkey/valkey.conf"),
    parse=parse,
)
