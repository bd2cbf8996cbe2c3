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
_JSON = json.JSONEncoder(ensure_ascii=False)


class Lines:
    """A set of line numbers, a bit for each line: millions of them take no room beside what they are about."""

    def __init__(self) -> None:
        self._bits, self._count = bytearray(), 0

    def add(self, line: int) -> None:
        """One more, if it is not there."""
        at, bit = line >> 3, 1 << (line & 7)
        if at >= len(self._bits):
            self._bits.extend(bytes(at + 1 - len(self._bits)))
        if not self._bits[at] & bit:
            self._bits[at] |= bit
            self._count += 1

    def clear(self) -> None:
        """None any more."""
        self._bits.clear()
        self._count = 0

    def __contains__(self, line: object) -> bool:
        if not isinstance(line, int) or line >> 3 >= len(self._bits):
            return False
        return bool(self._bits[line >> 3] & 1 << (line & 7))

    def __len__(self) -> int:
        return self._count


class OutcomeFile:
    """JSON Lines: first what the file is about, then an outcome a line, at the end that it is whole.

    Begun again with the same file (by its SHA-256) and source, an unfinished one is gone on with; a finished one, or
    one about something else, is written anew.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self._path, self._about = path, {"epicentre_outcomes": VERSION, **about}
        self.counts: Counter[str] = Counter()
        self.done = Lines()
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
        self._file.write("".join(f"{_JSON.encode(one)}\n" for one in outcomes).encode())
        for one in outcomes:
            self._note(one)
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def finish(self) -> None:
        """Every line has its outcome."""
        self._write({"epicentre_done": dict(sorted(self.counts.items()))})
        self._file.flush()

    def _write(self, value: Outcome) -> None:
        self._file.write(_JSON.encode(value).encode() + b"\n")

    def _note(self, one: Outcome) -> None:
        self.counts[one["outcome"]] += 1
        if one["line"] is not None:  # what `--replace` takes back has no line
            self.done.add(one["line"])

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
                    self._note(value)
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
