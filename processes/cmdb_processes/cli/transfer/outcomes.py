"""The outcome file beside a file of rows: what became of each line, and where an interrupted import goes on."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cmdb.errors import Misconfigured

Outcome = Mapping[str, Any]
VERSION = 1


class OutcomeFile:
    """JSON Lines: first what the file is about, then an outcome a line, at the end that it is whole.

    Begun again with the same file (by its SHA-256) and source, an unfinished one is gone on with; a finished one, or
    one about something else, is written anew.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self._path, self._about = path, {"epicentre_outcomes": VERSION, **about}
        self.counts: Counter[str] = Counter()
        self.done: set[int] = set()
        self._file: Any = None

    def __enter__(self) -> OutcomeFile:
        """Open it, and find out what is done."""
        try:
            kept = self._kept()
            self._file = self._path.open("r+b" if kept else "wb")
            if kept:
                self._file.truncate(kept)
                self._file.seek(kept)
            else:
                self.counts.clear()
                self.done.clear()
                self._write(self._about)
        except OSError as error:
            raise Misconfigured(f"the outcome file {self._path} cannot be written ({error.strerror})") from error
        return self

    def __exit__(self, *_: object) -> None:
        """Close it; what was added is on disk."""
        self._file.close()

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Some lines' outcomes, on disk before the next are sent."""
        for one in outcomes:
            self._write(one)
            self.counts[one["outcome"]] += 1
            self.done.add(one["line"])
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def finish(self) -> None:
        """Every line has its outcome."""
        self._write({"epicentre_done": dict(sorted(self.counts.items()))})
        self._file.flush()

    def _write(self, value: Outcome) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")

    def _kept(self) -> int:
        """How many bytes of a file that is there count: all whole lines, if it is about this and not finished."""
        if not self._path.exists():
            return 0
        good = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(file):
                value = _whole(line)
                if value is None:
                    return good
                if (number == 0 and value != self._about) or "epicentre_done" in value:
                    return 0
                if number:
                    self.counts[value["outcome"]] += 1
                    self.done.add(value["line"])
                good += len(line)
        return good


def _whole(line: bytes) -> dict[str, Any] | None:
    """A line that was written to its end."""
    if not line.endswith(b"\n"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
