"""What a configuration format is: which files hold it, and what of them is worth knowing: whom it names, nothing else.

One file of `configurations/` declares one. A parser gets the text of one file and returns targets as they stand there;
who they are is found out by whoever may ask names. Values beside them (users, passwords, paths) are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from cmdb.registry import discover

_HOST_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?))(?::(?P<port>\d{1,5}))?"
)
_OPTION = re.compile(r"([A-Za-z.]+)=([^&;\s]*)")
SCHEMES = {
    "http": 80, "https": 443, "postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379,
    "rediss": 6379, "amqp": 5672, "amqps": 5671, "mongodb": 27017, "kafka": 9092, "ldap": 389, "ldaps": 636,
    "nats": 4222, "memcached": 11211, "smtp": 25, "smtps": 465, "neo4j": 7687, "bolt": 7687, "clickhouse": 9000,
    "ftp": 21, "ssh": 22, "sftp": 22, "mqtt": 1883, "elasticsearch": 9200, "grpc": 443, "ws": 80, "wss": 443,
}  # fmt: skip
"""Schemes of addresses that programs connect to, and the port that is meant when none is given."""
IN_TURN = frozenset({"postgres", "postgresql", "mysql", "mariadb", "mongodb", "nats"})
"""Schemes whose clients, as their manuals say, try the hosts of one URL in turn. Of others each is needed."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody a configuration names: a host name or address, and a port."""

    host: str
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the members of a pool stand in for each other.

    `needs` of them keep the reader of the file alive, `full` (0: as many) leave it undisturbed; a `soft` pool never
    takes it below degraded. Of `peers` the reader itself is one, and lives: needs 0 is then the majority of them all,
    whether it is named among them or not. `seen`: the file names none, yet its reader talks to them alone, port to
    like port. `weights` are the members' votes, 1 each if left out.
    """

    needs: int = 1
    full: int = 0
    soft: bool = False
    peers: bool = False
    seen: bool = False
    weights: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pool(Terms):
    """Some of those a file names that stand in for each other, as the file or the protocol it is about says."""

    members: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is kept of a file: whom it names, which of them are pools, and which certificate files it uses.

    Who is named and in no pool is needed alone.
    """

    named: tuple[Named, ...] = ()
    certificates: tuple[str, ...] = ()
    pools: tuple[Pool, ...] = ()


def parsed(alone: Iterable[Named], pools: Iterable[Pool], certificates: Iterable[str] = ()) -> Parsed:
    """Whom a file names alone and in pools. Who is both is needed alone as well."""
    lone, several = tuple(dict.fromkeys(alone)), tuple(dict.fromkeys(pools))
    pooled = dict.fromkeys(member for pool in several for member in pool.members)
    both = tuple(Pool((one,)) for one in lone if one in pooled)
    return Parsed(tuple(dict.fromkeys((*lone, *pooled))), tuple(certificates), (*several, *both))


@dataclass(frozen=True, slots=True)
class Configuration:
    """A format: its files as glob patterns below the root, and the programs that read them.

    Where `unit` is given, it makes the systemd unit's name of a file's name: the file belongs to that unit alone.
    `idle` says of a file (its path, its text, whether another file is there) that its program does not heed it now.
    """

    name: str
    programs: tuple[str, ...]
    places: tuple[str, ...]
    parse: Callable[[str], Parsed]
    unit: Callable[[str], str] | None = None
    idle: Callable[[str, str, Callable[[str], bool]], bool] | None = None


@cache  # asked twice in each look
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
    kind = scheme_of(scheme)
    if not separator or not kind:
        return []
    place = re.split(r"[/?#\s]", rest, maxsplit=1)[0].rpartition("@")[2]
    return [named for part in place.split(",") if (named := address(part, SCHEMES[kind]))]


def scheme_of(scheme: str) -> str:
    """The known scheme in what stands before ://, as in jdbc:mysql:loadbalance or redis+sentinel; empty without."""
    parts = [part.partition("+")[0] for part in scheme.lower().split(":")]
    return next((part for part in reversed(parts) if part in SCHEMES), "")


def pool_of(text: str) -> Pool | None:
    """What the hosts of one URL are to each other; None where it has only one, or nothing says what they are.

    Clients of these schemes try them in turn, so one is enough to be served. Of a MongoDB replica set, which
    `replicaSet` names, writes take a primary, and that takes a majority; reads that a secondary may answer do not.
    """
    found = tuple(dict.fromkeys(url(text)))
    scheme, _, rest = text.partition("://")
    tried = scheme_of(scheme.strip("\"' ")) in IN_TURN or "+sentinel" in scheme
    if len(found) < 2 or not tried or "replication" in scheme:
        return None
    options = {name.lower(): value for name, value in _OPTION.findall(rest.partition("?")[2])}
    if scheme_of(scheme.strip("\"' ")) != "mongodb" or not options.get("replicaset"):
        return Pool(found)
    most = majority(len(found))
    if options.get("readpreference", "primary").lower() == "primary":
        return Pool(found, needs=most)
    return Pool(found, full=most)


def majority(count: int) -> int:
    """More than half."""
    return count // 2 + 1
