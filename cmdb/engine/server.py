"""The embedded server's life: fetch, configure, start, watch, stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cmdb.config import Settings
from cmdb.engine import child, configure, fetch, folder, java
from cmdb.engine.archive import Archive
from cmdb.engine.bolt import Bolt
from cmdb.engine.lock import locked
from cmdb.errors import Misconfigured
from cmdb.secret_file import sync_folder

START_PATIENCE = 900.0
"""Seconds: after a crash Neo4j first repeats what it had not written, 100,000 nodes in 11 s; ending it starts over."""
STOP_PATIENCE = 30.0
# Bolt handshake (Neo4j's Bolt manual, "handshake"): magic, then four proposals: 5.0 to 5.4 as a range, then nothing.
_HANDSHAKE = bytes.fromhex("6060b017") + bytes([0, 4, 4, 5]) + bytes(12)


class Engine:
    """One embedded Neo4j on one data folder, a child of this process.

    Start it from a thread that lives as long as the process (the main thread): it dies with that thread.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.home / "neo4j"
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._classes: str | None = None
        self._archive: Archive | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs; None once it has ended, by itself or not."""
        return None if self._child is None or self._child.poll() is not None else self._child.pid

    @property
    def fresh(self) -> bool:
        """Whether no server has ever run in the folder, so that no graph is there."""
        return not (self._home / "data" / "databases").exists()

    def ensure_jars(self, progress: fetch.Progress = lambda _there, _total: None) -> None:
        """Fetch what is missing; `progress` is told bytes there and in all. Nothing to do the second time."""
        jars = fetch.ensure(self._settings, locked(), progress)
        self._classes = java.class_path(jars, locked())
        self._archive = Archive(fetch.folder_of(self._settings, locked()), self._home, self._classes)

    def start(self) -> Bolt:
        """Start the server and return when it answers.

        Raises Misconfigured: the folder or the port is taken or not ours to use, or Neo4j says why it will not start.
        """
        if self._classes is None:
            self.ensure_jars()
        assert self._classes is not None
        if self._lock is not None:
            raise Misconfigured(f"this server already uses the data folder {self._home}")
        self._lock = folder.claim(self._home, STOP_PATIENCE)
        try:
            configure.write(self._home, self._settings)
            password = self._password(self._classes)
            self._launch()
            self._wait()
        except BaseException:
            self.stop()
            raise
        return Bolt(f"bolt://127.0.0.1:{self._settings.neo4j_port}", configure.USER, password)

    def stop(self) -> bool:
        """SIGTERM, wait, and give the folder back. True when the server went by itself, False when it was killed."""
        if self._archive is not None:
            self._archive.stop()
        gone = child.stop(self._child, STOP_PATIENCE) if self._child is not None else True
        self._child = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        return gone

    def import_files(self, files: Mapping[str, Sequence[Path]], report: Path) -> None:
        """Make the graph anew from CSV files (`java.import_full`). The server must be down; what was there is gone."""
        if self._classes is None:
            self.ensure_jars()
        assert self._classes is not None
        lock = folder.claim(self._home, STOP_PATIENCE)
        try:
            configure.write(self._home, self._settings)
            java.import_full(self._classes, self._home, "neo4j", files, report, [lock])
        finally:
            os.close(lock)

    def restart(self, *, stricken: bool = False) -> None:
        """Start the server again after it died by itself; a running one is left alone, unless it is `stricken`.

        Does not wait until it answers: who asks it tries again anyway, and its next end is seen by `pid`.
        """
        if stricken and self._child is not None:
            child.stop(self._child, STOP_PATIENCE)
        if self.pid is None:
            self._launch()

    def prepare_fast_start(self) -> None:
        """Make the class archive in the background, once; later starts take half the time."""
        if self._archive is not None:
            self._archive.make()

    def last_words(self, lines: int = 5) -> str:
        """The end of what Java printed and of Neo4j's own log, without stack traces."""
        said = [_tail(self._home / name, lines) for name in ("console.log", "logs/neo4j.log")]
        return "\n".join(line for part in said for line in part)

    # --- steps ---------------------------------------------------------------------------------------------

    def _password(self, classes: str) -> str:
        """The password in the folder; made, set and only then given its name the first time."""
        path, fresh = self._home / "password", self._home / "password.new"
        if path.exists():
            return path.read_text().strip()
        if (self._home / "data" / "databases" / "system").exists():
            raise Misconfigured(f"{path} is missing, and the graph in that folder opens with nothing else: put it back")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(configure.new_password())
            file.flush()
            os.fsync(file.fileno())
        assert self._lock is not None
        java.set_first_password(classes, self._home, fresh, [self._lock])
        fresh.rename(path)
        sync_folder(self._home)
        return path.read_text()

    def _launch(self) -> None:
        """Start the child. It holds the folder's lock too, should we be killed."""
        assert self._classes is not None
        assert self._archive is not None
        assert self._lock is not None
        port, heap = self._settings.neo4j_port, self._settings.neo4j_heap_mib
        _check_port(port)
        options = [*self._archive.options(), *self._settings.neo4j_java_options.split()]
        command = java.server_command(self._classes, self._home, heap)
        env = java.environment(self._home, options)
        with (self._home / "console.log").open("wb") as log:
            self._child = child.start(command, output=log, env=env, keep=[self._lock])

    def _wait(self) -> None:
        """Until the child answers."""
        assert self._child is not None
        deadline = time.monotonic() + START_PATIENCE
        while not _answers(self._settings.neo4j_port):
            if self._child.poll() is not None:
                if self._child.returncode < 0:
                    by = signal.Signals(-self._child.returncode).name
                    raise Misconfigured(f"Neo4j was ended by {by} while starting: is the machine out of memory?")
                words = self.last_words(50)
                raise Misconfigured(f"Neo4j ended while starting: {_why(words)}", detail=words)
            if time.monotonic() > deadline:
                raise Misconfigured(f"Neo4j did not answer in {START_PATIENCE:.0f} s", detail=self.last_words(20))
            time.sleep(0.02)


def _tail(log: Path, lines: int) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16384))
        text = file.read().decode(errors="replace")
    return [line for line in text.splitlines() if line.strip() and not line.startswith(("\tat ", "\t..."))][-lines:]


def _why(words: str) -> str:
    """The root of the last error of this start: Java prints causes from the outermost to the innermost."""
    lines = words.rpartition("Starting...")[2].strip().splitlines()
    errors = [line for line in lines if line.startswith("Caused by: ") or " ERROR " in line]
    return (errors or lines or ["it said nothing"])[-1].removeprefix("Caused by: ")


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
