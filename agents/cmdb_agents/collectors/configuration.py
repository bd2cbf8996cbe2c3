"""Whom the configuration of services names: narrow evidence, kept apart from what traffic shows."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.words import Evidence, Link, Ref, Section
from cmdb_agents.collector import MAX_KEY, Collector, View, clean, section
from cmdb_agents.matching import services_of
from cmdb_agents.transports.readings import Target

CONFIDENCE = 0.6
"""Its rung of the evidence ladder: a file may name what is no longer used."""
HOST = Ref("Host", "self")


def collect(view: View) -> Section:
    """A link for each service and target; a file whose service is not here is the host's contact, and so are name
    servers."""
    links = [link for target in view.machine.targets for link in _links(view, target)]
    links += [
        Link("COMMUNICATES_WITH", HOST, Ref("Endpoint", f"udp://{_bracketed(server)}:53"),
             Evidence("configuration", "name server in resolv.conf", CONFIDENCE))
        for server in view.machine.resolver.servers
        if not server.startswith("127.") and server != "::1"
    ]  # fmt: skip
    return section("configuration", view.machine, (), links)


def _links(view: View, target: Target) -> Iterator[Link]:
    evidence = Evidence("configuration", clean(f"{target.said} in {target.file}", 300), CONFIDENCE)
    end = Ref("Endpoint", target.endpoint)
    services = services_of(view.ownership.services, target.program, target.unit)
    for key in services:
        if target.endpoint not in view.ownership.services[key].listens:
            yield Link("DEPENDS_ON", Ref("Service", clean(key, MAX_KEY)), end, evidence)
    if not services:
        yield Link("COMMUNICATES_WITH", HOST, end, evidence)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


CONFIGURATION = Collector("configuration", "Whom configuration files name.", (), collect)
