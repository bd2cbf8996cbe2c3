"""Whom the configuration of services names: narrow evidence, kept apart from what traffic shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cmdb.words import Evidence, Link, Ref, Section
from cmdb_agents.collector import MAX_KEY, Collector, View, clean, item, section
from cmdb_agents.matching import services_of
from cmdb_agents.memory import Pair
from cmdb_agents.pools import ruled
from cmdb_agents.transports.readings import Target

CONFIDENCE = 0.6
"""Its rung of the evidence ladder: a file may name what is no longer used."""
HOST = Ref("Host", "self")


def collect(view: View) -> Section:
    """A link for each service and target, and which of a service's targets back each other up.

    A file whose service is not here is the host's contact, and so are name servers. The rules stand beside the links
    they are about, so that a file that can no longer be read takes back neither.
    """
    services, found = view.ownership.services, ruled(view.machine, view.ownership.services, view.known)
    links = [link for target in view.machine.targets for link in _links(view, target, found.itself)]
    links += [
        Link("COMMUNICATES_WITH", HOST, Ref("Endpoint", f"udp://{_bracketed(server)}:53"),
             Evidence("configuration", "name server in resolv.conf", CONFIDENCE))
        for server in view.machine.resolver.servers
        if not server.startswith("127.") and server != "::1"
    ]  # fmt: skip
    items = [
        item("Service", key, services[key].name, kind=services[key].kind, redundancy=rules)
        for key, rules in found.rules.items()
    ]
    return section("configuration", view.machine, items, links, found.problems)


def _links(view: View, target: Target, itself: Collection[Pair]) -> Iterator[Link]:
    evidence = Evidence("configuration", clean(f"{target.said} in {target.file}", 300), CONFIDENCE)
    end = Ref("Endpoint", target.endpoint)
    services = services_of(view.ownership.services, target.program, target.unit)
    for key in services:
        if target.endpoint not in view.ownership.services[key].listens and (key, target.endpoint) not in itself:
            yield Link("DEPENDS_ON", Ref("Service", clean(key, MAX_KEY)), end, evidence)
    if not services:
        yield Link("COMMUNICATES_WITH", HOST, end, evidence)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


CONFIGURATION = Collector(
    "configuration", "Whom configuration files name, and who of them stands in for whom.", ("Service",), collect
)
