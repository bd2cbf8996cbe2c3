"""What is to be looked at, as people write it in `targets.toml`, and the addresses that come of it. Pure but for names.

A target is a list of networks, addresses and names with credential references, a schedule, a window and a rate. Names
are resolved once for a run and the connection goes to that address: a name that points elsewhere a moment later gains
nothing. Addresses of this machine itself and of its link are refused unless the target allows them by word.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb.errors import Invalid
from cmdb.words.address import unwrapped
from cmdb_agents.discover.kind import Place

MAX_PLACES = 4_096
"""Places of one target: a /20. A larger network is several targets, so that one run stays one piece of work."""

ALLOWABLE = ("loopback", "link-local")
FIELDS = {"kind", "hosts", "credentials", "every", "window", "rate", "at_once", "port", "via", "allow", "sections",
          "options"}  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?")
_EVERY = re.compile(r"(\d{1,4})([mhd])")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
Resolve = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """One table of `targets.toml`."""

    name: str
    kind: str
    hosts: tuple[str, ...]
    credentials: tuple[str, ...]
    every: int = 0  # seconds; 0 = when somebody says so
    window: tuple[int, int] | None = None  # minutes of the day in UTC; the second may lie past midnight
    rate: int = 60  # places begun in a minute
    at_once: int = 8
    port: int | None = None
    via: str = ""  # the target whose only host is the jump host
    allow: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()  # of those a look brings; none named = all
    options: Mapping[str, str] = field(default_factory=dict)

    def open_at(self, minute: int) -> bool:
        """Whether a run may start at this minute of the day in UTC."""
        if self.window is None:
            return True
        start, end = self.window
        return start <= minute < end if start < end else minute >= start or minute < end


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something a target names that will not be looked at, and why."""

    what: str
    why: str


def parse(text: str) -> dict[str, Target]:
    """Every target of the file by name; Invalid names the table and the field."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"is no TOML: {error}", where="targets.toml") from error
    tables = found.pop("target", {})
    if found or not isinstance(tables, dict):
        raise Invalid("holds tables like [target.rack-7] and nothing else", where="targets.toml")
    targets = {name: _target(name, table) for name, table in tables.items()}
    for target in targets.values():
        _check_via(target, targets)
    return targets


def _check_via(target: Target, targets: Mapping[str, Target]) -> None:
    if not target.via:
        return
    jump = targets.get(target.via)
    if jump is None or jump.kind != "ssh" or len(jump.hosts) != 1 or "/" in jump.hosts[0] or jump.via:
        raise Invalid(
            f"{target.via!r} is no jump host: it must be an ssh target with one host and no `via` of its own",
            where=f"target.{target.name}.via",
        )


def _target(name: str, table: Any) -> Target:
    where = f"target.{name}"
    if not _NAME.fullmatch(name):
        raise Invalid("a target's name has 1 to 40 small letters, digits, - and _", where=where)
    if not isinstance(table, dict):
        raise Invalid("is a table", where=where)
    if unknown := sorted(set(table) - FIELDS):
        raise Invalid(f"has no field {unknown[0]!r}; there are {', '.join(sorted(FIELDS))}", where=where)
    allow = _texts(table, "allow", where)
    if unknown := sorted(set(allow) - set(ALLOWABLE)):
        raise Invalid(f"allows {' and '.join(ALLOWABLE)} only, not {unknown[0]!r}", where=f"{where}.allow")
    hosts = _texts(table, "hosts", where)
    if not hosts:
        raise Invalid("names no hosts", where=where)
    for host in hosts:
        _check_host(host, f"{where}.hosts")
    options = table.get("options", {})
    if not isinstance(options, dict) or not all(isinstance(v, str) for v in options.values()):
        raise Invalid("is a table of texts", where=f"{where}.options")
    return Target(
        name=name,
        kind=_text(table, "kind", where),
        hosts=hosts,
        credentials=_texts(table, "credentials", where),
        every=_every(table, where),
        window=_window(table, where),
        rate=_whole(table, "rate", where, 60, 6_000),
        at_once=_whole(table, "at_once", where, 8, 64),
        port=_whole(table, "port", where, 0, 65_535) or None if "port" in table else None,
        via=_text(table, "via", where) if "via" in table else "",
        allow=frozenset(allow),
        sections=frozenset(_texts(table, "sections", where)),
        options=options,
    )


def _check_host(host: str, where: str) -> None:
    try:
        network = ipaddress.ip_network(host)
    except ValueError:
        if "/" in host or not _HOST.fullmatch(host) or re.fullmatch(r"[\d.]+", host):
            raise Invalid(f"{host[:80]!r} is no network, address or name", where=where) from None
    else:
        if network.num_addresses > MAX_PLACES:
            raise Invalid(f"{host} has more than {MAX_PLACES} addresses: name smaller networks", where=where)


def _text(table: Mapping[str, Any], name: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid("is missing, or no text", where=f"{where}.{name}")
    return value


def _texts(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise Invalid("is a list of texts", where=f"{where}.{name}")
    return tuple(dict.fromkeys(value))


def _whole(table: Mapping[str, Any], name: str, where: str, otherwise: int, most: int) -> int:
    value = table.get(name, otherwise)
    if type(value) is not int or not 0 < value <= most:
        if name not in table:
            return otherwise
        raise Invalid(f"is a whole number from 1 to {most}", where=f"{where}.{name}")
    return value


def _every(table: Mapping[str, Any], where: str) -> int:
    if "every" not in table:
        return 0
    found = _EVERY.fullmatch(_text(table, "every", where))
    seconds = int(found[1]) * {"m": 60, "h": 3_600, "d": 86_400}[found[2]] if found else 0
    if seconds < 300:
        raise Invalid("is an interval such as 30m, 24h or 7d, of five minutes or more", where=f"{where}.every")
    return seconds


def _window(table: Mapping[str, Any], where: str) -> tuple[int, int] | None:
    if "window" not in table:
        return None
    found = _WINDOW.fullmatch(_text(table, "window", where))
    if not found:
        raise Invalid("is a part of the day in UTC such as 22:00-05:30", where=f"{where}.window")
    a, b, c, d = map(int, found.groups())
    return a * 60 + b, c * 60 + d


# --- addresses ---------------------------------------------------------------------------------------------


def resolve(name: str) -> Sequence[str]:
    """The addresses of a name, as the machine's own resolver gives them."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def places(target: Target, port: int, look_up: Resolve = resolve) -> tuple[tuple[Place, ...], tuple[Skipped, ...]]:
    """Every place of a target once, its names resolved now, and what is left out with the reason."""
    found: dict[str, Place] = {}
    skipped: list[Skipped] = []
    for host in target.hosts:
        for name, address in _addresses(host, look_up, skipped):
            if why := refused(address, target.allow):
                skipped.append(Skipped(f"{name} ({address})" if name else address, why))
            elif len(found) >= MAX_PLACES:
                skipped.append(Skipped(host, f"places after the first {MAX_PLACES} of a target"))
                break
            else:
                found.setdefault(address, Place(address, target.port or port, name))
    return tuple(found.values()), tuple(skipped)


def _addresses(host: str, look_up: Resolve, skipped: list[Skipped]) -> Iterator[tuple[str, str]]:
    try:
        network = ipaddress.ip_network(host)
    except ValueError:
        yield from _named(host, look_up, skipped)
        return
    for address in network.hosts():
        yield "", str(address)


def _named(host: str, look_up: Resolve, skipped: list[Skipped]) -> Iterator[tuple[str, str]]:
    try:
        addresses = look_up(host)
    except (OSError, UnicodeError) as error:
        skipped.append(
            Skipped(host, f"has no address: {(error.strerror if isinstance(error, OSError) else '') or error}")
        )
        return
    # The first address that may be asked: asking one host at each of its addresses would be asking it twice.
    whole = [address.partition("%")[0] for address in addresses]
    yield from ((host, address) for address in whole[:1])


def refused(address: str, allow: frozenset[str]) -> str:
    """Why this address is not asked, or nothing. An IPv4 address inside an IPv6 one is judged as what it is."""
    real = unwrapped(ipaddress.ip_address(address))
    if real.is_loopback or real.is_unspecified:
        return "" if "loopback" in allow and not real.is_unspecified else "is this machine itself"
    if real.is_link_local:  # clouds answer secrets at 169.254.169.254
        return "" if "link-local" in allow else "is link-local, where clouds keep their secrets"
    if real.is_multicast or real.is_reserved or str(real) == "255.255.255.255":
        return "is no address of one host"
    return ""
