"""Installed packages as dpkg keeps them and rpm prints them; formats: deb-control(5), rpm(8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from cmdb_agents.transports.readings import Package

RPM = ["rpm", "-qa", "--qf", "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n"]
"""The question whose answer `rpm` reads."""


def dpkg(text: str) -> Iterator[Package]:
    """The installed packages of /var/lib/dpkg/status, or of a fragment of it: the whole file in parts is not small."""
    for paragraph in text.split("\n\n"):
        short = len(paragraph) <= SHORT
        if one := _known(paragraph) if short else _installed(paragraph):
            yield one


def _installed(paragraph: str) -> Package | None:
    if " ok installed" not in paragraph:
        return None
    found = {name: value.strip() for name, value in _FIELD.findall(paragraph)}
    if not found.get("Status", "").endswith(" ok installed"):
        return None
    source = found.get("Source", "").split(" ", 1)[0]
    return Package(found["Package"], found.get("Version", ""), found.get("Architecture", ""), "deb", source)


_known = lru_cache(maxsize=8_192)(_installed)
_FIELD = re.compile(r"^(Package|Status|Version|Architecture|Source): (.*)", re.MULTILINE)
SHORT = 256
"""A paragraph of the wanted fields alone, as over SSH, where a thousand hosts have the same ones; kept for the next."""


def rpm(text: str) -> Iterator[Package]:
    """The packages in the answer to `RPM`; keys that rpm lists among them are no packages."""
    for line in text.splitlines():
        row = line.split("\t")
        if len(row) == 5 and row[0] != "gpg-pubkey":
            epoch = "" if row[1] in ("0", "(none)", "") else f"{row[1]}:"
            source = "" if row[4] == "(none)" else row[4].rsplit("-", 2)[0]
            yield Package(row[0], epoch + row[2], "" if row[3] == "(none)" else row[3], "rpm", source)
