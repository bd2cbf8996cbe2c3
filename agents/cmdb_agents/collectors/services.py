"""Services: systemd units, containers, and listening programs that are neither."""

from __future__ import annotations

from cmdb.words import Problem, Section
from cmdb_agents.collector import Collector, View, item, section
from cmdb_agents.memory import MAX_CLIENTS, clients

NAMELESS = Problem("names and images of containers", "no container runtime answered; they were seen by control group")


def collect(view: View) -> Section:
    """One Service item for each; what belongs to which was decided in `ownership`."""
    used_from = clients(view.known)
    items = (
        item(
            "Service",
            found.key,
            found.name,
            kind=found.kind,
            program=found.program,
            command=found.command,
            user=found.user,
            unit=found.unit,
            state=found.state,
            enabled=found.enabled,
            listens=found.listens,
            container_id=found.container_id,
            image=found.image,
            cgroup=found.cgroup,
            clients=used_from.get(found.key, ()),
            clients_left_out=True if len(used_from.get(found.key, ())) >= MAX_CLIENTS else None,
        )
        for found in view.ownership.services.values()
    )
    return section("services", view.machine, items, problems=[NAMELESS] if view.ownership.hidden else [])


SERVICES = Collector("services", "Systemd units, containers and listening programs.", ("Service",), collect)
