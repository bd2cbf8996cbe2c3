"""Ports of this host that its kernel passes on to others (DNAT): a service here that needs who answers there. Pure.

Only who asks through such a port knows that somebody does, and only this host knows who answers: without the service
between them the graph would end at the port.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cmdb_agents.addresses import endpoint, is_loopback
from cmdb_agents.memory import TIME_WAIT, Known, Pair, Sighting
from cmdb_agents.ownership import Found, Ownership
from cmdb_agents.transports.readings import Machine, Translation

FORWARD = "forward:"
"""Starts the key of such a service; the endpoint that is asked follows."""


def sightings(machine: Machine, ownership: Ownership) -> Iterator[Sighting]:
    """Whom the kernel passes others' connections on to now."""
    if ownership.hidden:
        return  # behind a port may be a container whose address means another thing on every host
    own = {a.address for i in machine.interfaces for a in i.addresses}
    for one in machine.translations:
        if _passed_on(one, own) and ownership.listener(one.protocol, one.asked, one.asked_port) is None:
            source = FORWARD + endpoint(one.protocol, one.asked, one.asked_port)
            # What the kernel tracks outlives the connection for a while, so it is no surer than its remains.
            yield Sighting(source, endpoint(one.protocol, one.real, one.real_port), TIME_WAIT, attributed=True)


def _passed_on(one: Translation, own: set[str]) -> bool:
    from_here = one.local in own or is_loopback(one.local)
    return one.asked in own and one.real not in own and not is_loopback(one.real) and not from_here


def services(known: Mapping[Pair, Known], ownership: Ownership) -> dict[str, Found]:
    """The service of each port that is known to be passed on; one that a program has taken over is that program's."""
    found = {}
    for source in sorted({source for source, _ in known if source.startswith(FORWARD)}):
        asked = source.removeprefix(FORWARD)
        protocol, _, rest = asked.partition("://")
        address, _, port = rest.rpartition(":")
        if ownership.listener(protocol, address.strip("[]"), int(port)) is None:
            found[source] = Found(source, f"forward {rest}", "forward", state="running", listens=(asked,))
    return found
