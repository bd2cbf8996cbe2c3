"""What a configuration format is: which files hold it, and what of them is worth knowing: whom it names, nothing else.

One file of `configurations/` declares one. A parser gets the text of one file and returns targets as they stand there;
who they are is found out by whoever may ask names. Values beside them (users, passwords, paths) are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cmdb.registry import discover

_HOST_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?))(?::(?P<port>\d{1,5}))?"
)
SCHEMES = {
    "http": 80, "https": 443, "postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379,
    "rediss": 6379, "amqp": 5672, "amqps": 5671, "mongodb": 27017, "kafka": 9092, "ldap": 389, "ldaps": 636,
    "nats": 4222, "memcached": 11211, "smtp": 25, "smtps": 465, "neo4j": 7687, "bolt": 7687, "clickhouse": 9000,
    "ftp": 21, "ssh": 22, "sftp": 22, "mqtt": 1883, "elasticsearch": 9200, "grpc": 443, "ws": 80, "wss": 443,
}  # fmt: skip
"""Schemes of addresses that programs connect to, and the port that is meant when none is given."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody a configuration names: a host name or address, and a port."""

    host: str
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is kept of a file: whom it names, and which certificate files it uses."""

    named: tuple[Named, ...] = ()
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """A format: its files as glob patterns below the root, and the programs that read them.

    Where `unit` is given, it makes the systemd unit's name of a file's name: the file belongs to that unit alone.
    """

    name: str
    programs: tuple[str, ...]
    places: tuple[str, ...]
    parse: Callable[[str], Parsed]
    unit: Callable[[str], str] | None = None


def all_configurations() -> dict[str, Configuration]:
    """Every format there is, by its name."""
    from cmdb_agents import configurations

    return discover(configurations, Configuration)


def address(text: str, otherwise: int = 0) -> Named | None:
    """A host and port such as db:5432, 10.0.0.1 or [::1]:80; None when it is neither or there is no port."""
    found = _HOST_PORT.fullmatch(text.strip())
    if found is None:
        return None
    port = int(found["port"] or otherwise)
    return Named(found["six"] or found["host"], port) if 0 < port < 65_536 else None


def url(text: str) -> list[Named]:
    """Whom a URL leads to, several hosts apart by commas too; the part before @ is dropped unseen."""
    scheme, separator, rest = text.strip().strip("\"'").partition("://")
    kind = scheme.lower().rpartition(":")[2].partition("+")[0]
    if not separator or kind not in SCHEMES:
        return []
    place = re.split(r"[/?#\s]", rest, maxsplit=1)[0].rpartition("@")[2]
    return [named for part in place.split(",") if (named := address(part, SCHEMES[kind]))]
