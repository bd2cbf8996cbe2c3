"""The embedded server's life: fetch, configure, start, watch, stop."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import time
from pathlib import Path

from cmdb.config import Settings
from cmdb.engine import child, configure, fetch, java
from cmdb.engine.bolt import Bolt
from cmdb.engine.lock import locked
from cmdb.errors import Misconfigured

START_PATIENCE = 120.0
STOP_PATIENCE = 30.0
# Bolt handshake: magic, then four proposed versions (5.0 to 5.4 as a range, then nothing).
_HANDSHAKE = bytes.fromhex("6060b017") + bytes([0, 4, 4, 5]) + bytes(12)


class Engine:
    """One embedded Neo4j on one data folder, a child of this process.

    Start it from a thread that lives as long as the process (the main thread): it dies with that thread.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.home / "neo4j"
        self._child: subprocess.Popen[bytes] | None = None
        self._archiver: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._jars: Path | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return None if self._child is None or self._child.poll() is not None else self._child.pid

    def ensure_jars(self, progress: fetch.Progress = lambda _there, _total: None) -> None:
        """Fetch what is missing; `progress` is told bytes there and in all. Nothing to do the second time."""
        self._jars = fetch.ensure(self._settings, locked(), progress)

    def start(self) -> Bolt:
        """Start the server and return when it answers."""
        if self._jars is None:
            self.ensure_jars()
        assert self._jars is not None
        port = self._settings.neo4j_port
        self._take_folder()
        try:
            _check_port(port)
            configure.write(self._home, self._settings, port)
            password = self._password(self._jars)
            self._launch(self._jars)
            self._wait(port)
        except BaseException:
            self.stop()
            raise
        return Bolt(f"bolt://127.0.0.1:{port}", configure.USER, password)

    def stop(self) -> bool:
        """SIGTERM, wait, and give the folder back. True when the server went by itself."""
        for process in (self._archiver,):
            if process is not None:
                child.stop(process, 2.0)
        gone = child.stop(self._child, STOP_PATIENCE) if self._child is not None else True
        self._child = self._archiver = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        return gone

    def restart(self) -> None:
        """Start the server again after it died by itself."""
        assert self._jars is not None
        self._launch(self._jars)
        self._wait(self._settings.neo4j_port)

    def prepare_fast_start(self) -> None:
        """Make the class archive in the background, once; later starts take half the time."""
        if self._jars is not None and self._archiver is None:
            self._archiver = java.archive_worker(self._jars)

    def last_words(self, lines: int = 5) -> str:
        """The end of the server's own output."""
        log = self._home / "console.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    # --- steps ---------------------------------------------------------------------------------------------

    def _take_folder(self) -> None:
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            message = f"the data folder {self._home} cannot be written ({error.strerror})"
            raise Misconfigured(f"{message}: choose another with EPICENTRE_HOME") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            self._lock = None
            raise Misconfigured(f"another server already uses the data folder {self._home}") from error

    def _password(self, jars: Path) -> str:
        path = self._home / "password"
        if path.exists():
            return path.read_text().strip()
        password = configure.new_password()
        java.set_password(jars, self._home, password)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        return password

    def _launch(self, jars: Path) -> None:
        command = java.server_command(jars, self._home, self._settings.neo4j_heap_mib)
        with (self._home / "console.log").open("wb") as log:
            self._child = child.start(command, output=log)

    def _wait(self, port: int) -> None:
        assert self._child is not None
        deadline = time.monotonic() + START_PATIENCE
        while not _answers(port):
            if self._child.poll() is not None:
                raise Misconfigured(f"Neo4j ended while starting; its last words: {self.last_words()}")
            if time.monotonic() > deadline:
                raise Misconfigured(f"Neo4j did not answer within {START_PATIENCE:.0f} s: {self.last_words()}")
            time.sleep(0.02)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Misconfigured(
                f"port {port} on 127.0.0.1 is in use by another program: choose one with EPICENTRE_NEO4J_PORT"
            ) from error


def _answers(port: int) -> bool:
    """Whether a Bolt server agrees on a version: the port opens before Neo4j can serve, the handshake does not."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.settimeout(5.0)
            connection.sendall(_HANDSHAKE)
            return connection.recv(4)[-1:] == b"\x05"
    except OSError:
        return False
