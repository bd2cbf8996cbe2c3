"""The hand readers read with: bounded reads below one root; what fails is said, and nothing raises out of a machine."""

# ruff: noqa: PTH115, PTH208  # some 600 links and folders are read per snapshot; Path objects would double its cost

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

from cmdb_agents.transports.readings import Trouble

MAX_SMALL = 64 * 2**10
COMMAND_SECONDS = 10
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Hand:
    """Reads below `root` (a test or a container may mount /proc and /sys elsewhere) and collects troubles."""

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")
        self.troubles: list[Trouble] = []

    def trouble(self, area: str, what: str, why: str, root_helps: bool = False, hides: bool = True) -> None:
        """Something of an area could not be read; `hides`: things may be missing from its section for that."""
        self.troubles.append(Trouble(area, what, why, root_helps and os.geteuid() != 0, hides))

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

    def fragments(self, path: str, limit: int, size: int = 2**17) -> Iterator[str]:
        """A file piece by piece, each ending at an empty line: a large one is never whole in memory."""
        handle = os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            rest, left = b"", limit
            while left > 0 and (part := os.read(handle, min(size, left))):
                left -= len(part)
                done, cut, rest = (rest + part).rpartition(b"\n\n")
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

    def stamp(self, path: str) -> tuple[int, int, int] | None:
        """What changes when a file or folder does; None when it is not there."""
        with suppress(OSError, ValueError):
            found = os.stat(self.root + path)  # noqa: PTH116  # see above
            return found.st_mtime_ns, found.st_size, found.st_ino
        return None

    def run(self, command: Sequence[str], area: str, what: str, limit: int = 16 * 2**20) -> str | None:
        """What a command of the machine itself prints; None when it is missing or fails, which is said."""
        import subprocess

        environment = {"PATH": PATH, "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=COMMAND_SECONDS, check=True, stdin=subprocess.DEVNULL,
                env=environment,
            )  # fmt: skip
        except FileNotFoundError:
            self.trouble(area, what, f"missing command {command[0]}")
        except PermissionError:
            self.trouble(area, what, "permission denied", root_helps=True)
        except subprocess.TimeoutExpired:
            self.trouble(area, what, f"{command[0]} timed out after {COMMAND_SECONDS} s")
        except subprocess.CalledProcessError as error:
            self.trouble(area, what, f"{command[0]} ended with {error.returncode}")
        else:
            return done.stdout[:limit].decode("utf-8", "replace")
        return None
