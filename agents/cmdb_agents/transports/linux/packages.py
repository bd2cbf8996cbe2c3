"""Installed packages: dpkg's own file, or rpm's answer; read again only when the database has changed."""

from __future__ import annotations

from operator import attrgetter

from cmdb_agents.parsers.packages import RPM, dpkg, rpm
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Package

STATUS = "/var/lib/dpkg/status"
RPM_DATABASES = tuple(
    f"{folder}/{file}"
    for folder in ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
    for file in ("rpmdb.sqlite", "Packages.db", "Packages")
)
MAX_PACKAGES = 15_000
MAX_STATUS = 64 * 2**20
_ORDER = attrgetter("manager", "name", "architecture", "version")


def read(hand: Hand) -> tuple[Package, ...]:
    """The packages of each manager there is, each once."""
    found: dict[tuple[str, ...], Package] = {}
    if hand.exists(STATUS):
        for fragment in hand.fragments(STATUS, MAX_STATUS):
            found.update((_ORDER(one), one) for one in dpkg(fragment))
    if any(hand.exists(path) for path in RPM_DATABASES) and hand.commands:
        found |= {_ORDER(one): one for one in rpm(hand.run(RPM, "packages", "packages of rpm") or "")}
    rows = sorted(found)
    if len(rows) > MAX_PACKAGES:
        hand.trouble("packages", f"packages after the first {MAX_PACKAGES}", "truncated")
    return tuple(found[row] for row in rows[:MAX_PACKAGES])


def stamp(hand: Hand) -> object:
    """What changes with every installation."""
    return tuple(hand.stamp(path) for path in (STATUS, *RPM_DATABASES))


PACKAGES = Reader("packages", "packages", read, stamp=stamp)
