"""The example company from the ground up: people, sites, power, network, storage, hypervisors."""

from __future__ import annotations

from cmdb_processes.cli.company.inventory import (
    COMPANY,
    DOMAIN,
    FIRMWARE,
    PEOPLE,
    PLACES,
    SUPPLIERS,
    SYSTEMS,
    TEAMS,
    Place,
)
from cmdb_processes.cli.company.making import Making

_TIERS = (("fw", "Firewall", "firewall"), ("core", "NetworkDevice", "switch"), ("access", "NetworkDevice", "switch"))
"""From the internet down; each device has an uplink to both of the tier above."""
_VLANS = ((10, "servers"), (20, "databases"), (30, "management"))
_LUNS = 4
"""A site: two for machines, two for databases."""


def ground(make: Making) -> None:
    """Everything software needs."""
    _people(make)
    _suppliers(make)
    for vendor, product, version in SYSTEMS:
        make.rows.ci("OperatingSystem", f"{product} {version}", vendor=vendor, product=product, version=version)
    for place in PLACES:
        _site(make, place)
        _network(make, place)
        _power(make, place)
        _storage(make, place)
        _pool(make, place)
        _backup(make, place)
    _fibres(make)


def _people(make: Making) -> None:
    company = make.rows.ci("Organisation", COMPANY, code="EXT", kind="company")
    for code, name in TEAMS.items():
        mail = f"{name.lower()}@{DOMAIN}"
        team = make.rows.ci("Organisation", f"team {code}", code=f"EXT-{code}", kind="team", email=mail)
        make.rows.edge(team, "PART_OF", company)
    for number, (name, code) in enumerate(PEOPLE, start=101):
        mail = f"{name.lower().replace(' ', '.')}@{DOMAIN}"
        person = make.rows.ci("Person", name, employee_id=str(number), organisation="EXT", email=mail)
        make.rows.edge(person, "PART_OF", f"team {code}")


def _suppliers(make: Making) -> None:
    for code, name in SUPPLIERS.items():
        supplier = make.rows.ci("Organisation", name, code=code.upper(), kind="supplier")
        number = f"C-{make.chance.randrange(1000, 9999)}"
        contract = make.rows.ci(
            "Contract", f"contract {code}", number=number, supplier=name, ends_at=make.later(200, 900), kind="service"
        )  # fmt: skip
        make.rows.edge(contract, "AGREED_WITH", supplier)


def _site(make: Making, place: Place) -> None:
    code = place.code.upper()
    site = make.rows.ci(
        "Site", place.code, code=code, kind="data centre", city=place.city, country=place.country,
        time_zone=place.time_zone, address=place.name,
    )  # fmt: skip
    room = make.rows.ci("Room", f"{place.code}-room", site_code=code, code="R1", floor="0")
    make.rows.edge(room, "PART_OF", site)
    for number in range(1, place.racks + 1):
        rack = make.rows.ci(
            "Rack", f"{place.code}-rack-{number}", code=f"{number:02}", room_code=f"{code}/R1", height_units=42
        )  # fmt: skip
        make.rows.edge(rack, "PART_OF", room)


def _network(make: Making, place: Place) -> None:
    above: list[str] = []
    for tier, (name, cls, kind) in enumerate(_TIERS):
        here = [_device(make, place, f"{name}-{n}", cls, kind, 10 * tier + n) for n in (1, 2)]
        for device in here:
            make.rows.edge(device, "ATTACHED_TO", *above)
        above = here
    for n in (1, 2):
        balancer = _device(make, place, f"lb-{n}", "LoadBalancer", "load balancer", 50 + n)
        make.rows.edge(balancer, "ATTACHED_TO", *above)
    for number, purpose in _VLANS:
        name, cidr = f"{place.code}-vlan-{number}", f"10.{place.net}.{number}.0/24"
        vlan = make.rows.ci("Vlan", name, vlan_id=number, domain=place.code, purpose=purpose)
        subnet = make.rows.ci("Subnet", cidr, cidr=cidr, domain="example", purpose=purpose)
        make.rows.edge(subnet, "IN_NETWORK", vlan)


def _device(make: Making, place: Place, name: str, cls: str, kind: str, number: int) -> str:
    vendor = "Arista" if kind == "switch" else "Fortinet"
    device = make.rows.ci(
        cls, f"{place.code}-{name}", kind=kind, serial=make.serial(), vendor=vendor,
        management_address=f"10.{place.net}.30.{number}", firmware=FIRMWARE[vendor][-1],
    )  # fmt: skip
    make.rows.edge(device, "LOCATED_IN", f"{place.code}-rack-{1 + number % 2}")
    return device


def _fibres(make: Making) -> None:
    """Two between the sites, by different carriers and core switches."""
    for number, provider in ((1, SUPPLIERS["isp-1"]), (2, SUPPLIERS["isp-2"])):
        link = make.rows.ci("Link", f"fibre-{number}", code=f"F{number}", provider=provider, medium="fibre")
        make.rows.edge(link, "ENDS_AT", *(f"{place.code}-core-{number}" for place in PLACES))
        make.rows.edge(link, "SUPPORTED_BY", provider)


def _power(make: Making, place: Place) -> None:
    """Two feeds, each behind a supply of its own; equipment draws from both."""
    for half in "ab":
        ups = _feed(make, place, f"ups-{half}", "uninterruptible supply")
        make.rows.edge(_feed(make, place, f"feed-{half}", "circuit"), "POWERED_BY", ups)
    for name, _, _ in (*_TIERS, ("lb", "", "")):
        for n in (1, 2):
            make.rows.edge(f"{place.code}-{name}-{n}", "POWERED_BY", *_feeds(place))


def _feed(make: Making, place: Place, code: str, kind: str) -> str:
    name = f"{place.code}-{code}"
    feed = make.rows.ci("PowerFeed", name, code=code, site_code=place.code.upper(), kind=kind, voltage_v=230)
    make.rows.edge(feed, "LOCATED_IN", f"{place.code}-room")
    return feed


def _feeds(place: Place) -> tuple[str, str]:
    return f"{place.code}-feed-a", f"{place.code}-feed-b"


def _storage(make: Making, place: Place) -> None:
    array = make.rows.ci(
        "StorageArray", f"{place.code}-array", serial=make.serial(), vendor="NetApp", model="A400",
        management_address=f"10.{place.net}.30.90", capacity_bytes=80 * 10**12,
    )  # fmt: skip
    make.rows.edge(array, "LOCATED_IN", f"{place.code}-rack-4")
    make.rows.edge(array, "POWERED_BY", *_feeds(place))
    for number in range(1, _LUNS + 1):
        wwn = f"60a98000{make.hexadecimal(96)}"
        lun = make.rows.ci("Lun", f"{place.code}-lun-{number}", wwn=wwn, lun_number=number, size_bytes=8 * 10**12)
        make.rows.edge(lun, "PART_OF", array)


def _pool(make: Making, place: Place) -> None:
    """Hypervisors on shared storage, one of which may be missing."""
    needed = place.hypervisors - 1
    pool = make.rows.ci(
        "Cluster", f"{place.code}-pool", kind="hypervisor pool", domain=place.code, product="Proxmox VE",
        version="8.2", members_needed=needed,
    )  # fmt: skip
    for number in range(1, place.hypervisors + 1):
        name = f"{place.code}-hv-{number}"
        host = make.rows.ci(
            "Hypervisor", name, hostname=name, fqdn=f"{name}.{DOMAIN}", serial=make.serial(), vendor="Dell Inc.",
            model="PowerEdge R760", cpu_cores=64, memory_bytes=2**40, product="Proxmox VE", product_version="8.2",
        )  # fmt: skip
        _stand(make, place, host, number)
        make.rows.edge(pool, "FORMED_BY", host)
    make.rows.set(pool, redundancy=[f"FORMED_BY: {needed}"])
    make.rows.edge(pool, "DEPENDS_ON", f"{place.code}-lun-1", f"{place.code}-lun-2")


def _stand(make: Making, place: Place, host: str, number: int) -> None:
    """A host in its rack, on both feeds and both access switches."""
    make.rows.edge(host, "LOCATED_IN", f"{place.code}-rack-{1 + number % place.racks}")
    make.rows.edge(host, "POWERED_BY", *_feeds(place))
    make.rows.edge(host, "ATTACHED_TO", f"{place.code}-access-1", f"{place.code}-access-2")


def _backup(make: Making, place: Place) -> None:
    """A server of its own with disks, beside the pool it saves."""
    name = f"{place.code}-backup"
    server = make.rows.ci(
        "Server", name, hostname=name, fqdn=f"{name}.{DOMAIN}", serial=make.serial(), vendor="Dell Inc.",
        model="PowerEdge R550", cpu_cores=16, memory_bytes=64 * 2**30, warranty_until=make.later(30, 900),
    )  # fmt: skip
    _stand(make, place, server, 3)
    make.rows.edge(server, "RUNS_SYSTEM", "Debian 12")
    for number in range(1, 5):
        make.rows.ci(
            "Disk", f"{name}-disk-{number}", parent=server, key=f"sd{'abcd'[number - 1]}", serial=make.serial(),
            vendor="Seagate", kind="hdd", size_bytes=16 * 10**12,
        )  # fmt: skip
