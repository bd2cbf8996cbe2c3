"""Who this host's programs are connected to: dependencies of its services, and contacts of everything else.

The client's side tells: a connection whose local port is listened on here was made by the other end. The server's
side remembers from where it is used, so that the graph can tell what both ends have seen, and knows of clients that
nobody asks: it says the address, and the graph who has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cmdb.words import Link, Problem, Ref, Section
from cmdb_agents.addresses import WILDCARDS, endpoint, is_loopback, is_private, within
from cmdb_agents.collector import MAX_KEY, Collector, View, clean, section
from cmdb_agents.forwards import FORWARD
from cmdb_agents.memory import (
    CLIENT,
    ESTABLISHED,
    MAX_CLIENTS,
    MAX_CONNECTIONS,
    SELF,
    SUPPORT,
    TIME_WAIT,
    Sighting,
    client_evidence,
    clients,
    evidence,
    polled,
)
from cmdb_agents.ownership import RELAYS, Ownership, is_listening
from cmdb_agents.programs import program
from cmdb_agents.transports.readings import Interface, Machine, Socket
from cmdb_agents.transports.socket_table import connected, waiting


def collect(view: View) -> Section:
    """A link for each remembered connection of the host and of the services it has now."""
    links, watched = [], polled(view.known)
    ends: dict[str, Ref] = {}
    for (source, target), known in view.known.items():
        if source.startswith(CLIENT) and (served := source.removeprefix(CLIENT)) in view.ownership.services:
            proof, service = client_evidence(target, known, view.now), Ref("Service", clean(served, MAX_KEY))
            links.append(Link("USES", Ref("IPAddress", target), service, proof))
        elif source == SELF or source in view.ownership.services:
            if (end := ends.get(source)) is None:
                end = ends[source] = Ref("Host", "self") if source == SELF else Ref("Service", clean(source, MAX_KEY))
            looks = not source.startswith(FORWARD) and target in watched.get(source, ())
            kind = "COMMUNICATES_WITH" if source == SELF or looks else "DEPENDS_ON"
            proof = evidence(target, known, view.now)
            if looks:
                proof = replace(proof, kind="monitoring", detail=f"{proof.detail}, one short contact of many")
            elif source.startswith(FORWARD):
                proof = replace(proof, kind="conntrack", detail=f"{proof.detail}, where the kernel passes it on to")
            links.append(Link(kind, end, Ref("Endpoint", target), proof))
    return section("sockets", view.machine, (), links, list(_left_out(view)))


def _left_out(view: View) -> Iterator[Problem]:
    """What there is no room for is said."""
    if sum(not source.startswith(CLIENT) for source, _ in view.known) >= MAX_CONNECTIONS:
        yield Problem(f"connections after the first {MAX_CONNECTIONS}", "truncated")
    for service, addresses in clients(view.known).items():
        if len(addresses) >= MAX_CLIENTS and service in view.ownership.services:
            yield Problem(f"clients of {service} after the first {MAX_CLIENTS}", "truncated")


def sightings(machine: Machine, ownership: Ownership) -> Iterator[Sighting]:
    """Every connection made from here that can be seen now."""
    return _Look(machine, ownership).sightings()


class _Look:
    def __init__(self, machine: Machine, ownership: Ownership) -> None:
        self._machine, self._ownership = machine, ownership
        self._listening = {
            (s.namespace, s.protocol, s.local, s.local_port)
            for s in waiting(machine.sockets)
            if is_listening(s, machine.ephemeral)
        }
        self._ports = {port for _, _, _, port in self._listening}
        self._own = {a.address for i in machine.interfaces for a in i.addresses}
        self._inner = [a for i in machine.interfaces if _is_inner(i, machine.interfaces) for a in i.addresses]
        self._parents = {p.pid: p.parent for p in machine.processes}
        self._aside = {p.pid for p in machine.processes if program(p.argv, p.exe, p.name).name in RELAYS}
        self._aside |= {machine.own_pid} - {0}  # the observer does not observe itself
        self._sources: dict[tuple[str, tuple[int, ...]], tuple[str, bool]] = {}
        self._real = {(t.protocol, t.local, t.local_port, t.asked, t.asked_port): t for t in machine.translations}
        self._spaces: dict[str, set[str]] = {}
        for process in machine.processes:
            if process.namespace and (key := ownership.of_process.get(process.pid)):
                self._spaces.setdefault(process.namespace, set()).add(key)

    def sightings(self) -> Iterator[Sighting]:
        for socket in connected(self._machine.sockets):
            if not self._aside.isdisjoint(socket.pids):
                continue
            if not self._is_server(socket):
                if found := self._made(self._rewritten(socket)):
                    yield found
                continue
            yield from self._client(socket)
            if served := self._served(socket):
                yield served

    def _rewritten(self, socket: Socket) -> Socket:
        """The socket as the kernel carries it on: who answers, where a virtual address or service stands before it."""
        if not self._real:
            return socket
        at = (socket.protocol, socket.local, socket.local_port, socket.remote, socket.remote_port)
        real = self._real.get(at)
        return replace(socket, remote=real.real, remote_port=real.real_port) if real else socket

    def _client(self, socket: Socket) -> Iterator[Sighting]:
        """From where a service of this host is used: what the other end may say of it, too.

        Who closes first keeps the remains: of short connections that a server ends, it alone has any. What is behind a
        bridge of this host has an address that is another's elsewhere, and needs no word from here.
        """
        if not is_private(socket.remote) or self._is_here(socket.remote):
            return
        if any(within(socket.remote, inner.address, inner.prefix_length) for inner in self._inner):
            return
        if self._listens(socket.namespace, socket.protocol, socket.local, socket.local_port):
            service, attributed = self._source(socket)
            if not attributed and not socket.namespace:  # nobody holds remains; the listener they came through has one
                service = self._ownership.listener(socket.protocol, socket.local, socket.local_port) or SELF
                attributed = True
            if attributed and service != SELF:
                seen = ESTABLISHED if socket.state == "ESTABLISHED" else TIME_WAIT
                yield Sighting(CLIENT + service, socket.remote, seen, attributed=True)

    def _is_server(self, socket: Socket) -> bool:
        if self._listens(socket.namespace, socket.protocol, socket.local, socket.local_port):
            return True
        # Its listener is gone, yet nobody connects from a well-known port to one the kernel hands out.
        low, high = self._machine.ephemeral
        return low <= socket.remote_port <= high and not low <= socket.local_port <= high

    def _served(self, socket: Socket) -> Sighting | None:
        """The server's side of a connection inside this host, whose client's side has ended already."""
        if socket.state == "TIME_WAIT" and not socket.namespace and self._is_here(socket.remote):
            target = endpoint(socket.protocol, socket.local, socket.local_port)
            return Sighting(SUPPORT, target, TIME_WAIT, attributed=False)
        return None

    def _made(self, socket: Socket) -> Sighting | None:
        if socket.remote in WILDCARDS or not socket.remote_port:
            return None
        if socket.namespace and is_loopback(socket.remote):
            return None  # inside a container: its own business
        here = not socket.namespace and self._is_here(socket.remote)
        listener = self._ownership.listener(socket.protocol, socket.remote, socket.remote_port) if here else ""
        if listener is None:
            return None  # nobody listens there any more, so there is nothing to depend on
        source, attributed = self._source(socket)
        target = endpoint(socket.protocol, socket.remote, socket.remote_port)
        if source != SELF and (source == listener or target in self._ownership.services[source].listens):
            return None  # a service that talks to itself
        return Sighting(source, target, ESTABLISHED if socket.state == "ESTABLISHED" else TIME_WAIT, attributed)

    def _source(self, socket: Socket) -> tuple[str, bool]:
        """Whose the socket is, and whether that is known; a program's thousandth is its first's."""
        of = (socket.namespace, socket.pids)
        if (found := self._sources.get(of)) is None:
            found = self._sources[of] = self._decide(socket)
        return found

    def _decide(self, socket: Socket) -> tuple[str, bool]:
        holders = set(socket.pids)
        tops = sorted(pid for pid in holders if self._parents.get(pid) not in holders)
        if tops:
            return self._ownership.of_process.get(tops[0], SELF), True
        inside = self._spaces.get(socket.namespace, set())
        if len(inside) == 1:
            return next(iter(inside)), True
        return SELF, False

    def _is_here(self, address: str) -> bool:
        return is_loopback(address) or address in self._own

    def _listens(self, space: str, protocol: str, address: str, port: int) -> bool:
        return port in self._ports and any(
            (space, protocol, host, port) in self._listening for host in (address, *WILDCARDS)
        )


def _is_inner(interface: Interface, every: Iterable[Interface]) -> bool:
    """Whether it is a bridge for containers or virtual machines that no cable leads out of."""
    if interface.devtype != "bridge":
        return False
    members = [one for one in every if one.master == interface.name]
    return not any(one.device or one.devtype in ("bond", "vlan", "team") for one in members)


SOCKETS = Collector("sockets", "Connections made by services and programs.", (), collect)
