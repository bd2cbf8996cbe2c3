"""Who is on the same wires: neighbour tables and LLDP, as facts of this host about what it sees."""

from __future__ import annotations

from cmdb.words import Item, Section
from cmdb_agents.collector import Collector, View, item, section
from cmdb_agents.transports.readings import Neighbour


def collect(view: View) -> Section:
    """One Neighbour item for each entry."""
    gateways = {route.gateway for route in view.machine.routes} - {""}
    return section("neighbours", view.machine, (_item(n, gateways) for n in view.machine.neighbours))


def _item(seen: Neighbour, gateways: set[str]) -> Item:
    what = f"{seen.chassis} {seen.port}" if seen.table == "lldp" else seen.address
    return item(
        "Neighbour",
        f"{seen.interface} {seen.table} {what}",
        seen.system or seen.address or seen.chassis,
        table=seen.table,
        interface=seen.interface,
        address=seen.address,
        mac=seen.mac,
        gateway=True if seen.address in gateways else None,
        system_name=seen.system,
        system_description=seen.description,
        chassis=seen.chassis,
        port=seen.port,
        port_description=seen.port_description,
    )


NEIGHBOURS = Collector("neighbours", "Who is on the same wires.", ("Neighbour",), collect)
