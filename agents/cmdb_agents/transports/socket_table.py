"""The sockets of a machine as packed rows: ten thousand objects would take more memory than all else the agent holds.

A row is some twenty bytes; the `Socket` it stands for is made when somebody looks at it.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from cmdb_agents.addresses import from_bytes
from cmdb_agents.transports.readings import Socket

Row = tuple[str, bytes, int, bytes, int, int]
"""State, local address and port, remote address and port (as the wire has addresses), inode."""

STATES = ("LISTEN", "OPEN", "ESTABLISHED", "TIME_WAIT")
IDLE = STATES[:2]
"""Of sockets that nobody is connected to."""

_NUMBER = {state: number for number, state in enumerate(STATES)}
_PACKING = {4: struct.Struct("=B4sH4sHI"), 16: struct.Struct("=B16sH16sHI")}
_ORDER = attrgetter("namespace", "protocol", "state", "local", "local_port", "pids")
_SHIFT, _MOST_INODE = 16, 2**48
_MOST_PLACE = 2**_SHIFT - 1
_NOBODY: tuple[int, ...] = ()


class Holders:
    """Which processes hold which socket, as numbers that have the inode before the place of the process."""

    def __init__(self) -> None:
        self._alone: list[tuple[int, ...]] = []
        self._held = array("Q")

    def add(self, pid: int, targets: Iterable[str]) -> None:
        """Where the descriptors of a process lead; what is no socket is left out."""
        place = len(self._alone)
        self._alone.append((pid,))
        for target in targets:
            if target.startswith("socket:[") and (inode := _inode(target[8:-1])):
                self._held.append(inode << _SHIFT | place)

    def sort(self) -> None:
        """Once all are known, and before `of` is asked."""
        self._held = array("Q", sorted(self._held))

    def of(self, inode: int) -> tuple[int, ...]:
        """The processes, in the order they came in."""
        held, first = self._held, inode << _SHIFT
        at, found = bisect_left(held, first), _NOBODY
        while at < len(held) and (place := held[at] - first) <= _MOST_PLACE:
            alone = self._alone[place]
            if not found:
                found = alone
            elif found[-1] != alone[0]:  # a process may hold one by several descriptors
                found += alone
            at += 1
        return found


def _inode(text: str) -> int:
    """The number, or 0 for what is none that a kernel gives."""
    number = int(text) if text.isdecimal() and len(text) < 16 else 0
    return number if number < _MOST_INODE else 0


@dataclass(slots=True)
class _Part:
    """The rows of one file of /proc/net."""

    namespace: str
    protocol: str
    width: int
    rows: bytearray = field(default_factory=bytearray)


class SocketTable(Collection[Socket]):
    """Reads like a tuple of sockets: those that wait first and in order, the connections as the kernel has them."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._groups: list[tuple[int, ...]] = [()]
        self._numbers: dict[tuple[int, ...], int] = {(): 0}

    def add(self, namespace: str, protocol: str, rows: Iterable[Row], of: Callable[[int], tuple[int, ...]]) -> bool:
        """Take the rows of one file; whether one of them has an owner that nobody could see. Nonsense is ValueError."""
        try:
            return self._add(namespace, protocol, rows, of)
        except (struct.error, KeyError) as error:
            raise ValueError(f"a row that no kernel writes: {error}") from error

    def _add(self, namespace: str, protocol: str, rows: Iterable[Row], of: Callable[[int], tuple[int, ...]]) -> bool:
        parts: dict[int, _Part] = {}
        ownerless = False
        for state, local, local_port, remote, remote_port, inode in rows:
            width = len(local)
            if (part := parts.get(width)) is None:
                part = parts[width] = _Part(namespace, protocol, width)
            pids = of(inode) if inode else ()
            ownerless = ownerless or bool(inode and not pids)
            if (group := self._numbers.get(pids)) is None:
                group = self._numbers[pids] = len(self._groups)
                self._groups.append(pids)
            part.rows += _PACKING[width].pack(_NUMBER[state], local, local_port, remote, remote_port, group)
        self._parts += parts.values()
        return ownerless

    @property
    def pids(self) -> set[int]:
        """All processes that hold one of them."""
        return {pid for group in self._groups for pid in group}

    def waiting(self) -> Iterator[Socket]:
        """Those that listen or are open without a peer; several alike are one."""
        return (one for one, _ in groupby(sorted(self._of(range(2)), key=_ORDER)))

    def connected(self) -> Iterator[Socket]:
        """The connections and their remains."""
        return self._of(range(2, len(STATES)))

    def _of(self, states: range) -> Iterator[Socket]:
        first, end = states.start, states.stop
        for part in self._parts:
            protocol, namespace = part.protocol, part.namespace
            for state, local, local_port, remote, remote_port, group in _PACKING[part.width].iter_unpack(part.rows):
                if first <= state < end:
                    yield Socket(
                        protocol,
                        STATES[state],
                        from_bytes(local),
                        local_port,
                        from_bytes(remote) if state >= 2 else "",
                        remote_port,
                        self._groups[group],
                        namespace,
                    )

    def __iter__(self) -> Iterator[Socket]:
        """All of them."""
        yield from self.waiting()
        yield from self.connected()

    def __len__(self) -> int:
        """How many rows there are."""
        return sum(len(part.rows) // _PACKING[part.width].size for part in self._parts)

    def __contains__(self, one: object) -> bool:
        """Whether there is one like it."""
        return any(one == mine for mine in self)

    def __eq__(self, other: object) -> bool:
        """Alike are those of the same sockets in the same order."""
        return isinstance(other, SocketTable) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # it is filled row by row


def waiting(sockets: Collection[Socket]) -> Iterable[Socket]:
    """Those of them that nobody is connected to."""
    return sockets.waiting() if isinstance(sockets, SocketTable) else (s for s in sockets if s.state in IDLE)


def connected(sockets: Collection[Socket]) -> Iterable[Socket]:
    """Those of them that have a peer, or had one a moment ago."""
    return sockets.connected() if isinstance(sockets, SocketTable) else (s for s in sockets if s.state not in IDLE)
