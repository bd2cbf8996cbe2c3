"""Machines as network namespaces: each with a name, addresses and a machine id of its own; gone with the block.

Nothing is added to the namespace that the tests run in.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
"""Of setns(2): a network namespace."""
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
BLIND = "[ ! -d /sys/class/dmi/id ] || mount -t tmpfs none /sys/class/dmi/id"
"""The serial numbers of the machine below would make one machine of all."""


def permitted() -> bool:
    """Whether network namespaces can be made here."""
    if os.geteuid() != 0 or shutil.which("ip", path=PATH) is None:
        return False
    name = f"epi{os.getpid()}t"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return False
    subprocess.run(["ip", "netns", "del", name], check=True)
    return True


@dataclass
class Spaces:
    """The namespaces while they stand; each has a name of this run, so that two runs do not meet."""

    folder: Path
    prefix: str = field(default_factory=lambda: f"epi{os.getpid()}")
    names: dict[str, str] = field(default_factory=dict)  # and what each calls itself
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def space(self, name: str) -> str:
        """The namespace of a machine."""
        return f"{self.prefix}{name}"

    def make(self, name: str, address: str, called: str = "") -> None:
        """A machine that has nothing but its loopback; the address is for its own hosts file."""
        own = Path("/etc/netns") / self.space(name)  # `ip netns exec` lays these files over /etc
        own.mkdir(parents=True)
        self.names[name] = called or name
        (own / "machine-id").write_text(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.prefix}{name}").hex + "\n")
        (own / "hosts").write_text(f"127.0.0.1 localhost\n{address} {called or name}\n")
        subprocess.run(["ip", "netns", "add", self.space(name)], check=True)
        self.run(name, "ip", "link", "set", "lo", "up")

    def wire(self, name: str, commands: Iterable[str]) -> None:
        """Commands of `ip`, all in one go."""
        command = ["ip", "-n", self.space(name), "-batch", "-"]
        subprocess.run(command, input="\n".join(commands), text=True, check=True, capture_output=True)

    def inside(self, name: str, *command: str) -> list[str]:
        """A command inside a machine, under its own host name."""
        shell = f'hostname {self.names[name]} && {{ {BLIND}; }} && exec "$@"'
        return ["ip", "netns", "exec", self.space(name), "unshare", "-u", "sh", "-c", shell, "sh", *command]

    def run(self, name: str, *command: str) -> None:
        """Run it to its end."""
        subprocess.run(["ip", "netns", "exec", self.space(name), *command], check=True, capture_output=True)

    def start(self, name: str, *command: str, talking: bool = False) -> subprocess.Popen[bytes]:
        """Start it, to be ended with the namespaces; with one that talks one speaks by its input and output."""
        pipe = subprocess.PIPE if talking else None
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                self.inside(name, *command), stdin=pipe or subprocess.DEVNULL, stdout=pipe or log, stderr=log
            )
        self.children.append(child)
        return child

    def from_within(self, name: str, work: Callable[[], T]) -> T:
        """Do it in a thread of its own whose sockets are a machine's; what it finds comes back."""

        def entered() -> T:
            with Path("/run/netns", self.space(name)).open() as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            return work()

        with ThreadPoolExecutor(max_workers=1) as alone:
            return alone.submit(entered).result()

    @contextmanager
    def ending(self) -> Iterator[None]:
        """First the processes end, then the namespaces."""
        try:
            yield
        finally:
            for child in self.children:
                child.kill()
            for child in self.children:
                child.wait(10)
                for stream in (child.stdin, child.stdout):
                    if stream:
                        stream.close()
            for name in self.names:
                subprocess.run(["ip", "netns", "del", self.space(name)], check=False, capture_output=True)
                shutil.rmtree(f"/etc/netns/{self.space(name)}", ignore_errors=True)
