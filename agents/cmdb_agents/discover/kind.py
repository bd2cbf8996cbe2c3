"""What one way of looking from outside (SSH, SNMP) declares, what it is given, and what it answers. Pure.

A run asks a kind about one place at a time. The kind knows neither targets, schedules nor the front door: it is given
one pinned address and the secrets bound to it, and answers with the same sections that an agent sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cmdb.errors import DeclarationError
from cmdb.words import Section
from cmdb.words.device import Device
from cmdb_agents.memory import Known, Pair

SECONDS, MAX_BYTES = 30.0, 64 * 2**20
"""The most that one place may cost: time from the first packet to the last, and bytes received."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """One credential, opened for one place. Its text never shows the secret: not in logs, errors or job results."""

    ref: str  # its name in the credential store
    kind: str  # "key", "password", "community", "usm", …: what the kind of discovery declares to take
    user: str
    secret: str
    options: Mapping[str, str] = field(default_factory=dict)  # what else it needs and is not secret: protocols, …

    def __repr__(self) -> str:
        return f"Secret({self.ref!r}, {self.kind!r}, {self.user!r}, '***')"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: an address that was resolved once and is pinned, and the name it was resolved from."""

    address: str
    port: int
    name: str = ""

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.name} ({host}:{self.port})" if self.name else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Task:
    """One look at one place. `options` are the target's settings for this kind; `known` is what sockets remember."""

    place: Place
    folder: Path  # where this kind keeps what it must remember of places: host keys, engine ids
    secrets: tuple[Secret, ...] = ()
    via: tuple[tuple[Place, tuple[Secret, ...]], ...] = ()  # jump hosts, nearest first
    options: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[Pair, Known] = field(default_factory=dict)
    now: int = 0  # Unix seconds
    seconds: float = SECONDS
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class ShownKey:
    """The key of a host on the way, by fingerprint: which was pinned, and which it showed."""

    at: str  # address and port
    pinned: str
    shown: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen: sections as an agent sends them, and what else a run wants to know."""

    boot_id: str
    name: str  # what the machine calls itself, for the run page
    sections: tuple[Section, ...]
    unseen: tuple[str, ...] = ()  # one line each: what could not be seen, and why
    known: Mapping[Pair, Known] = field(default_factory=dict)
    neighbours: tuple[str, ...] = ()  # addresses it has talked to on its own links (ARP, ND), for coverage
    received: int = 0  # bytes
    host_keys: tuple[ShownKey, ...] = ()  # of jump hosts and of the place itself
    device: Device | None = None  # of a kind whose places are reported together: what links are decided from


@dataclass(frozen=True, slots=True)
class Kind:
    """One file of `kinds/` declares one.

    `plan` says in lines for people what a look would do and see; it opens no connection. `look` raises our errors:
    Unavailable (nobody there, time-out), NotAuthenticated (no secret fitted), Refused (it must not go on: a host key
    that is new, and HostKeyChanged), Invalid (the answer cannot be used).
    """

    name: str
    sentence: str
    port: int
    takes: tuple[str, ...]  # kinds of secrets, in the order they are tried
    plan: Callable[[Task], tuple[str, ...]]
    look: Callable[[Task], Sight]
    together: bool = False  # places are reported all at once behind the run: what is joined takes both its ends

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not 0 < self.port < 65536 or not self.takes:
            raise DeclarationError(f"the kind of discovery {self.name!r} needs a name, a port and what it takes")
