"""A small network that answers SNMP on 127.0.1.x: two cores, an access switch on both, a host and a phone behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from support.snmp_replay import Data, Replay

from cmdb_agents.transports.snmp_ber import Oid, SnmpValue

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
ENTITY = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)
LLDP = (1, 0, 8802, 1, 1, 2, 1)
BRIDGE = (1, 3, 6, 1, 2, 1, 17)
CISCO = (1, 3, 6, 1, 4, 1, 9, 1, 516)
COMMUNITY = "lab-community"
HOST_MAC = "00:50:56:00:00:01"
CABLES = (("core1", 1, "core2", 1), ("core1", 2, "access1", 1), ("core2", 2, "access1", 2))
NAMES = ("core1", "core2", "access1")
Values = dict[Oid, SnmpValue]


def mac(device: str, port: int) -> bytes:
    return bytes((0, 0x1B, 0x21, 0, NAMES.index(device) + 1, port))


def switch(name: str, *, routes: bool) -> Values:
    """A switch of four ports, its enclosure, its own LLDP tables and one neighbour for each cable."""
    number = NAMES.index(name) + 1
    made: Values = {
        (*SYSTEM, 1, 0): b"Cisco IOS Software, C3750 Software (C3750-IPBASE-M), Version 12.2(35)SE5, RELEASE SOFTWARE",
        (*SYSTEM, 2, 0): CISCO, (*SYSTEM, 5, 0): name.encode(), (*SYSTEM, 7, 0): 6 if routes else 2,
        (1, 3, 6, 1, 2, 1, 4, 1, 0): 1 if routes else 2,
        (*ENTITY, 5, 1001): 3, (*ENTITY, 7, 1001): b"1", (*ENTITY, 11, 1001): b"FDO16%02dR0AB" % number,
        (*ENTITY, 13, 1001): b"WS-C3750G-24T",
        (1, 3, 6, 1, 2, 1, 4, 20, 1, 2, 10, 0, 0, number): 1,
        (1, 3, 6, 1, 2, 1, 4, 20, 1, 3, 10, 0, 0, number): bytes((255, 255, 255, 0)),
        (*LLDP, 3, 1, 0): 4, (*LLDP, 3, 2, 0): mac(name, 0),
    }  # fmt: skip
    for port in range(1, 5):
        label = b"GigabitEthernet1/0/%d" % port
        made |= {
            (*IF, 2, port): label, (*IF, 3, port): 6, (*IF, 5, port): 1_000_000_000, (*IF, 6, port): mac(name, port),
            (*IF, 8, port): 1, (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1, port): b"Gi1/0/%d" % port,
            (*LLDP, 3, 7, 1, 2, port): 5, (*LLDP, 3, 7, 1, 3, port): b"Gi1/0/%d" % port,
            (*BRIDGE, 1, 4, 1, 2, port): port,
        }  # fmt: skip
    ends = [(a, p, b, q) for a, p, b, q in CABLES] + [(b, q, a, p) for a, p, b, q in CABLES]
    for here, port, there, other in ends:
        if here == name:
            made |= neighbour(port, mac(there, 0), b"Gi1/0/%d" % other, there.encode(), bytes((0x28,)))
    return made


def neighbour(port: int, chassis: bytes, told: bytes, name: bytes, able: bytes) -> Values:
    """A row of LLDP's remote table."""
    at, row = (*LLDP, 4, 1, 1), (0, port, 1)
    return {
        (*at, 4, *row): 4, (*at, 5, *row): chassis, (*at, 6, *row): 5, (*at, 7, *row): told, (*at, 9, *row): name,
        (*at, 11, *row): able, (*at, 12, *row): able,
    }  # fmt: skip


def network() -> dict[str, Values]:
    """All devices by their addresses."""
    heard = (0, 0x50, 0x56, 0, 0, 1)
    access = switch("access1", routes=False)
    access |= {(*BRIDGE, 4, 3, 1, 2, *heard): 3, (*BRIDGE, 4, 3, 1, 3, *heard): 3}
    access |= neighbour(4, bytes((0, 4, 0x0D, 0, 0, 9)), b"P1", b"phone-9", bytes((0x24,)))
    return {
        "127.0.1.1": switch("core1", routes=True),
        "127.0.1.2": switch("core2", routes=True),
        "127.0.1.3": access,
    }


@contextmanager
def answering(community: str = COMMUNITY, port: int = 0) -> Iterator[int]:
    """The port at which all of them answer."""
    with ExitStack() as stack:
        for address, values in network().items():
            replay = Replay({community: Data.made(values)}, at=(address, port))
            port = stack.enter_context(replay).port
        yield port
