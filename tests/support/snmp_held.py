"""What a recording could hold of a field that was not found: by a search through all of it, not by assumption.

Everything of the right shape in a place where a device speaks of itself (a single value, or a column of few rows) is a
candidate. `NOT_IT` says of places what stands there instead, each looked at by a person; what no line of it explains
counts as held, so a field that was not found there is a field that was missed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from cmdb_agents.snmp_text import mac, real, text
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import dotted, oid

FEW = 8
"""Rows of a column that may be of the device itself."""
LONG, LONG_ROOT = 16, 13
SHAPES = {
    "serial": re.compile(r"(?=(?:\D*\d){4})(?!\d{1,5}$)[A-Za-z0-9][A-Za-z0-9_/-]{5,29}"),
    "model": re.compile(r"(?=.*[A-Za-z])(?=.*\d)[A-Za-z][\w/+-]{2,}(?: [\w/+().-]+){0,3}"),
    "version": re.compile(r"(?i)(?:[a-z ]*v?|.*(?:version|release|software|firmware)\W*v?)\d+(?:\.\d+)+[\w.()-]*"),
}
_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}.*|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}.*")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?")
_ANY = {
    "1.3.6.1.2.1.1.4": "whom to call", "1.3.6.1.2.1.1.5": "its name", "1.3.6.1.2.1.1.6": "where it stands",
    "1.3.6.1.2.1.1.9": "MIBs", "1.3.6.1.2.1.2.2": "interfaces", "1.3.6.1.2.1.3": "addresses",
    "1.3.6.1.2.1.4": "addresses", "1.3.6.1.2.1.31": "interfaces",
    "1.3.6.1.2.1.55": "interfaces", "1.3.6.1.2.1.16": "interfaces by RMON", "1.3.6.1.2.1.17": "VLANs and neighbours",
    "1.3.6.1.2.1.25": "its parts, file systems and programs", "1.3.6.1.2.1.67": "RADIUS clients",
    "1.3.6.1.6.3": "users and views of SNMP", "1.2.840.10036": "radio networks",
    "1.3.6.1.4.1.2021": "load, disks and the agent's build", "1.3.6.1.4.1.8072": "the agent's own registry",
    "1.3.6.1.4.1.77": "users and services of Windows",
}  # fmt: skip
NOT_IT = {
    "serial": _ANY | {
        "1.3.6.1.4.1.35047.1.4": "memory", "1.3.6.1.4.1.35047.2.1.5": "counts", "1.3.6.1.4.1.35047.2.10": "uptime",
        "1.3.6.1.4.1.35047.2.2.11": "counts", "1.3.6.1.4.1.35047.2.2.12": "counts",
        "1.3.6.1.4.1.35047.2.2.13": "counts", "1.3.6.1.4.1.35047.2.2.14": "licences of its modules",
        "1.3.6.1.4.1.45577.1.8": "counts", "1.3.6.1.4.1.45577.1.10": "the name it goes by",
        "1.3.6.1.4.1.45577.1.17": "memory", "1.3.6.1.4.1.45577.2.12": "radio networks and their VLANs",
        "1.3.6.1.4.1.2011.10.2.75": "access points it controls",
        "1.3.6.1.4.1.14823.2.2.1.5.2.1.4": "access points it controls",
        "1.3.6.1.4.1.5651.6.7.2.100.1.11": "its processor", "1.3.6.1.4.1.5651.6.7.2.100.5": "VLANs",
        "1.3.6.1.4.1.35904.1.2.2.2": "days its licences end", "1.3.6.1.4.1.15227.1.3.1.1": "rates and memory",
    },
    "model": _ANY | {
        "1.3.6.1.4.1.34774.4.1.19": "disks, ports and pools", "1.3.6.1.4.1.34774.4.1.21": "disks, ports and pools",
        "1.3.6.1.4.1.34774.4.1.23": "disks, ports and pools", "1.3.6.1.4.1.50001.1.241": "the label of a disk",
        "1.3.6.1.4.1.15227.1.22": "interfaces", "1.3.6.1.4.1.14525.4.4": "sessions of users",
        "1.3.6.1.4.1.14525.4.5": "access points it controls", "1.3.6.1.4.1.14525.4.8": "its power supplies",
        "1.3.6.1.4.1.14525.4.14": "access points and rooms",
        "1.3.6.1.4.1.2011.5.2": "users and their domains", "1.3.6.1.2.1.47.1.2": "logical parts",
    },
    "version": _ANY | {
        "1.3.6.1.4.1.35047.1.6": "load", "1.3.6.1.4.1.25053.1.3.2": "access points it controls",
        "1.3.6.1.4.1.4881.1.1.10.2.56.1.1.19": "the hardware's version",
    },
}  # fmt: skip


def held(field: str, rows: Iterable[tuple[Oid, int, bytes]], known: Collection[str]) -> list[tuple[str, str]]:
    """(place, what stands there) of what may be the field's value; `known` is what other fields were found to be."""
    told = [(name, body) for name, kind, body in rows if kind == 4]
    of_column = Counter(_column(name) for name, _ in told)
    words = [word for word in known if len(word) >= 4]
    return [
        (dotted(name), said)
        for name, body in told
        if ((name[-1] == 0 and len(name) <= LONG) or of_column[_column(name)] <= FEW)
        and _fits(field, said := text(body, 100).strip("\" '"))
        and not any(word in said for word in words)
        and not _explained(field, name)
    ]


def _column(name: Oid) -> Oid:
    """The column, or of a long index (a hardware address, a name) the whole table."""
    return name[:-1] if len(name) <= LONG else name[:LONG_ROOT]


def _fits(field: str, said: str) -> bool:
    return bool(
        SHAPES[field].fullmatch(said)
        and real(said)
        and not _DATE.fullmatch(said)
        and not _ADDRESS.fullmatch(said)
        and not mac(said)
    )


def _explained(field: str, name: Oid) -> bool:
    return any(name[: len(root)] == root for root in _roots(field))


def _roots(field: str) -> Iterator[Oid]:
    return (oid(place) for place in NOT_IT.get(field, {}))
