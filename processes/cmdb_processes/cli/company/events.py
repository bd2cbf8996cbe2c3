"""What happened in the example company in its ninety days, as data: work that was done, and what broke by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdb.errors import Invalid
from cmdb_processes.cli.company.inventory import APPS, DATABASES, FIRMWARE, KERNELS, PLACES
from cmdb_processes.cli.company.outages import BROKEN
from cmdb_processes.cli.company.rows import TAG, Row, about

DISCOVERY = "discovery"
"""The account by which the company's inventory comes in."""


@dataclass(frozen=True, slots=True)
class Event:
    """What became known `days` before today, and why, in one line.

    `came` are CIs (by ref) that were not there before; `before` has values by ref and attribute as they were until
    then; `left` are rows of CIs and edges that were there until then; `says` are rows about things that do not last.
    """

    days: float
    summary: str
    by: str = DISCOVERY
    came: tuple[str, ...] = ()
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    left: tuple[Row, ...] = ()
    says: tuple[Row, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.days < 90:
            raise Invalid(f"{self.summary} was {self.days} days ago, not within 90", where="days")


def events(rows: Mapping[str, Row]) -> list[Event]:
    """All of them, oldest first; `rows` are the CIs as they are today, by reference."""
    found = [*_growth(), *_patches(rows), *_firmware(rows), *_databases(rows), *_releases(rows), *_certificates(rows)]
    return sorted([*found, *_outages(rows), *_office(rows)], key=lambda one: -one.days)


def _growth() -> Iterator[Event]:
    """What was added."""
    for days, place in ((84.1, PLACES[0]), (81.1, PLACES[1])):
        pool = {"redundancy": ["FORMED_BY: 3"], "members_needed": 3}
        host = f"{place.code}-hv-5"
        yield Event(days, f"{host} joined the pool of {place.name}", came=(host,), before={f"{place.code}-pool": pool})
    for days, name, members in ((62.6, "shop-web", (5, 6)), (48.6, "search", (3,)), (33.6, "catalog", (3, 4))):
        app = next(one for one in APPS if one.name == name)
        left = app.nodes - len(members)
        least = max(1, left // 2)
        rule = f"BALANCES_OVER: {least}" + (f" full {left - 1}" if left - 1 > least else "")
        before = {f"vip {name}": {"redundancy": [rule, "SERVED_BY: 1"], "members_needed": least}}
        came = [ref for n in members for ref in (f"{name}-{n}", f"{app.program} on {name}-{n}")]
        yield Event(days, f"{name} grows to {app.nodes} machines", came=tuple(came), before=before)


def _patches(rows: Mapping[str, Row]) -> Iterator[Event]:
    """The monthly patch nights, one site after the other."""
    machines = [ref for ref, row in rows.items() if row["class"] == "VirtualMachine"]
    for month, days in enumerate((76.0, 46.0, 16.0)):
        for half in (0, 1):
            before = {ref: {"kernel": KERNELS[month]} for ref in machines[half::2]}
            yield Event(days - 2 * half, f"patch night, {len(before)} machines: {KERNELS[month + 1]}", before=before)


def _firmware(rows: Mapping[str, Row]) -> Iterator[Event]:
    """Firmware of switches, firewalls and balancers, one device a night."""
    devices = [ref for ref, row in rows.items() if "firmware" in row["attributes"]]
    for number, ref in enumerate(devices):
        old, new = FIRMWARE[rows[ref]["attributes"]["vendor"]]
        yield Event(72.08 - 3 * number, f"firmware {new} on {ref}", "hugo", before={ref: {"firmware": old}})


def _databases(rows: Mapping[str, Row]) -> Iterator[Event]:
    """PostgreSQL's quarterly release, database by database."""
    for number, name in enumerate(DATABASES):
        refs = (f"pg-{name}", f"pg-{name}-1", f"pg-{name}-2")
        version = str(rows[refs[0]]["attributes"]["version"])
        major, minor = version.split(".")
        before = {ref: {"version": f"{major}.{int(minor) - 1}"} for ref in refs}
        yield Event(58.1 - 4 * number, f"PostgreSQL {version} for {name}", "cleo", before=before)


def _releases(rows: Mapping[str, Row]) -> Iterator[Event]:
    """New versions of the company's own programs; the one before is gone from the machines."""
    own = ("catalog", "orders", "payments", "checkout", "warehouse", "crm", "delivery")
    for number, program in enumerate(own):
        new = next(ref for ref, row in rows.items() if row["attributes"].get("product") == program)
        major, minor = str(rows[new]["attributes"]["version"]).split(".")
        old = f"{int(major) - 1}.{minor}"
        row = {
            "class": "SoftwareVersion", "ref": f"{program} {old}", "name": f"{program} {old}", "tags": [TAG],
            "attributes": {**rows[new]["attributes"], "version": old},
        }  # fmt: skip
        ran = [ref for ref, one in rows.items() if one.get("key") == program]
        edges = [{"type": "HAS_SOFTWARE", "from": ref, "to": row["ref"]} for ref in ran]
        yield Event(53.4 - 7 * number, f"release {new}", "gita", came=(new,), left=(row, *edges))


def _certificates(rows: Mapping[str, Row]) -> Iterator[Event]:
    """Certificates are renewed under the same number, with a later end."""
    names = [ref for ref, row in rows.items() if row["class"] == "Certificate"]
    for number, ref in enumerate(names):
        end = str(rows[ref]["attributes"]["not_after"])
        earlier = f"{int(end[:4]) - 1}{end[4:]}"
        before = {ref: {"not_after": earlier.replace("-02-29", "-02-28")}}
        yield Event(69.5 - 9.5 * number, f"{ref} renewed", "ada", before=before)


def _outages(rows: Mapping[str, Row]) -> Iterator[Event]:
    """What broke, and when it was well again."""
    for one in BROKEN:
        for ago, said in ((one.days, one.condition), (one.over, None)):
            told = (
                f"{one.ci} is {one.condition}: {one.why}" if said else f"{one.ci} is up again after {one.hours:g} hours"
            )
            yield Event(ago, told, says=(about(rows[one.ci], {"condition": said}),))


def _office(rows: Mapping[str, Row]) -> Iterator[Event]:
    """People and contracts come, old equipment goes."""
    for days, name in ((71.3, "Kim Sato"), (40.3, "Lea Brandt")):
        yield Event(days, f"{name} begins", came=(name,))
    for days, code in ((64.4, "isp-1"), (8.4, "hw")):
        end = str(rows[f"contract {code}"]["attributes"]["ends_at"])
        before = {f"contract {code}": {"ends_at": f"{int(end[:4]) - 1}-01-31T12:00:00Z"}}
        yield Event(days, f"contract {code} is extended", "eva", before=before)
    gone = {"class": "StorageArray", "ref": "vie-old-array", "name": "vie-old-array", "tags": [TAG]}
    old = {"serial": "OLD1B2C3D", "vendor": "NetApp", "model": "FAS2650"}
    rack = {"type": "LOCATED_IN", "from": "vie-old-array", "to": "vie-rack-4"}
    yield Event(25.5, "vie-old-array is scrapped", "finn", left=({**gone, "attributes": old}, rack))
