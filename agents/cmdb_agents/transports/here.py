"""The hands on the machine the agent runs on; only this file touches its /proc, /sys, psutil and runtime sockets."""

# ruff: noqa: PTH115, PTH208  # some 600 links and folders are read per snapshot; Path objects would double its cost

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cmdb_agents.addresses import shortest
from cmdb_agents.transports.readings import Address

SOCKET_SECONDS = 5
RUNTIME_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
MAX_ANSWER = 16 * 2**20
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}


class Here:
    """`root` is where /proc and /sys hang (a test or a container may mount them)."""

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")
        self.pid = os.getpid()
        self.superuser = os.geteuid() == 0

    def text(self, path: str, limit: int) -> str:
        """See Hands."""
        # os.open, not pathlib: a snapshot opens some 600 files, and buffering objects would double its cost.
        handle = os.open(self._root + path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            parts, size = [], 0
            while size < limit and (part := os.read(handle, min(limit - size, 2**20))):
                parts.append(part)
                size += len(part)
        finally:
            os.close(handle)
        return b"".join(parts).decode("utf-8", "replace")

    def names(self, path: str) -> list[str]:
        """See Hands."""
        return os.listdir(self._root + path)

    def link(self, path: str) -> str:
        """See Hands."""
        return os.readlink(self._root + path)

    def exists(self, path: str) -> bool:
        """See Hands."""
        return Path(self._root + path).exists()

    def is_folder(self, path: str) -> bool:
        """See Hands."""
        return Path(self._root + path).is_dir()

    def size(self, path: str) -> int:
        """See Hands."""
        found = os.statvfs(self._root + path)
        return found.f_blocks * found.f_frsize

    def system(self) -> tuple[str, str, str]:
        """See Hands."""
        found = os.uname()
        return found.nodename, found.release, found.machine

    def threads(self) -> int:
        """See Hands."""
        return os.cpu_count() or 0

    def addresses(self) -> Mapping[str, Sequence[Address]]:
        """See Hands."""
        import psutil

        return {name: tuple(_addresses(rows)) for name, rows in psutil.net_if_addrs().items()}

    def output(self, command: Sequence[str], seconds: float, limit: int) -> str:
        """See Hands."""
        import subprocess

        try:
            done = subprocess.run(
                command, capture_output=True, timeout=seconds, check=True, stdin=subprocess.DEVNULL, env=ENVIRONMENT
            )
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        except subprocess.CalledProcessError as error:
            raise OSError(None, f"{command[0]} ended with {error.returncode}") from error
        return done.stdout[:limit].decode("utf-8", "replace")

    def runtimes(self) -> list[str]:
        """See Hands."""
        mine = f"{os.environ.get('XDG_RUNTIME_DIR', '/nowhere')}/podman/podman.sock"
        found = dict.fromkeys(os.path.realpath(self._root + p) for p in (*RUNTIME_SOCKETS, mine))
        return [path for path in found if Path(path).exists()]

    def containers(self, path: str) -> list[Any]:
        """GET /containers/json over the runtime's unix socket (Docker Engine API; podman answers the same)."""
        import json
        import socket
        from http.client import HTTPConnection, HTTPException

        connection = HTTPConnection("localhost", timeout=SOCKET_SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.sock.settimeout(SOCKET_SECONDS)
            connection.sock.connect(path)
            connection.request("GET", "/containers/json")
            answer = connection.getresponse()
            rows = json.loads(answer.read(MAX_ANSWER))
        except (HTTPException, RecursionError) as error:
            raise ValueError(f"the runtime's answer is not understood: {type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status != 200 or not isinstance(rows, list):
            raise ValueError(f"the runtime answered {answer.status}")
        return rows


def _addresses(rows: Iterable[Any]) -> Iterator[Address]:
    for row in rows:
        if row.family.name in ("AF_INET", "AF_INET6") and row.netmask:
            yield Address(shortest(row.address), _prefix(row.netmask))


def _prefix(netmask: str) -> int:
    import socket

    family = socket.AF_INET6 if ":" in netmask else socket.AF_INET
    return int.from_bytes(socket.inet_pton(family, netmask), "big").bit_count()
