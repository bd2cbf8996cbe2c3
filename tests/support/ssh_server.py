"""A real OpenSSH server for one test: own port on the loopback, own host key, one user key."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

from cmdb_agents.discover.kind import Place, Secret
from cmdb_agents.transports.ssh_hosts import HostKey, HostKeys
from cmdb_agents.transports.ssh_script import PARTS

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
needs_sshd = pytest.mark.skipif(
    SSHD is None or os.geteuid() != 0, reason="needs root and the OpenSSH server (package openssh-server)"
)
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile {folder}/pid
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
LogLevel VERBOSE
{more}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it is, what lets one in, what it shows, and its log."""

    place: Place
    secret: Secret
    host_key: HostKey
    log: Path

    def pinned(self, folder: Path) -> Path:
        """A collector's folder that has this server's key pinned."""
        pin(folder, self.place, self.host_key)
        return folder


def pin(folder: Path, place: Place, key: HostKey) -> None:
    """Pin a key as an operator does: window, offer, fingerprint."""
    keys = HostKeys(folder)
    keys.open_window(2)
    assert keys.offer(place, key, 1)
    keys.pin(str(Place(place.address, place.port)), key.fingerprint)


def new_key(path: Path) -> paramiko.Ed25519Key:
    """A throw-away key pair in OpenSSH's own form; the one that is there, if there is one."""
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def shown(key: paramiko.PKey) -> HostKey:
    """A key pair's public half, as a host shows it."""
    return HostKey(key.get_name(), key.asbytes())


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def sshd(folder: Path, more: str = "", port: int = 0) -> Iterator[Server]:
    """A server while the block runs, at a free port or this one; `more` are lines of its configuration.

    In a folder where one ran before, it is the same server with the same keys.
    """
    folder.mkdir(parents=True, exist_ok=True)
    Path("/run/sshd").mkdir(exist_ok=True)  # it insists on an empty folder there
    host, user = (new_key(folder / name) for name in ("host", "user"))
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    port = port or free_port()
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder, more=more))
    assert SSHD is not None
    log = folder / "log"
    child = subprocess.Popen([SSHD, "-D", "-f", str(folder / "config"), "-E", str(log)], stdin=subprocess.DEVNULL)
    try:
        _listening(port)
        secret = Secret("rack", "key", "root", (folder / "user").read_text())
        yield Server(Place("127.0.0.1", port), secret, shown(host), log)
    finally:
        child.terminate()
        child.wait(10)
    assert user is not None


def _listening(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"no server came up at port {port}")


def answers(folder: Path, **said: str) -> str:
    """A line of configuration: whatever is asked, parts of the script answer as given here, and the others nothing.

    Looking at the machine itself takes a while; what is not about that takes a host that has little to say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = "".join(f"\n@WORD begin {p.name}\n{said.get(p.name, '')}\n@WORD end {p.name} 0\n" for p in PARTS)
    (folder / "answer").write_text(frames)
    (folder / "asked").write_text(f"word=$(sed -n 's/^word=//p')\nsed \"s/WORD/$word/\" {folder / 'answer'}\n")
    return f"ForceCommand sh {folder / 'asked'}"
