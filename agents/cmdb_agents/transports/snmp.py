"""Reading one device by SNMP, in any version: a Target and columns in, a Walk out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from cmdb.errors import Invalid, NotAuthenticated, Unavailable
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_udp import Udp
from cmdb_agents.transports.snmp_walk import Bounds, Walk, Walker, Wire, oid

SYSTEM = oid("1.3.6.1.2.1.1")
AUTH = ("MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
PRIVACY = ("DES", "AES-128", "AES-192", "AES-256")


@dataclass(frozen=True, slots=True)
class User:
    """A user of version 3; both keys are passphrases of 8 characters or more, and never shown."""

    name: str
    auth: str = "SHA-256"
    auth_key: str = field(default="", repr=False)
    privacy: str = "AES-128"
    privacy_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise Invalid("a user of version 3 has a name", where="user")
        if self.auth not in AUTH:
            raise Invalid(f"{self.auth!r} is none of {', '.join(AUTH)}", where="auth")
        if self.privacy not in PRIVACY:
            raise Invalid(f"{self.privacy!r} is none of {', '.join(PRIVACY)}", where="privacy")
        for key, where in ((self.auth_key, "auth_key"), (self.privacy_key, "privacy_key")):
            if len(key) < 8:
                raise Invalid("a passphrase of version 3 has 8 characters at least", where=where)


@dataclass(frozen=True, slots=True)
class Target:
    """One device at one address, and how to be let in: a community (1, 2c) or a user (3)."""

    address: str
    port: int = 161
    version: Literal["1", "2c", "3"] = "2c"
    community: str = field(default="", repr=False)
    user: User | None = None

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536:
            raise Invalid("a port lies between 1 and 65535", where="port")
        if (self.version == "3") != (self.user is not None):
            raise Invalid("version 3 takes a user, versions 1 and 2c a community", where="version")


async def read(
    target: Target, choose: Callable[[Walk], Iterable[Oid]], bounds: Bounds | None = None, context: str = ""
) -> Walk:
    """Walk the system group first, then the columns that `choose` makes of it.

    Unavailable when the device never answers, NotAuthenticated when it answers and refuses us; all other trouble is in
    the walk's cuts. `context` is a VLAN's: it follows the community after an @, or is version 3's context name.
    """
    bounds = bounds or Bounds()
    wire, close = await _wire(target, context)
    try:
        walker = Walker(wire, bounds, asyncio.get_running_loop().time)
        await walker.columns([SYSTEM])
        first = walker.walk()
        if not first.values and walker.refused:
            raise NotAuthenticated(f"{target.address} does not let us in: {first.cuts[0].why}")
        if not first.values and first.cuts:
            raise Unavailable(f"{target.address} port {target.port} does not answer: {_why(wire, first)}")
        await walker.columns(set(choose(first)) - {SYSTEM})
        return walker.walk()
    finally:
        close()


def _why(wire: Wire, walk: Walk) -> str:
    if isinstance(wire, Udp) and wire.refused:
        return "nothing listens there"
    if isinstance(wire, Udp) and wire.strays:
        return f"it sent {wire.strays} packets that are no answers"
    return walk.cuts[0].why if walk.questions == 0 else "it is off, filtered, or the community is another"


async def _wire(target: Target, context: str) -> tuple[Wire, Callable[[], None]]:
    if target.user is not None:
        from cmdb_agents.transports.snmp_v3 import V3

        secure = await V3.connect(target.address, target.port, target.user, context)
        return secure, secure.close
    community = f"{target.community}@{context}" if context else target.community
    assert target.version != "3"
    plain = await Udp.connect(target.address, target.port, target.version, community.encode())
    return plain, plain.close
