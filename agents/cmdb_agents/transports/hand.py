"""The hand readers read with: bounded reads below one root; what fails is said, and nothing raises out of a machine.

What touches a machine is in this file. Over SSH another hand stands here, with what a script has brought: the readers
and parsers are the same.
"""

# ruff: noqa: PTH115, PTH208  # some 600 links and folders are read per snapshot; Path objects would double its cost

from __future__ import annotations

import glob
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from cmdb_agents.addresses import shortest
from cmdb_agents.parsers.network import arp
from cmdb_agents.transports import netlink
from cmdb_agents.transports.readings import Address, Neighbour, Trouble

MAX_SMALL = 64 * 2**10
COMMAND_SECONDS, NAME_SECONDS = 10, 3.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Hand:
    """Reads below `root` (a test or a container may mount /proc and /sys elsewhere) and collects troubles."""

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")
        self.troubles: list[Trouble] = []
        self.pid, self.superuser = os.getpid(), os.geteuid() == 0
        # Another root is another machine's files: its kernel, runtimes and name servers are not those that answer.
        self.here = self.commands = not self.root

    def fresh(self) -> Hand:
        """The same hand without troubles."""
        return Hand(self.root)

    def trouble(self, area: str, what: str, why: str, root_helps: bool = False, hides: bool = True) -> None:
        """Something of an area could not be read; `hides`: things may be missing from its section for that."""
        self.troubles.append(Trouble(area, what, why, root_helps and not self.superuser, hides))

    def text(self, path: str, limit: int = MAX_SMALL) -> str:
        """The start of a file."""
        return self.raw(path, limit).decode("utf-8", "replace")

    def raw(self, path: str, limit: int = MAX_SMALL) -> bytes:
        """The start of a file, as bytes."""
        # os.open, not pathlib: a snapshot opens some 600 files, and buffering objects would double its cost.
        handle = os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            parts, size = [], 0
            while size < limit and (part := os.read(handle, min(limit - size, 2**20))):
                parts.append(part)
                size += len(part)
        finally:
            os.close(handle)
        return b"".join(parts)

    def fragments(self, path: str, limit: int, size: int = 2**16, end: bytes = b"\n\n") -> Iterator[str]:
        """A file piece by piece, each ending with an empty line (or `end`): a large one is never whole in memory."""
        handle = os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            rest, left = b"", limit
            while left > 0 and (part := os.read(handle, min(size, left))):
                left -= len(part)
                done, cut, rest = (rest + part).rpartition(end)
                if cut:
                    yield done.decode("utf-8", "replace")
            yield rest.decode("utf-8", "replace")
        finally:
            os.close(handle)

    def line(self, path: str, limit: int = MAX_SMALL) -> str:
        """A small file without its line end; empty when it cannot be read."""
        try:
            return self.text(path, limit).strip()
        except (OSError, ValueError):
            return ""

    def link(self, path: str) -> str:
        """Where a symbolic link leads; empty when there is none."""
        try:
            return os.readlink(self.root + path)
        except OSError:
            return ""

    def names(self, path: str) -> list[str]:
        """What a folder holds, sorted; nothing when it cannot be read."""
        try:
            return sorted(os.listdir(self.root + path))
        except OSError:
            return []

    def exists(self, path: str) -> bool:
        """Whether there is something at this place."""
        return os.path.exists(self.root + path)  # noqa: PTH110  # see above

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        return os.path.isdir(self.root + path)  # noqa: PTH112  # see above

    def listing(self, path: str) -> Sequence[str]:
        """What a folder holds, in no order; raises OSError."""
        return os.listdir(self.root + path)

    def target(self, path: str) -> str:
        """Where a symbolic link leads; raises OSError."""
        return os.readlink(self.root + path)

    def matching(self, pattern: str) -> list[str]:
        """The files that a shell pattern means, sorted, by their place below the root."""
        found = sorted(glob.glob(self.root + pattern))  # noqa: PTH207  # Path.glob keeps no root
        return [path[len(self.root) :] for path in found if os.path.isfile(path)]  # noqa: PTH113  # see above

    def size(self, path: str) -> int:
        """The size in bytes of the filesystem mounted there; raises OSError."""
        found = os.statvfs(self.root + path)
        return found.f_blocks * found.f_frsize

    def system(self) -> tuple[str, str, str]:
        """Host name, kernel release and architecture, as uname(1) prints them."""
        found = os.uname()
        return found.nodename, found.release, found.machine

    def threads(self) -> int:
        """Logical processors, for machines whose cpuinfo lists none."""
        return os.cpu_count() or 0

    def addresses(self) -> Mapping[int, Sequence[Address]]:
        """The addresses of each interface, by its number."""
        found: dict[int, list[Address]] = {}
        for one in netlink.addresses():
            address = Address(shortest(one.address), one.prefix_length, one.temporary)
            found.setdefault(one.index, []).append(address)
        return found

    def near(self) -> Iterable[Neighbour]:
        """The neighbour table, where the kernel itself cannot be asked."""
        return arp(self.line("/proc/net/arp", 2**20))

    def doors(self, paths: Iterable[str]) -> list[str]:
        """Those of these unix sockets that are there, each once."""
        found = dict.fromkeys(os.path.realpath(self.root + path) for path in paths)
        return [path for path in found if os.path.exists(path)]  # noqa: PTH110  # see above

    def call(self, path: str, ask: Callable[[str], list[Any]]) -> list[Any]:
        """What is answered at such a socket."""
        return ask(path)

    def resolve(self, names: Iterable[str]) -> dict[str, str]:
        """The address of each name that the machine's resolver tells, all of them within three seconds."""
        answers: dict[str, str] = {}

        def work() -> None:
            for name in names:
                try:
                    rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
                except (OSError, UnicodeError):
                    continue
                if rows:
                    answers[name] = best({str(row[4][0]) for row in rows})

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        worker.join(NAME_SECONDS)
        return dict(answers)

    def stamp(self, path: str) -> tuple[int, int, int] | None:
        """What changes when a file or folder does; None when it is not there."""
        with suppress(OSError, ValueError):
            found = os.stat(self.root + path)  # noqa: PTH116  # see above
            return found.st_mtime_ns, found.st_size, found.st_ino
        return None

    def output(self, command: Sequence[str], seconds: float = COMMAND_SECONDS, limit: int = 16 * 2**20) -> str:
        """What a command prints: FileNotFoundError when it is missing, TimeoutError, OSError with how it ended."""
        import subprocess

        environment = {"PATH": PATH, "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=seconds, check=True, stdin=subprocess.DEVNULL, env=environment
            )
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(None, f"{command[0]} timed out after {seconds} s") from error
        except subprocess.CalledProcessError as error:
            raise OSError(None, f"{command[0]} ended with {error.returncode}") from error
        return done.stdout[:limit].decode("utf-8", "replace")

    def run(self, command: Sequence[str], area: str, what: str, seconds: float = COMMAND_SECONDS) -> str | None:
        """What a command of the machine itself prints; None when it is missing or fails, which is said."""
        try:
            return self.output(command, seconds)
        except FileNotFoundError:
            self.trouble(area, what, f"missing command {command[0]}")
        except PermissionError:
            self.trouble(area, what, "permission denied", root_helps=True)
        except OSError as error:
            self.trouble(area, what, error.strerror or type(error).__name__)
        return None


def best(addresses: Iterable[str]) -> str:
    """The one of a name's addresses by which it is called here: the first in order, IPv4 before IPv6."""
    return shortest(min(addresses, key=lambda address: (":" in address, address)))
