"""How a reader touches a Linux machine: here with system calls, elsewhere through what was captured over SSH.

The reader behind them is one and the same, so a thing is read and parsed in one way wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cmdb_agents.transports.readings import Address


class Hands(Protocol):
    """Every path is absolute on the machine that is read. What cannot be had raises OSError, as system calls do."""

    pid: int
    """The observer's own process on that machine; 0 for none."""
    superuser: bool

    def text(self, path: str, limit: int) -> str:
        """The first `limit` bytes of a file."""
        ...

    def names(self, path: str) -> Sequence[str]:
        """What lies in a folder."""
        ...

    def link(self, path: str) -> str:
        """Where a symbolic link points."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        ...

    def size(self, path: str) -> int:
        """The size in bytes of the filesystem that is mounted there."""
        ...

    def system(self) -> tuple[str, str, str]:
        """Host name, kernel release and architecture, as uname(1) gives them."""
        ...

    def threads(self) -> int:
        """Logical processors, for machines whose cpuinfo lists none."""
        ...

    def addresses(self) -> Mapping[str, Sequence[Address]]:
        """The addresses of each interface, in no order."""
        ...

    def output(self, command: Sequence[str], seconds: float, limit: int) -> str:
        """What a command prints: FileNotFoundError when it is missing, TimeoutError, OSError with its exit status."""
        ...

    def runtimes(self) -> Sequence[str]:
        """The sockets of container runtimes that are there, each once."""
        ...

    def containers(self, path: str) -> list[Any]:
        """What the runtime at a socket answers to GET /containers/json; ValueError when it is not understood."""
        ...
