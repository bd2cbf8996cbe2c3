"""The server as a thread: bound before it starts, stopped gracefully."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from cmdb.errors import Misconfigured
from cmdb_graphql import limits
from cmdb_graphql.waiting import waiting

BACKLOG = 65_535
"""Connections that the kernel holds until they are accepted: as many as it lets anybody have (net.core.somaxconn)."""

GRACE = int(limits.COMMAND_DEADLINE) + 2
"""Seconds that what is under way has to end at a stop: what a command may take. Cut off, its sender would not know."""


class Server:
    """uvicorn in a thread of this process, on a socket that is bound (or refused) when this is made."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._socket = bind(host, port)
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            app, http=waiting(), access_log=False, log_level="warning", server_header=False, date_header=False,
            backlog=BACKLOG, timeout_graceful_shutdown=GRACE, timeout_keep_alive=75, lifespan="off",
            ws="websockets-sansio", ws_max_size=limits.BODY,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="http", daemon=True)

    def start(self, timeout: float = 10.0) -> None:
        """Return when requests are answered."""
        self._thread.start()
        deadline = time.monotonic() + timeout
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise Misconfigured("the HTTP server did not start; its log says why")
            time.sleep(0.005)

    @property
    def alive(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Take no more, finish what is under way, and end."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(GRACE + 3)
        self._socket.close()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, or one sentence why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise Misconfigured(
            f"port {port} on {host} cannot be used ({error.strerror}): choose another with EPICENTRE_PORT"
        ) from error
    return made
