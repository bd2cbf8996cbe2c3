"""Installed packages: each version is one thing, wherever it is installed; the host has it."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from urllib.parse import quote

from cmdb.words import Evidence, Link, Ref, Section
from cmdb_agents.collector import MAX_KEY, Collector, View, clean, section
from cmdb_agents.transports.readings import Package

SELF = Ref("Host", "self")
_SAID = attrgetter("manager", "name", "version", "architecture")


def collect(view: View) -> Section:
    """A HAS_SOFTWARE link for each package; the key of its target says all of it."""
    system = view.machine.platform.os_release.get("ID", "")
    links = [link for p in view.machine.packages if (link := _link(*_SAID(p), system))]
    return section("packages", view.machine, (), links)


@lru_cache(maxsize=16_384)  # every look, and every host that a collector sees, has the same thousand packages
def _link(manager: str, name: str, version: str, architecture: str, system: str) -> Link | None:
    key = purl(Package(name, version, architecture, manager), system)
    if not version or len(key) > MAX_KEY:
        return None
    evidence = Evidence("package", f"installed by {manager}", 1.0)
    return Link("HAS_SOFTWARE", SELF, Ref("SoftwareVersion", key), evidence)


def purl(package: Package, system: str) -> str:
    """Its package URL, as pkg:deb/debian/openssl@3.0.15-1?arch=amd64."""
    space = f"/{_quoted(system.lower(), '')}" if system else ""
    arch = f"?arch={_quoted(package.architecture, '')}" if package.architecture else ""
    name, version = _quoted(package.name, "+.~"), _quoted(package.version, "+.:~")
    return f"pkg:{package.manager}{space}/{name}@{version}{arch}"


def _quoted(text: str, safe: str) -> str:
    return quote(clean(text), safe=safe)


PACKAGES = Collector("packages", "Installed packages.", (), collect)
