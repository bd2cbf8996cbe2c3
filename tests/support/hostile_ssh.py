"""An SSH server that misbehaves on purpose: paramiko's own server, with what it does after the login given."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import paramiko

from cmdb_agents.discover.kind import Place
from cmdb_agents.transports.ssh_hosts import HostKey


@dataclass(slots=True)
class Rogue:
    """A running rogue: where it is, the key it shows, and every secret that was offered to it."""

    place: Place
    key: HostKey
    offered: list[str] = field(default_factory=list)


class _Doors(paramiko.ServerInterface):
    def __init__(self, rogue: Rogue, password: str) -> None:
        self._rogue, self._password = rogue, password

    def check_auth_password(self, username: str, password: str) -> int:
        self._rogue.offered.append(f"password {username} {password}")
        return paramiko.AUTH_SUCCESSFUL if password == self._password else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._rogue.offered.append(f"key {username} {key.get_base64()}")
        return paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        return True


@contextlib.contextmanager
def rogue(password: str, then: Callable[[paramiko.Channel], None]) -> Iterator[Rogue]:
    """A server that takes this password and then does what `then` does with the session."""
    host = paramiko.RSAKey.generate(2048)

    def serve(link: socket.socket) -> None:
        transport = paramiko.Transport(link)
        transport.add_server_key(host)
        with contextlib.suppress(Exception):  # the client cuts us off, which is what is tested
            transport.start_server(server=_Doors(made, password))
            channel = transport.accept(20)
            if channel is not None:
                then(channel)
        transport.close()

    with listening(serve) as place:
        made = Rogue(place, HostKey(host.get_name(), host.asbytes()))
        yield made


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[Place]:
    """A TCP server on the loopback that gives each connection to `serve` in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    link, _ = listener.accept()
                    threading.Thread(target=handle, args=(link,), daemon=True).start()

        def handle(link: socket.socket) -> None:
            with link, contextlib.suppress(OSError):
                serve(link)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield Place("127.0.0.1", int(listener.getsockname()[1]))
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
