"""The agent's folder: who it is (enrolment and key), its state, and the lock that keeps it to one process."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cmdb.errors import Misconfigured

SYSTEM = Path("/var/lib/epicentre-agent")
ROOM = 256 * 2**10
"""Bytes that an enrolment needs: key, enrolment and an empty state."""
POSIX = hasattr(os, "geteuid")
"""Whether modes say who may read a file. On Windows the folder's access list does, which a user's own data inherit."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Where this agent reports, and as whom."""

    url: str
    node: str
    key_id: str
    allow_plain_http: bool = False
    key_file: str = "key"
    key_since: int = 0  # Unix seconds; of an enrolment that did not say, the key counts as old


def default_home() -> Path:
    """/var/lib for root, else the user's state folder (XDG); on Windows below the user's own application data."""
    if not POSIX:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "epicentre-agent"
    if os.geteuid() == 0:
        return SYSTEM
    try:
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    except RuntimeError:  # a user that a service manager has made up has no home
        return SYSTEM
    return Path(state) / "epicentre-agent"


class Home:
    """A folder with mode 0700; `key`, later `key.2` and so on, holds the Ed25519 seed with mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @property
    def database(self) -> Path:
        """The state that `outbox` keeps."""
        return self.path / "agent.db"

    @property
    def authorities(self) -> Path:
        """Copies of the certificates that this machine trusts, where a system keeps them in one file only."""
        return self.path / "authorities"

    def make(self) -> None:
        """Make the folder, readable by its owner only."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if POSIX and self.path.stat().st_mode & 0o077 and self.path.stat().st_uid == os.geteuid():
                self.path.chmod(0o700)
        except OSError as error:
            raise Misconfigured(
                f"the agent's folder {self.path} cannot be used ({error.strerror}); name another with --home"
            ) from error

    def enrolled(self) -> Enrolled | None:
        """The enrolment, or None before there is one."""
        try:
            return Enrolled(**json.loads((self.path / "agent.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise Misconfigured(f"{self.path / 'agent.json'} cannot be read: {_why(error)}") from error

    def whose(self) -> Enrolled:
        """The enrolment; Misconfigured, with what to do, before there is one."""
        found = self.enrolled()
        if found is None:
            raise Misconfigured(f"no enrolment in {self.path}; run: epicentre-agent enrol --url URL --token-file FILE")
        return found

    def seed(self, name: str = "key") -> bytes:
        """The private key; refused when others can read its file."""
        path = self.path / name
        try:
            if POSIX and path.stat().st_mode & 0o077:
                raise Misconfigured(f"{path} can be read by others; chmod 600 it, or enrol again with a new key")
            raw = base64.b64decode(path.read_text(encoding="ascii"), validate=True)
        except (OSError, ValueError) as error:
            raise Misconfigured(f"the key {path} cannot be read: {_why(error)}") from error
        if len(raw) != 32:
            raise Misconfigured(f"{path} does not hold an Ed25519 key")
        return raw

    def keep(self, enrolled: Enrolled, seed: bytes) -> None:
        """Write key, then enrolment, each whole or not at all."""
        self._write(enrolled.key_file, base64.b64encode(seed).decode("ascii"))
        self._write("agent.json", json.dumps(asdict(enrolled), indent=1) + "\n")

    def prove_room(self) -> None:
        """Refuse now what could not be kept later: a token is good for one enrolment only."""
        try:
            self._write("room", "x" * ROOM)
            (self.path / "room").unlink()
        finally:
            (self.path / ".room.new").unlink(missing_ok=True)

    def next_key(self, enrolled: Enrolled) -> tuple[str, bytes]:
        """The file and seed of the key that follows: one that was made and not taken yet is offered again."""
        number = int(enrolled.key_file.partition(".")[2] or 1) + 1
        name = f"key.{number}"
        if not (self.path / name).exists():
            self._write(name, base64.b64encode(os.urandom(32)).decode("ascii"))
        return name, self.seed(name)

    def switch(self, enrolled: Enrolled, former: str) -> None:
        """From now on the enrolment with its new key counts; the former key is deleted."""
        self._write("agent.json", json.dumps(asdict(enrolled), indent=1) + "\n")
        (self.path / former).unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        temporary = self.path / f".{name}.new"
        try:
            temporary.unlink(missing_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path / name)
        except OSError as error:
            raise Misconfigured(f"the agent's folder {self.path} cannot be written: {_why(error)}") from error
        if not POSIX:
            return  # no folder can be opened there
        folder = os.open(self.path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only one agent works in this folder; the kernel drops the lock with the process, however it ends."""
        self.make()
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise Misconfigured(f"the agent's folder {self.path} cannot be used: {error.strerror}") from error
        try:
            try:
                _take(handle)
            except (BlockingIOError, PermissionError) as error:
                raise Misconfigured(f"another agent is at work in {self.path}") from error
            yield
        finally:
            os.close(handle)


def _why(error: Exception) -> str:
    """In words, without the path that the sentence names already."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _take(handle: int) -> None:
    """Lock an open file, or raise at once."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # of Windows alone
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
